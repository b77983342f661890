// SPDX-License-Identifier: GPL-2.0
/*
 * Quirks: where a device departs from the specification, and the driver must
 * know.  Which devices do: by PCI identifier in pci_ids.c, and here by what
 * Identify Controller says, for devices that share an identifier with sound ones.
 */
#include <linux/module.h>
#include <linux/string.h>

#include "core.h"

static const char * const names[] = {
#define NVME_QUIRK_NAME(bit, upper, lower)	[bit] = #lower,
	NVME_QUIRKS(NVME_QUIRK_NAME)
#undef NVME_QUIRK_NAME
};

/**
 * nvme_quirk_name() - a quirk's name, as in the parameter "quirks"
 * @bit: its number
 *
 * Return: NULL above the last one.
 */
const char *nvme_quirk_name(unsigned int bit)
{
	return bit < ARRAY_SIZE(names) ? names[bit] : NULL;
}
EXPORT_SYMBOL_GPL(nvme_quirk_name);

/* The quirk of this name as a mask, 0 if there is none. */
unsigned long nvme_quirk_mask(const char *name)
{
	int bit = match_string(names, ARRAY_SIZE(names), name);

	return bit < 0 ? 0 : 1ul << bit;
}
EXPORT_SYMBOL_GPL(nvme_quirk_mask);

static const struct model {
	u16 vid;
	const char *model;		/* NULL: any */
	const char *firmware;		/* NULL: any */
	unsigned long quirks;
} models[] = {
	/* Samsung 970 EVO Plus, first firmware: every unit has the same SUBNQN. */
	{ 0x144d, NULL, "2B2QEXM7", NVME_QUIRK_NO_DEEPEST_PS | NVME_QUIRK_IGNORE_DEV_SUBNQN },
	/* Samsung X5, on Thunderbolt: loses its bridge in deep states and with ASPM. */
	{ 0x144d, "Samsung Portable SSD X5", NULL,
	  NVME_QUIRK_DELAY_BEFORE_CHK_RDY | NVME_QUIRK_NO_DEEPEST_PS |
	  NVME_QUIRK_IGNORE_DEV_SUBNQN },
	/* Do not wake from their power states. */
	{ 0x1179, "THNSF5256GPUK TOSHIBA", NULL, NVME_QUIRK_NO_APST },
	{ 0x1e0f, "KCD6XVUL6T40", NULL, NVME_QUIRK_NO_APST },
	/* Forgets its data unless shut down before sleep. */
	{ 0x14a4, NULL, "22301111", NVME_QUIRK_SIMPLE_SUSPEND },
};

/* Identify's strings are padded with blanks. */
static bool same(const char *wanted, const char *field, size_t len)
{
	size_t used = wanted ? strlen(wanted) : 0;

	if (!wanted)
		return true;
	if (used > len || memcmp(field, wanted, used))
		return false;
	for (; used < len; used++)
		if (field[used] != ' ' && field[used])
			return false;
	return true;
}

/* Adds what is known of this model to the controller's quirks. */
void nvme_add_model_quirks(struct nvme_ctrl *ctrl, const struct nvme_id_ctrl *id)
{
	const struct model *m;

	for (m = models; m < models + ARRAY_SIZE(models); m++)
		if (m->vid == le16_to_cpu(id->vid) && same(m->model, id->mn, sizeof(id->mn)) &&
		    same(m->firmware, id->fr, sizeof(id->fr)))
			ctrl->quirks |= m->quirks & ~ctrl->quirks_off;
}
