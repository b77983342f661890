// SPDX-License-Identifier: GPL-2.0
#include <stdint.h>
#include <stddef.h>
#include "printable.h"

/* Bytes of the UTF-8 letter at @s, which is none of ASCII; 0: it is none, or a C1 control. */
static unsigned int letter_bytes(const unsigned char *s)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned int n = *s >= 0xf0 ? 4 : *s >= 0xe0 ? 3 : *s >= 0xc0 ? 2 : 0;
	uint32_t code = n ? *s & (0x7fu >> n) : 0;

	if (!n || *s >= 0xf8)
		return 0;
	for (unsigned int i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	return code >= 0xa0 ? n : 0;
}

char *make_printable(char *text)
{
	unsigned char *s = (unsigned char *)text;

	while (*s) {
		unsigned int n = *s < 0x80 ? 1 : letter_bytes(s);

		if (!n || (*s < ' ' && *s != '\n' && *s != '\t') || *s == 0x7f) {
			*s = '?';
			n = 1;
		}
		s += n;
	}
	return text;
}
