// SPDX-License-Identifier: GPL-2.0
/* 6.2 and on: the kernel knows of the scope in the effects log, see nvme_passthru_build(). */
#include <linux/nvme.h>

unsigned int probe(void);
unsigned int probe(void)
{
	return NVME_CMD_EFFECTS_SCOPE_MASK;
}
