/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Passthrough: commands that user space builds itself.  ioctl.c and uring.c take
 * them in, passthru.c says who may send what and runs them, effects.c knows what
 * they do to the rest of the controller.
 */
#ifndef NVMESCOPE_PASSTHRU_H
#define NVMESCOPE_PASSTHRU_H

#include <linux/nvme_ioctl.h>
#include <linux/slab.h>

#include "core.h"

/* A command's metadata, in one piece of memory that the device can reach. */
struct nvme_passthru_meta {
	void __user *user;
	u32 len;		/* bytes */
	bool to_user;
	u8 bytes[] __aligned(ARCH_KMALLOC_MINALIGN);
};

/* One command with the user memory that it moves. */
struct nvme_passthru {
	struct nvme_command cmd;
	u64 addr;		/* user memory: the data, or an array of iovecs */
	u32 len;		/* bytes, or with vec the number of iovecs */
	bool vec;
	u64 meta;		/* user memory of the separate metadata */
	u32 meta_len;		/* bytes */
	struct nvme_passthru_meta *copy;	/* of it, while the command runs */
	u32 timeout_ms;		/* 0: the queue's own */
	u64 result;		/* DW0 and DW1 of the completion */
};

/* Where a command comes from, which decides what it may be. */
struct nvme_passthru_from {
	struct nvme_ctrl *ctrl;
	struct nvme_ns *ns;	/* NULL: an admin command */
	bool writable;		/* the node was opened for writing */
	bool partition;		/* and is a partition */
};

/* Opcode bits 1:0 are the direction; bit 0: from the host to the controller (3.3.3.1). */
static inline bool nvme_passthru_writes(const struct nvme_command *cmd)
{
	return cmd->common.opcode & 1;
}

/* passthru.c */
int nvme_passthru_build(struct nvme_passthru *p, const struct nvme_passthru_from *from,
			const struct nvme_passthru_cmd64 *user);
bool nvme_passthru_allowed(const struct nvme_passthru_from *from, const struct nvme_command *cmd);
struct request *nvme_passthru_request(const struct nvme_passthru_from *from,
				      const struct nvme_passthru *p, blk_opf_t opf,
				      blk_mq_req_flags_t flags);
int nvme_passthru_map(const struct nvme_passthru *p, struct request *rq);
int nvme_passthru_add_metadata(const struct nvme_passthru_from *from, struct nvme_passthru *p,
			       struct request *rq);
int nvme_passthru_finish_metadata(struct nvme_passthru_meta *copy, int ret);
int nvme_passthru_status(struct request *rq, blk_status_t status);
int nvme_passthru_run(const struct nvme_passthru_from *from, struct nvme_passthru *p);

/* effects.c */
#define NVME_EFFECTS_SCOPE	GENMASK(31, 20)	/* what a command may reach: no effect of its own */
#define NVME_EFFECTS_CSE_ALL	(2u << 16)	/* CSE: alone on the whole controller */
/* Before or after such a command the driver waits for others. */
#define NVME_EFFECTS_MUST_WAIT	(NVME_CMD_EFFECTS_CSE_MASK | NVME_CMD_EFFECTS_NCC | \
				 NVME_CMD_EFFECTS_NIC)
u32 nvme_io_effects(struct nvme_ns *ns, u8 opcode);
u32 nvme_passthru_effects(const struct nvme_passthru_from *from, const struct nvme_command *cmd);
void nvme_passthru_begin(struct nvme_ctrl *ctrl, u32 effects);
void nvme_passthru_end(struct nvme_ctrl *ctrl, u32 effects, int ret);

/* uring.c */
int nvme_ctrl_uring_cmd(struct io_uring_cmd *ioucmd, unsigned int issue_flags);
int nvme_ns_uring_cmd(struct io_uring_cmd *ioucmd, unsigned int issue_flags);
int nvme_ns_uring_iopoll(struct io_uring_cmd *ioucmd, struct io_comp_batch *iob,
			 unsigned int flags);

#endif /* NVMESCOPE_PASSTHRU_H */
