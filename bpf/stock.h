/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the stock provider knows of the kernel's own structures: only the fields that it
 * reads.  Their places are filled in when the programs are loaded, from the type
 * information (BTF) of the running kernel and of its nvme modules.
 */
#ifndef NVS_STOCK_H
#define NVS_STOCK_H

#include <linux/types.h>
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

/* Their numbers are the kernel's affair: asked for by name when the programs are loaded. */
enum nvme_ctrl_state {
	NVME_CTRL_NEW,
	NVME_CTRL_LIVE,
	NVME_CTRL_RESETTING,
	NVME_CTRL_CONNECTING,
	NVME_CTRL_DELETING,
	NVME_CTRL_DELETING_NOIO,
	NVME_CTRL_DEAD,
};

struct io_comp_batch;
struct nvme_queue;
struct nvme_command;
struct nvme_completion;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct device {
	struct device *parent;
	__u32 devt;
	void *driver_data;
};

struct pci_bus {
	unsigned char number;
};

struct pci_dev {
	struct pci_bus *bus;
	unsigned int devfn;
	unsigned short vendor, device;
	struct device dev;
};

struct block_device {
	struct device bd_device;
};

struct gendisk {
	struct block_device *part0;
};

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct request_queue {
	struct gendisk *disk;
	void *queuedata; /* NULL: the admin queue */
};

struct blk_mq_hw_ctx {
	struct request_queue *queue;
	void *driver_data; /* struct nvme_queue */
	unsigned int queue_num;
	unsigned short type;
};

struct request {
	struct request_queue *q;
	struct blk_mq_hw_ctx *mq_hctx;
	unsigned int cmd_flags;
	int tag;
	unsigned int __data_len;
	unsigned long __sector;
	__u64 start_time_ns;
};

struct blk_mq_queue_data {
	struct request *rq;
	bool last;
};

struct task_struct {
	int pid, tgid;
	struct css_set *cgroups;
	char comm[16];
};

struct irqaction {
	void *dev_id; /* what its handler gets */
	const char *name;
};

struct work_struct {
	long data;
};

struct nvme_ctrl {
	int instance;
	__u32 queue_count; /* admin queue included */
	enum nvme_ctrl_state state;
	struct device *dev;
	struct work_struct scan_work, reset_work;
};

struct nvme_dev {
	struct nvme_queue *queues;
	struct nvme_ctrl ctrl;
};

/* Behind each struct request */
struct nvme_request {
	struct nvme_command *cmd;
	__u8 genctr, flags;
	__u16 status;
	struct nvme_ctrl *ctrl;
};

struct nvme_queue {
	struct nvme_dev *dev;
	void *sq_cmds;
	struct nvme_completion *cqes;
	__u64 sq_dma_addr, cq_dma_addr;
	__u32 q_depth;
	__u16 cq_vector, sq_tail, last_sq_tail, cq_head, qid;
	__u8 cq_phase, sqes;
	__u32 *dbbuf_sq_db;
};

#pragma clang attribute pop

/* These are the NVMe specification's: the same everywhere. */
struct nvme_command {
	__u8 opcode, flags;
	__u16 command_id;
	__u32 nsid, cdw2, cdw3;
	__u64 metadata, dptr1, dptr2;
	__u32 cdw10, cdw11, cdw12, cdw13, cdw14, cdw15;
};

struct nvme_completion {
	__u64 result;
	__u16 sq_head, sq_id, command_id, status;
};

/* The same, as words of 64 bits */
#define SQE_WORDS 8
#define SQE_BYTES 64u

#define HCTX_TYPE_POLL 2

/* Identifier of the Asynchronous Event Request: beyond the tags of the admin queue. */
#define AER_CID 30

/* nvme_request.flags */
#define NVME_REQ_CANCELLED 1

#endif
