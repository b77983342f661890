// SPDX-License-Identifier: GPL-2.0
/*
 * Which PCI functions are ours, which of them have quirks (core.h says what each
 * means), and the parameter that adds to or takes from this table:
 *
 *	quirks=1b36:0010:^bogus_nid-8086:f1a5:medium_prio_sq,delay_before_chk_rdy
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "pci.h"

#define QUIRKY(vid, did, flags)		{ PCI_DEVICE(vid, did), .driver_data = (flags) }

const struct pci_device_id nvme_id_table[] = {
	/* Intel DC P3500 to P3700, 750; P3520; P4500 and P4600; Dell's P4600 */
	QUIRKY(0x8086, 0x0953, NVME_QUIRK_STRIPE_SIZE),
	QUIRKY(0x8086, 0x0a53, NVME_QUIRK_STRIPE_SIZE),
	QUIRKY(0x8086, 0x0a54, NVME_QUIRK_STRIPE_SIZE | NVME_QUIRK_IGNORE_DEV_SUBNQN |
	       NVME_QUIRK_BOGUS_NID),
	QUIRKY(0x8086, 0x0a55, NVME_QUIRK_STRIPE_SIZE),
	/* Intel 600p and P3100; 760p */
	QUIRKY(0x8086, 0xf1a5, NVME_QUIRK_NO_DEEPEST_PS | NVME_QUIRK_MEDIUM_PRIO_SQ |
	       NVME_QUIRK_NO_TEMP_THRESH_CHANGE | NVME_QUIRK_DISABLE_WRITE_ZEROES),
	QUIRKY(0x8086, 0xf1a6, NVME_QUIRK_IGNORE_DEV_SUBNQN),
	/* QEMU's device, under the identifier it had once and the one it has now */
	QUIRKY(0x8086, 0x5845, NVME_QUIRK_IDENTIFY_CNS | NVME_QUIRK_DISABLE_WRITE_ZEROES |
	       NVME_QUIRK_BOGUS_NID),
	QUIRKY(0x1b36, 0x0010, NVME_QUIRK_BOGUS_NID),
	/* O2 Micro, in the Steam Deck */
	QUIRKY(0x1217, 0x8760, NVME_QUIRK_DMAPOOL_ALIGN_512),
	/* Silicon Motion, with whatever firmware its customers put on it */
	QUIRKY(0x126f, 0x1001, NVME_QUIRK_NO_DEEPEST_PS | NVME_QUIRK_IGNORE_DEV_SUBNQN),
	QUIRKY(0x126f, 0x2262, NVME_QUIRK_NO_DEEPEST_PS | NVME_QUIRK_BOGUS_NID),
	QUIRKY(0x126f, 0x2263, NVME_QUIRK_NO_NS_DESC_LIST | NVME_QUIRK_BOGUS_NID),
	/* Seagate Nytro; HGST and Western Digital SN100, SN200; Memblaze Pblaze4 */
	QUIRKY(0x1bb1, 0x0100, NVME_QUIRK_DELAY_BEFORE_CHK_RDY | NVME_QUIRK_NO_NS_DESC_LIST),
	QUIRKY(0x1c58, 0x0003, NVME_QUIRK_DELAY_BEFORE_CHK_RDY),
	QUIRKY(0x1c58, 0x0023, NVME_QUIRK_DELAY_BEFORE_CHK_RDY),
	QUIRKY(0x1c5f, 0x0540, NVME_QUIRK_DELAY_BEFORE_CHK_RDY),
	/* Samsung PM1725, PM1725a, MZALQ, PM9B1, SM953 */
	QUIRKY(0x144d, 0xa821, NVME_QUIRK_DELAY_BEFORE_CHK_RDY),
	QUIRKY(0x144d, 0xa822, NVME_QUIRK_DELAY_BEFORE_CHK_RDY | NVME_QUIRK_DISABLE_WRITE_ZEROES |
	       NVME_QUIRK_IGNORE_DEV_SUBNQN),
	QUIRKY(0x144d, 0xa809, NVME_QUIRK_DISABLE_WRITE_ZEROES),
	QUIRKY(0x144d, 0xa80b, NVME_QUIRK_DISABLE_WRITE_ZEROES | NVME_QUIRK_BOGUS_NID),
	QUIRKY(0x144d, 0xa802, NVME_QUIRK_BOGUS_NID),
	/* Phison E12, E16, E19, E21 */
	QUIRKY(0x1987, 0x5012, NVME_QUIRK_BOGUS_NID),
	QUIRKY(0x1987, 0x5016, NVME_QUIRK_IGNORE_DEV_SUBNQN | NVME_QUIRK_BOGUS_NID),
	QUIRKY(0x1987, 0x5019, NVME_QUIRK_DISABLE_WRITE_ZEROES),
	QUIRKY(0x1987, 0x5021, NVME_QUIRK_BOGUS_NID),
	/* Lexar 256 GB, NM760; ADATA SX8200, IM2P33F8, SX6000LNP, SX6000PNP */
	QUIRKY(0x1b4b, 0x1092, NVME_QUIRK_NO_NS_DESC_LIST | NVME_QUIRK_IGNORE_DEV_SUBNQN),
	QUIRKY(0x1d97, 0x2269, NVME_QUIRK_BOGUS_NID | NVME_QUIRK_IGNORE_DEV_SUBNQN),
	QUIRKY(0x1cc1, 0x8201, NVME_QUIRK_NO_DEEPEST_PS | NVME_QUIRK_IGNORE_DEV_SUBNQN),
	QUIRKY(0x1cc1, 0x33f8, NVME_QUIRK_IGNORE_DEV_SUBNQN),
	QUIRKY(0x10ec, 0x5762, NVME_QUIRK_IGNORE_DEV_SUBNQN | NVME_QUIRK_BOGUS_NID),
	QUIRKY(0x10ec, 0x5763, NVME_QUIRK_BOGUS_NID),
	/* Kingston SKC2000, A2000, OM3PGP4; Sandisk Skyhawk */
	QUIRKY(0x2646, 0x2262, NVME_QUIRK_NO_DEEPEST_PS),
	QUIRKY(0x2646, 0x2263, NVME_QUIRK_NO_DEEPEST_PS),
	QUIRKY(0x2646, 0x501e, NVME_QUIRK_DISABLE_WRITE_ZEROES),
	QUIRKY(0x15b7, 0x2001, NVME_QUIRK_DISABLE_WRITE_ZEROES),
	/* Maxio MAP1001, 1002, 1202; Netac NV7000; Crucial P2 */
	QUIRKY(0x1e4b, 0x1001, NVME_QUIRK_BOGUS_NID),
	QUIRKY(0x1e4b, 0x1002, NVME_QUIRK_BOGUS_NID),
	QUIRKY(0x1e4b, 0x1202, NVME_QUIRK_BOGUS_NID),
	QUIRKY(0x1f40, 0x5236, NVME_QUIRK_BOGUS_NID),
	QUIRKY(0xc0a9, 0x540a, NVME_QUIRK_BOGUS_NID),
	/* Amazon's, in its clouds: 48 of 64 address bits */
	QUIRKY(0x1d0f, 0x0061, NVME_QUIRK_DMA_ADDRESS_BITS_48),
	QUIRKY(0x1d0f, 0x0065, NVME_QUIRK_DMA_ADDRESS_BITS_48),
	QUIRKY(0x1d0f, 0x8061, NVME_QUIRK_DMA_ADDRESS_BITS_48),
	QUIRKY(0x1d0f, 0xcd00, NVME_QUIRK_DMA_ADDRESS_BITS_48),
	QUIRKY(0x1d0f, 0xcd01, NVME_QUIRK_DMA_ADDRESS_BITS_48),
	QUIRKY(0x1d0f, 0xcd02, NVME_QUIRK_DMA_ADDRESS_BITS_48),
	/* Apple's, of which the T2's has entries of 128 bytes and one tag space */
	QUIRKY(0x106b, 0x2001, NVME_QUIRK_SINGLE_VECTOR),
	QUIRKY(0x106b, 0x2005, NVME_QUIRK_SINGLE_VECTOR | NVME_QUIRK_128_BYTES_SQES |
	       NVME_QUIRK_SHARED_TAGS),
	{ PCI_DEVICE_CLASS(PCI_CLASS_STORAGE_EXPRESS, 0xffffff) },
	{ 0, }
};
MODULE_DEVICE_TABLE(pci, nvme_id_table);

