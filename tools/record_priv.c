// SPDX-License-Identifier: GPL-2.0
/*
 * What the recorder is allowed: CAP_BPF and CAP_PERFMON to load and attach, and CAP_SYS_ADMIN
 * where programs need the types of the kernel's modules, which it hands out to nobody else.
 * Once attached it keeps only what it may yet need.  COMMAND was begun before that, and has
 * what the caller had.
 */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "record.h"

/* CAP_BPF, for those who build with older headers */
#define NR_CAP_BPF 39

#define BIT(cap) (1ull << (cap))

struct capabilities {
	uint64_t effective, permitted, inheritable;
};

static int get(struct capabilities *c)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return -1;
	c->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	c->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	c->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return 0;
}

static int set(const struct capabilities *c)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++)
		data[i] = (struct __user_cap_data_struct){
			.effective = c->effective >> (32 * i),
			.permitted = c->permitted >> (32 * i),
			.inheritable = c->inheritable >> (32 * i),
		};
	return syscall(SYS_capset, &head, data);
}

bool record_priv_admin(void)
{
	struct capabilities c;

	return get(&c) || (c.effective & BIT(CAP_SYS_ADMIN));
}

void record_priv_drop(struct recorder *r, bool command)
{
	struct capabilities c;
	uint64_t keep = BIT(NR_CAP_BPF);

	r->dropped_privileges = true;
	/* COMMAND may have become another user, and is told to end all the same. */
	if (command)
		keep |= BIT(CAP_KILL);
	if (get(&c))
		goto fail;
	/* Before 5.8 there was no CAP_BPF. */
	if (!(c.permitted & BIT(NR_CAP_BPF)))
		keep |= BIT(CAP_SYS_ADMIN);
	c.permitted &= keep;
	c.effective &= keep;
	c.inheritable = 0;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (!set(&c))
		return;
fail:
	complain("cannot give up privileges: %s; the recorder keeps them", strerror(errno));
}
