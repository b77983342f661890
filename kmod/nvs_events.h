/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The event contract: every event nvmescope knows, in one table.
 *
 * This header is compiled into the modules (which make a TRACE_EVENT of each
 * row), into the BPF programs (which make a recorder of each row) and into the
 * tools (which make CTF metadata, readers and printers of each row).  To add an
 * event, add a row here, call nvme_tell_<name>() in the driver and show it in a
 * tool; nothing else lists events.
 *
 * The layout in memory is the layout in the recording.  So: fixed-width types
 * only, padding is written out, and the assertions at the end fail the build of
 * whoever disagrees.
 */
#ifndef NVS_EVENTS_H
#define NVS_EVENTS_H

/* BPF programs have these types from vmlinux.h, everybody else from here. */
#ifndef __bpf__
#include <linux/types.h>
#endif
#include "nvs_symbols.h"

/* Changes whenever a recording of the old layout can no longer be read. */
#define NVS_EVENTS_VERSION	3

/* hdr.ctrl of what happens before a controller has its number. */
#define NVS_NO_CTRL		0xffff

/*
 * Every event begins with this.  The driver gives ctrl, qid and cid; the
 * recorder stamps ts and id.
 */
struct nvs_hdr {
	__u64 ts;	/* CLOCK_MONOTONIC, ns */
	__u16 id;	/* enum nvs_event_id */
	__u16 ctrl;	/* controller instance: the 0 of nvme0 */
	__u16 qid;	/* queue identifier; 0 is the admin queue */
	__u16 cid;	/* command identifier, 0 where no command is meant */
};

/*
 * Fields: F(type, name, base) in memory order, P(type, name) for padding.
 * base is DEC, HEX, or the symbol set that names the values.
 */

/* Initialisation */
#define NVS_FIELDS_phase_begin(F, P)			\
	F(__u16, phase, PHASE)				\
	F(__u16, parent, PHASE)	/* caller, or whoever queued this work */ \
	F(__u32, tid, DEC)
#define NVS_FIELDS_phase_end(F, P)			\
	F(__u16, phase, PHASE)				\
	F(__u16, parent, PHASE)				\
	F(__u32, tid, DEC)				\
	F(__s32, result, DEC)	/* 0 or a negative errno */ \
	P(__u32, pad)
#define NVS_FIELDS_ctrl_new(F, P)			\
	F(__u32, tid, DEC)	/* probing thread: ties earlier phases to ctrl */ \
	F(__u32, pci_addr, HEX)	/* domain << 16 | bus << 8 | devfn */ \
	F(__u16, vendor, HEX)				\
	F(__u16, device, HEX)				\
	P(__u32, pad)
#define NVS_FIELDS_reg_read(F, P)			\
	F(__u64, value, HEX)				\
	F(__u32, offset, HEX)	/* bytes from the start of BAR0 */ \
	F(__u32, width, DEC)	/* bytes */		\
	F(__u32, tid, DEC)				\
	P(__u32, pad)
#define NVS_FIELDS_reg_write(F, P)			\
	F(__u64, value, HEX)				\
	F(__u32, offset, HEX)				\
	F(__u32, width, DEC)				\
	F(__u32, tid, DEC)				\
	P(__u32, pad)
#define NVS_FIELDS_ctrl_state(F, P)			\
	F(__u16, old_state, STATE)			\
	F(__u16, new_state, STATE)			\
	F(__u32, changed, DEC)	/* 0: the transition is not legal, refused */
#define NVS_FIELDS_queue_create(F, P)			\
	F(__u64, addr, HEX)	/* bus address of the ring */ \
	F(__u16, ring, RING)				\
	F(__u16, depth, DEC)	/* entries */		\
	F(__u16, vector, DEC)	/* of a CQ; 0 for an SQ */ \
	F(__u16, status, HEX)	/* NVMe status of the create command */
#define NVS_FIELDS_queue_delete(F, P)			\
	F(__u16, ring, RING)				\
	F(__u16, status, HEX)				\
	P(__u32, pad)
#define NVS_FIELDS_irq_setup(F, P)			\
	F(__u32, irq, DEC)	/* Linux interrupt number */ \
	F(__u16, vector, DEC)	/* MSI-X table entry */	\
	F(__u16, first_cpu, DEC)			\
	F(__u16, nr_cpus, DEC)				\
	P(__u16, pad0)					\
	P(__u32, pad1)