/* The parameter, parsed: for one identifier, what to add and what to take. */
struct entry {
	u16 vid, did;
	unsigned long on, off;
};

#define MAX_ENTRIES	16
static struct entry entries[MAX_ENTRIES];
static unsigned int nr_entries;

/* "vid:did:name,^name" into @e; spoils @text. */
static int parse_entry(char *text, struct entry *e)
{
	char *vid = strsep(&text, ":"), *did = strsep(&text, ":"), *name;
	unsigned long mask;

	if (!did || !text || kstrtou16(vid, 16, &e->vid) || kstrtou16(did, 16, &e->did))
		return -EINVAL;
	e->on = 0;
	e->off = 0;
	while ((name = strsep(&text, ","))) {
		mask = nvme_quirk_mask(name[0] == '^' ? name + 1 : name);
		if (!mask) {
			pr_err("nvmescope: quirks: there is no quirk \"%s\"\n", name);
			return -EINVAL;
		}
		if (name[0] == '^')
			e->off |= mask;
		else
			e->on |= mask;
	}
	return 0;
}

static int set_quirks(const char *value, const struct kernel_param *kp)
{
	struct entry parsed[MAX_ENTRIES];
	char *copy, *rest, *text;
	unsigned int n = 0;
	int ret = 0;

	copy = kstrdup(value, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	rest = strim(copy);
	while (!ret && *rest && (text = strsep(&rest, "-"))) {
		ret = n < MAX_ENTRIES ? parse_entry(text, &parsed[n++]) : -E2BIG;
		if (!rest)
			break;
	}
	kfree(copy);
	if (ret)
		return ret;
	memcpy(entries, parsed, sizeof(parsed[0]) * n);
	nr_entries = n;
	return 0;
}

static const struct kernel_param_ops quirks_ops = {
	.set = set_quirks,
};
module_param_cb(quirks, &quirks_ops, NULL, 0200);
MODULE_PARM_DESC(quirks, "vid:did:name,^name-...: quirks that a device has, or (^) has not");

/**
 * nvme_set_id_quirks() - quirks of a function: the table's, then the parameter's
 * @dev:	the device
 * @pdev:	the function
 * @id:		its row in nvme_id_table, or one written to new_id
 */
void nvme_set_id_quirks(struct nvme_dev *dev, struct pci_dev *pdev,
			const struct pci_device_id *id)
{
	unsigned int i;

	dev->ctrl.quirks = id->driver_data;
	for (i = 0; i < nr_entries; i++) {
		if (entries[i].vid != pdev->vendor || entries[i].did != pdev->device)
			continue;
		dev->ctrl.quirks |= entries[i].on;
		dev->ctrl.quirks &= ~entries[i].off;
		dev->ctrl.quirks_off |= entries[i].off;
	}
}
