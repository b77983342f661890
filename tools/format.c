// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include "format.h"
#include "nvs_events.h"

static struct text format_time(double ns, const char *space, const char *micro)
{
	const char *unit[] = { "ns", micro, "ms", "s" };
	struct text t;
	unsigned int u = 0;
	int digits = 0;

	/* 999.5 would round up to a fourth digit. */
	while (ns >= 999.5 && u < 3) {
		ns /= 1000;
		u++;
	}
	if (u > 0 && ns < 99.95)
		digits = ns < 9.995 ? 2 : 1;
	snprintf(t.s, sizeof(t.s), "%.*f%s%s", digits, ns, space, unit[u]);
	return t;
}

struct text format_ns(double ns)
{
	return format_time(ns, "", "us");
}

struct text format_ns_label(double ns)
{
	return format_time(ns, " ", "µs");
}

struct text format_bytes(uint64_t bytes)
{
	static const char *const unit[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double v = (double)bytes;
	unsigned int u = 0;
	struct text t;

	while (v >= 1024 && u < 6) {
		v /= 1024;
		u++;
	}
	snprintf(t.s, sizeof(t.s), v == (double)(uint64_t)v ? "%.0f %s" : "%.1f %s", v, unit[u]);
	return t;
}

struct text format_count(uint64_t n)
{
	struct text plain, t;
	int len = snprintf(plain.s, sizeof(plain.s), "%llu", (unsigned long long)n);
	char *out = t.s;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*out++ = ' ';
		*out++ = plain.s[i];
	}
	*out = 0;
	return t;
}

struct text format_pci(uint32_t addr)
{
	struct text t;

	snprintf(t.s, sizeof(t.s), "%04x:%02x:%02x.%x", addr >> 16, addr >> 8 & 0xff,
		 addr >> 3 & 0x1f, addr & 7);
	return t;
}

struct text format_ctrl(unsigned int ctrl)
{
	struct text t;

	if (ctrl == NVS_NO_CTRL)
		snprintf(t.s, sizeof(t.s), "module");
	else
		snprintf(t.s, sizeof(t.s), "nvme%u", ctrl);
	return t;
}

/* NVMe Base Specification, "Opcodes for Admin Commands". */
struct text admin_opcode_name(unsigned int opcode)
{
	static const char *const names[256] = {
		[0x00] = "Delete I/O SQ",
		[0x01] = "Create I/O SQ",
		[0x02] = "Get Log Page",
		[0x04] = "Delete I/O CQ",
		[0x05] = "Create I/O CQ",
		[0x06] = "Identify",
		[0x08] = "Abort",
		[0x09] = "Set Features",
		[0x0a] = "Get Features",
		[0x0c] = "Async Event",
		[0x0d] = "Namespace Mgmt",
		[0x10] = "Firmware Commit",
		[0x11] = "Firmware Download",
		[0x14] = "Self-test",
		[0x15] = "Namespace Attach",
		[0x18] = "Keep Alive",
		[0x19] = "Directive Send",
		[0x1a] = "Directive Receive",
		[0x1c] = "Virtualization",
		[0x1d] = "NVMe-MI Send",
		[0x1e] = "NVMe-MI Receive",
		[0x7c] = "Doorbell Buffer",
		[0x80] = "Format NVM",
		[0x81] = "Security Send",
		[0x82] = "Security Receive",
		[0x84] = "Sanitize",
	};
	struct text t;

	if (opcode < 256 && names[opcode])
		snprintf(t.s, sizeof(t.s), "%s", names[opcode]);
	else
		snprintf(t.s, sizeof(t.s), "admin 0x%02x", opcode);
	return t;
}

/* NVM Command Set and Zoned Namespace Command Set Specifications, "Opcodes". */
const char *io_opcode_name(unsigned int opcode)
{
	switch (opcode) {
	case 0x00: return "Flush";
	case 0x01: return "Write";
	case 0x02: return "Read";
	case 0x04: return "Write Uncorrectable";
	case 0x05: return "Compare";
	case 0x08: return "Write Zeroes";
	case 0x09: return "Dataset Management";
	case 0x0c: return "Verify";
	case 0x0d: return "Reservation Register";
	case 0x0e: return "Reservation Report";
	case 0x11: return "Reservation Acquire";
	case 0x15: return "Reservation Release";
	case 0x18: return "Cancel";
	case 0x19: return "Copy";
	case 0x79: return "Zone Management Send";
	case 0x7a: return "Zone Management Receive";
	case 0x7d: return "Zone Append";
	default: return NULL;
	}
}

/* NVMe over PCIe Transport Specification, "Controller Properties". */
struct text register_name(unsigned int offset)
{
	static const struct {
		unsigned int offset;
		const char *name;
	} names[] = {
		{ 0x00, "CAP" },    { 0x04, "CAP" },	{ 0x08, "VS" },	   { 0x0c, "INTMS" },
		{ 0x10, "INTMC" },  { 0x14, "CC" },	{ 0x1c, "CSTS" },  { 0x20, "NSSR" },
		{ 0x24, "AQA" },    { 0x28, "ASQ" },	{ 0x2c, "ASQ" },   { 0x30, "ACQ" },
		{ 0x34, "ACQ" },    { 0x38, "CMBLOC" }, { 0x3c, "CMBSZ" }, { 0x50, "CMBMSC" },
		{ 0x54, "CMBMSC" }, { 0x58, "CMBSTS" }, { 0x68, "CRTO" },
	};
	struct text t;

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].offset == offset) {
			snprintf(t.s, sizeof(t.s), "%s", names[i].name);
			return t;
		}
	}
	snprintf(t.s, sizeof(t.s), offset >= 0x1000 ? "doorbell" : "0x%x", offset);
	return t;
}