#define NVS_FIELDS_ns_found(F, P)			\
	F(__u64, blocks, DEC)	/* NSZE, logical blocks */ \
	F(__u32, nsid, DEC)				\
	F(__u32, lba_size, DEC)	/* bytes */		\
	F(__u32, disk, DEC)	/* the 1 of nvme0n1 */	\
	F(__s32, result, DEC)

/* Of Identify Controller, each time the controller comes up */
#define NVS_FIELDS_ctrl_limits(F, P)			\
	F(__u64, max_bytes, DEC)	/* MDTS in bytes, 0: no limit */ \
	F(__u16, mdts, DEC)	/* as it stands there */ \
	F(__u16, acl, DEC)				\
	F(__u16, aerl, DEC)				\
	P(__u16, pad)

/* One I/O, in the order its steps happen */
#define NVS_FIELDS_rq_start(F, P)			\
	F(__u64, queued, DEC)	/* ns: blk-mq made it; 0: blk-mq keeps no time */ \
	F(__u64, sector, DEC)	/* 512 B units */	\
	F(__u32, bytes, DEC)				\
	F(__u32, nsid, DEC)				\
	F(__u32, pid, DEC)	/* task that submits, not always the issuer */ \
	F(__u16, op, RQOP)				\
	F(__u16, tag, DEC)
#define NVS_FIELDS_cmd_setup(F, P)			\
	F(__u32, nsid, DEC)				\
	F(__u32, cdw10, HEX)				\
	F(__u32, cdw11, HEX)				\
	F(__u32, cdw12, HEX)				\
	F(__u32, cdw13, HEX)				\
	F(__u32, cdw14, HEX)				\
	F(__u32, cdw15, HEX)				\
	F(__u16, opcode, HEX)				\
	F(__u16, flags, HEX)	/* FUSE and PSDT */
#define NVS_FIELDS_cmd_map(F, P)			\
	F(__u64, dptr1, HEX)	/* PRP entry 1 */	\
	F(__u64, dptr2, HEX)	/* PRP entry 2, or the list's address */ \
	F(__u32, bytes, DEC)				\
	F(__u16, how, MAP)				\
	F(__u16, entries, DEC)	/* PRP entries or SGL descriptors in all */ \
	F(__u16, lists, DEC)	/* list pages they filled */ \
	F(__u16, segments, DEC)	/* DMA segments mapped */ \
	P(__u32, pad)
#define NVS_FIELDS_sqe(F, P)				\
	F(__u16, slot, DEC)	/* SQ index the 64 bytes went to */ \
	P(__u16, pad0)					\
	P(__u32, pad1)
#define NVS_FIELDS_sq_doorbell(F, P)			\
	F(__u16, old_tail, DEC)	/* value rung before */	\
	F(__u16, new_tail, DEC)				\
	F(__u16, count, DEC)	/* commands it covers */ \
	F(__u16, how, BELL)
#define NVS_FIELDS_cq_enter(F, P)			\
	F(__u16, why, WHY_CQ)				\
	F(__u16, cq_head, DEC)			\
	F(__u16, phase, DEC)	/* the phase tag expected there */ \
	F(__u16, vector, DEC)
#define NVS_FIELDS_cqe(F, P)				\
	F(__u64, result, HEX)	/* DW0 and DW1 */	\
	F(__u16, slot, DEC)				\
	F(__u16, phase, DEC)				\
	F(__u16, sq_head, DEC)				\
	F(__u16, status, HEX)	/* status field without the phase tag */ \
	F(__u16, match, CQE)				\
	P(__u16, pad0)					\
	P(__u32, pad1)
#define NVS_FIELDS_cq_doorbell(F, P)			\
	F(__u16, old_head, DEC)				\
	F(__u16, new_head, DEC)				\
	F(__u16, count, DEC)	/* entries it frees */	\
	F(__u16, how, BELL)
#define NVS_FIELDS_cq_exit(F, P)			\
	F(__u16, why, WHY_CQ)				\
	F(__u16, found, DEC)				\
	P(__u32, pad)
#define NVS_FIELDS_rq_complete(F, P)			\
	F(__u32, bytes, DEC)				\
	F(__u16, status, HEX)				\
	F(__u16, how, HOW_DONE)
