// SPDX-License-Identifier: GPL-2.0
/* The page (tools/walkthrough/) and the driver's source (kmod/), put together by embed.mk. */
#include "walkthrough_source.h"

#define EMBED(symbol, file)                           \
	__asm__(".section .rodata\n"                  \
		".global " #symbol "\n" #symbol ":\n" \
		".incbin \"" file "\"\n"              \
		".byte 0\n"                           \
		".previous\n")

EMBED(walk_embedded_source, WALK_EMBED_DIR "/kmod.txt");
EMBED(walk_embedded_page, WALK_EMBED_DIR "/page.html");
