// SPDX-License-Identifier: GPL-2.0
/* Errors: kept as one sentence, printed in one place. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "cmd.h"
#include "printable.h"

int nvs_fail(struct nvs_error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -1;
}

void say_error(const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		return;
	fputs(make_printable(text), stderr);
	free(text);
}

void complain(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout); /* keep the order in which things were said */
	fputs("nvmescope: ", stderr);
	va_start(ap, fmt);
	say_error(fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}