#define NVS_FIELDS_cmd_unmap(F, P)			\
	F(__u32, bytes, DEC)				\
	P(__u32, pad)
#define NVS_FIELDS_batch_submit(F, P)			\
	F(__u16, what, BATCH)				\
	F(__u16, count, DEC)	/* commands its one doorbell covers */ \
	P(__u32, pad)
#define NVS_FIELDS_batch_complete(F, P)			\
	F(__u16, count, DEC)				\
	P(__u16, pad0)					\
	P(__u32, pad1)

/* Recovery */
#define NVS_FIELDS_timeout(F, P)			\
	F(__u32, csts, HEX)				\
	F(__u16, action, TIMEOUT)			\
	F(__u16, state, STATE)
#define NVS_FIELDS_abort(F, P)				\
	F(__u16, step, ABORT)	/* hdr.qid, hdr.cid: the command to abort */ \
	F(__u16, status, HEX)				\
	P(__u32, pad)
#define NVS_FIELDS_retry(F, P)				\
	F(__u32, delay_ms, DEC)				\
	F(__u16, status, HEX)				\
	F(__u16, retries, DEC)
#define NVS_FIELDS_reset(F, P)				\
	F(__u16, why, WHY_RESET)			\
	P(__u16, pad0)					\
	F(__s32, result, DEC)	/* 0: queued; else why it was refused */
#define NVS_FIELDS_freeze(F, P)				\
	F(__u16, what, FREEZE)				\
	P(__u16, pad0)					\
	P(__u32, pad1)
#define NVS_FIELDS_async_event(F, P)			\
	F(__u32, result, HEX)	/* DW0 of the completion */ \
	P(__u32, pad)
#define NVS_FIELDS_ctrl_gone(F, P)			\
	F(__u16, why, GONE)				\
	P(__u16, pad0)					\
	P(__u32, pad1)

/*
 * What the device itself saw, taken from QEMU's log by `nvmescope import`.
 * These have no tracepoint: nobody in the guest could write them.
 */
#define NVS_FIELDS_dev_reg(F, P)			\
	F(__u64, value, HEX)				\
	F(__u32, offset, HEX)				\
	F(__u16, width, DEC)				\
	F(__u16, write, DEC)
#define NVS_FIELDS_dev_doorbell(F, P)			\
	F(__u16, ring, RING)				\
	F(__u16, value, DEC)				\
	F(__u16, how, BELL)				\
	P(__u16, pad)
#define NVS_FIELDS_dev_cmd(F, P)			\
	F(__u64, slba, DEC)	/* reads and writes only, else 0 */ \
	F(__u32, nsid, DEC)				\
	F(__u32, nlb, DEC)	/* logical blocks, counted from 1 */ \
	F(__u16, opcode, HEX)				\
	P(__u16, pad0)					\
	P(__u32, pad1)
#define NVS_FIELDS_dev_cqe(F, P)			\
	F(__u64, result, HEX)				\
	F(__u16, status, HEX)	/* as in the cqe event */ \
	P(__u16, pad0)					\
	P(__u32, pad1)
#define NVS_FIELDS_dev_irq(F, P)			\
	F(__u16, vector, DEC)				\
	P(__u16, pad0)					\
	P(__u32, pad1)

/*
 * What is recorded of the kernel's own driver instead: the whole command, as it stood in
 * its slot when the doorbell was rung.
 */
#define NVS_FIELDS_cmd_sent(F, P)			\
	F(__u64, dptr1, HEX)	/* PRP entry 1, or an SGL descriptor's */ \
	F(__u64, dptr2, HEX)	/* two halves, if flags say so */ \
	F(__u32, nsid, DEC)				\
	F(__u32, cdw10, HEX)				\
	F(__u32, cdw11, HEX)				\
	F(__u32, cdw12, HEX)				\
	F(__u32, cdw13, HEX)				\
	F(__u32, cdw14, HEX)				\
	F(__u32, cdw15, HEX)				\
	F(__u16, opcode, HEX)				\
	F(__u16, flags, HEX)				\
	F(__u16, slot, DEC)				\
	P(__u16, pad0)					\
	P(__u32, pad1)

/* Of a kernel that tells of nothing but tracepoints: a completion entry was taken in. */
#define NVS_FIELDS_sq_head(F, P)			\
	F(__u16, sq_head, DEC)	/* as the entry has it */ \
	F(__u16, sq_tail, DEC)	/* where the driver stood then */ \
	P(__u32, pad)

