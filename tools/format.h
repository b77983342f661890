/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers and NVMe terms as people read them. */
#ifndef NVS_FORMAT_H
#define NVS_FORMAT_H

#include <stdint.h>

/* Room for any text made here. */
struct text {
	char s[48];
};

/* Three digits and a unit: "870ns", "12.3us", "4.56ms", "1.23s".  ASCII, for columns. */
struct text format_ns(double ns);
/* The same with a space and the letter mu, for pictures. */
struct text format_ns_label(double ns);
/* "4 KiB", "1 MiB", "12.5 GiB". */
struct text format_bytes(uint64_t bytes);
/* "1 234 567". */
struct text format_count(uint64_t n);
/* "0000:01:00.0" of domain << 16 | bus << 8 | devfn. */
struct text format_pci(uint32_t addr);
/* "nvme0" or "module" for NVS_NO_CTRL. */
struct text format_ctrl(unsigned int ctrl);

/* "Identify", or "admin 0xc1". */
struct text admin_opcode_name(unsigned int opcode);
/* "Read", or NULL for one without a name here. */
const char *io_opcode_name(unsigned int opcode);
/* "CC", "CSTS", "doorbell", or "0x1234". */
struct text register_name(unsigned int offset);

#endif