/* And, with rq_complete, what its completion entry had */
#define NVS_FIELDS_rq_result(F, P)			\
	F(__u64, result, HEX)	/* DW0 and DW1 */

/*
 * Level io: one event for each request, at its end (hdr.ts), with all that the steps'
 * events would have told.  Times are CLOCK_MONOTONIC, ns, 0 where not seen.
 */
#define NVS_FIELDS_io(F, P)				\
	F(__u64, queued, DEC)	/* as in rq_start */	\
	F(__u64, setup, DEC)	/* the driver took it */ \
	F(__u64, bell, DEC)	/* the doorbell that covers it */ \
	F(__u64, seen, DEC)	/* the driver began to look at the CQ */ \
	F(__u64, sector, DEC)	/* 512 B units */	\
	F(__u64, cgroup, DEC)	/* of the task that submits: id in cgroup v2 */ \
	F(__u64, comm0, HEX)	/* its name: bytes 0 to 7, the first lowest */ \
	F(__u64, comm1, HEX)	/* and 8 to 15 */	\
	F(__u32, bytes, DEC)				\
	F(__u32, nsid, DEC)				\
	F(__u32, pid, DEC)	/* task that submits, not always the issuer */ \
	F(__u32, tgid, DEC)	/* its process */	\
	F(__u16, op, RQOP)				\
	F(__u16, opcode, HEX)				\
	F(__u16, status, HEX)				\
	F(__u16, how, HOW_DONE)				\
	F(__u16, depth, DEC)	/* requests of its queue at the driver, at setup */ \
	F(__u16, batch, DEC)	/* commands that its doorbell covered; 0: not seen */ \
	F(__u16, submit_cpu, DEC) /* the one that completed it has the stream */ \
	F(__u16, why, WHY_CQ)	/* what made the driver look at the CQ */

/*
 * Level hist: what was counted in the kernel from `since` to hdr.ts.  A hist_stage is
 * followed by its buckets, numbered as bpf/hist.h says.
 */
#define NVS_FIELDS_hist_stage(F, P)			\
	F(__u64, since, DEC)	/* ns */ \
	F(__u64, count, DEC)	/* requests */		\
	F(__u64, sum, DEC)	/* ns */		\
	F(__u64, bytes, DEC)	/* of these requests */	\
	F(__u64, failed, DEC)	/* with a status that is not success */ \
	F(__u16, op, HIST_OP)				\
	F(__u16, size, HIST_SIZE)			\
	F(__u16, stage, STAGE)				\
	P(__u16, pad)
#define NVS_FIELDS_hist_bucket(F, P)			\
	F(__u64, count, DEC)	/* of the hist_stage before it */ \
	F(__u32, bucket, DEC)				\
	P(__u32, pad)

/* E(id, name, size): size in bytes, header included. */
#define NVS_INIT_EVENTS(E)		\
	E(1,  phase_begin, 24)		\
	E(2,  phase_end, 32)		\
	E(3,  ctrl_new, 32)		\
	E(4,  reg_read, 40)		\
	E(5,  reg_write, 40)		\
	E(6,  ctrl_state, 24)		\
	E(7,  queue_create, 32)		\
	E(8,  queue_delete, 24)		\
	E(9,  irq_setup, 32)		\
	E(10, ns_found, 40)		\
	E(11, ctrl_limits, 32)

/* The steps of an I/O */
#define NVS_STEP_EVENTS(E)		\
	E(16, rq_start, 48)		\
	E(17, cmd_setup, 48)		\
	E(18, cmd_map, 48)		\
	E(19, sqe, 24)			\
	E(20, sq_doorbell, 24)		\
	E(21, cq_enter, 24)		\
	E(22, cqe, 40)			\
	E(23, cq_doorbell, 24)		\
	E(24, cq_exit, 24)		\
	E(25, rq_complete, 24)		\
	E(26, cmd_unmap, 24)		\
	E(27, batch_submit, 24)		\
	E(28, batch_complete, 24)

#define NVS_RECOVERY_EVENTS(E)		\
	E(40, timeout, 24)		\
	E(41, abort, 24)		\
	E(42, retry, 24)		\
	E(43, reset, 24)		\
	E(44, freeze, 24)		\
	E(45, async_event, 24)		\
	E(46, ctrl_gone, 24)

#define NVS_DRIVER_EVENTS(E)		\
	NVS_INIT_EVENTS(E)		\
	NVS_STEP_EVENTS(E)		\
	NVS_RECOVERY_EVENTS(E)

#define NVS_DEVICE_EVENTS(E)		\
	E(64, dev_reg, 32)		\
	E(65, dev_doorbell, 24)		\
	E(66, dev_cmd, 40)		\
	E(67, dev_cqe, 32)		\
	E(68, dev_irq, 24)

#define NVS_STOCK_EVENTS(E)		\
	E(29, cmd_sent, 72)		\
	E(33, sq_head, 24)		\
	E(34, rq_result, 24)

/* Made by the recorder's programs; io of our driver's steps by the driver itself (pci_level.c) */
#define NVS_LEVEL_EVENTS(E)		\
	E(30, io, 112)			\
	E(31, hist_stage, 64)		\
	E(32, hist_bucket, 32)

#define NVS_CPU_EVENTS(E)		\
	NVS_DRIVER_EVENTS(E)		\
	NVS_STOCK_EVENTS(E)		\
	NVS_LEVEL_EVENTS(E)

#define NVS_EVENTS(E)			\
	NVS_CPU_EVENTS(E)		\
	NVS_DEVICE_EVENTS(E)

#define NVS_EVENT_ID_MAX	68

/*
 * What the programs of levels io and hist attach to, of our driver (trace.h): the event io itself,
 * and, for who counts what is at the device now, a doorbell that is about to be rung.
 */
#define NVS_LEVEL_STEPS(E)		\
	E(io)				\
	E(level_bell)

/* What the driver tells of steps at once: see kmod/steps.h */
#define NVS_STEPS_ROOM		1024

struct nvs_block {
	__u64 words[NVS_STEPS_ROOM / 8];
};

/* Everything below is made from the tables above. */

#define NVS_NO_PAD(type, name)

#define NVS_ID(num, ev, size)		NVS_ID_##ev = (num),
enum nvs_event_id {
	NVS_EVENTS(NVS_ID)
};
#undef NVS_ID

#define NVS_MEMBER(type, name, base)	type name;
#define NVS_PADDING(type, name)		type name;
#define NVS_STRUCT(num, ev, size)	\
	struct nvs_##ev { struct nvs_hdr h; NVS_FIELDS_##ev(NVS_MEMBER, NVS_PADDING) };
NVS_EVENTS(NVS_STRUCT)
#undef NVS_STRUCT
#undef NVS_MEMBER
#undef NVS_PADDING

/*
 * No hidden padding and the size that the table states: together they fix
 * every offset, because the fields stand in declared order.
 */
#define NVS_ADD(type, name, base)	+ sizeof(type)
#define NVS_ADD_PAD(type, name)		+ sizeof(type)
#define NVS_ASSERT(num, ev, size)						\
	_Static_assert(sizeof(struct nvs_##ev) == (size), "size of nvs_" #ev);	\
	_Static_assert(sizeof(struct nvs_hdr) NVS_FIELDS_##ev(NVS_ADD, NVS_ADD_PAD) == (size), \
		       "hidden padding in nvs_" #ev);				\
	_Static_assert((size) % 8 == 0, "nvs_" #ev " would misalign its successor");
_Static_assert(sizeof(struct nvs_hdr) == 16, "size of nvs_hdr");
NVS_EVENTS(NVS_ASSERT)
#undef NVS_ASSERT
#undef NVS_ADD
#undef NVS_ADD_PAD

/*
 * The layout as data, for a test to compare between the three builds: the size
 * of each struct, then size and sign of each field; offsets follow from these.
 */
#define NVS_LAYOUT_FIELD(type, name, base)	(__u32)sizeof(type) << 1 | ((type)-1 < (type)1),
#define NVS_LAYOUT_PAD(type, name)		(__u32)sizeof(type) << 1,
#define NVS_LAYOUT_EVENT(num, ev, size)				\
	(__u32)(num) << 16 | (__u32)sizeof(struct nvs_##ev),	\
	NVS_FIELDS_##ev(NVS_LAYOUT_FIELD, NVS_LAYOUT_PAD)
#define NVS_LAYOUT	{ NVS_EVENTS_VERSION, NVS_EVENTS(NVS_LAYOUT_EVENT) }

#endif /* NVS_EVENTS_H */
