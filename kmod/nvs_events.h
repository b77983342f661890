/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The event contract: every event nvmescope knows, in one table.
 *
 * This header is compiled into the modules (which make a TRACE_EVENT of each
 * row), into the BPF programs (which make a recorder of each row) and into the
 * tools (which make CTF metadata, readers and printers of each row).  To add an
 * event, add a row here, call trace_nvs_<name>() in the driver and show it in a
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
 * Symbols: S(value, name).  Names are those of the functions, states and terms
 * that a reader can look up in the source or in the NVMe specification.
 */

/* Phases carry the names of the driver's functions, in the order they run. */
#define NVS_SYMS_PHASE(S)			\
	S(0,  none)				\
	S(1,  nvme_core_init)			\
	S(2,  nvme_init)			\
	S(3,  nvme_probe)			\
	S(4,  nvme_dev_map)			\
	S(5,  nvme_setup_prp_pools)		\
	S(6,  nvme_init_ctrl)			\
	S(7,  nvme_reset_ctrl)			\
	S(8,  nvme_reset_work)			\
	S(9,  nvme_dev_disable)			\
	S(10, nvme_pci_enable)			\
	S(11, nvme_pci_configure_admin_queue)	\
	S(12, nvme_disable_ctrl)		\
	S(13, nvme_enable_ctrl)			\
	S(14, nvme_wait_ready)			\
	S(15, nvme_alloc_admin_tags)		\
	S(16, nvme_init_identify)		\
	S(17, nvme_setup_io_queues)		\
	S(18, nvme_set_queue_count)		\
	S(19, nvme_setup_irqs)			\
	S(20, nvme_create_io_queues)		\
	S(21, nvme_dev_add)			\
	S(22, nvme_start_ctrl)			\
	S(23, nvme_queue_scan)			\
	S(24, nvme_scan_work)			\
	S(25, nvme_scan_ns_list)		\
	S(26, nvme_validate_ns)			\
	S(27, nvme_alloc_ns)			\
	S(28, nvme_ns_remove)			\
	S(29, nvme_remove_namespaces)		\
	S(30, nvme_delete_io_queues)		\
	S(31, nvme_shutdown_ctrl)		\
	S(32, nvme_remove_dead_ctrl)		\
	S(33, nvme_remove)			\
	S(34, nvme_shutdown)			\
	S(35, nvme_exit)			\
	S(36, nvme_core_exit)			\
	S(37, nvme_error_detected)		\
	S(38, nvme_slot_reset)			\
	S(39, nvme_error_resume)		\
	S(40, nvme_reset_prepare)		\
	S(41, nvme_reset_done)			\
	S(42, nvme_suspend)			\
	S(43, nvme_resume)			\
	S(44, nvme_give_up)			\
	S(45, nvme_scan_ns_sequential)

/* Controller states, as the kernel's own driver names them in sysfs. */
#define NVS_SYMS_STATE(S)			\
	S(0, new)				\
	S(1, live)				\
	S(2, resetting)				\
	S(3, connecting)			\
	S(4, deleting)				\
	S(5, deleting_noio)			\
	S(6, dead)

#define NVS_SYMS_RING(S)			\
	S(0, sq)				\
	S(1, cq)

/* Request operation, the low eight bits of blk-mq's cmd_flags. */
#define NVS_SYMS_RQOP(S)			\
	S(0,  read)				\
	S(1,  write)				\
	S(2,  flush)				\
	S(3,  discard)				\
	S(5,  secure_erase)			\
	S(7,  zone_append)			\
	S(9,  write_zeroes)			\
	S(10, zone_open)			\
	S(11, zone_close)			\
	S(12, zone_finish)			\
	S(13, zone_reset)			\
	S(15, zone_reset_all)			\
	S(34, drv_in)				\
	S(35, drv_out)

/* How the data pointer of a command was built. */
#define NVS_SYMS_MAP(S)				\
	S(0, none)				\
	S(1, prp1)				\
	S(2, prp2)				\
	S(3, prp_list)				\
	S(4, prp_chained)			\
	S(5, sgl)

/*
 * A doorbell is a write to the device, or to the shadow page it looks at.  If the
 * device had to be woken after a shadow write, an mmio one follows that covers 0.
 */
#define NVS_SYMS_BELL(S)			\
	S(0, mmio)				\
	S(1, shadow)

/* What made the driver look at a completion queue. */
#define NVS_SYMS_WHY_CQ(S)			\
	S(0, irq)				\
	S(1, poll)				\
	S(2, timeout)				\
	S(3, teardown)

/* What a completion queue entry's identifier was found to mean. */
#define NVS_SYMS_CQE(S)				\
	S(0, request)				\
	S(1, async_event)			\
	S(2, unknown)				\
	S(3, stale)

#define NVS_SYMS_HOW_DONE(S)			\
	S(0, direct)				\
	S(1, batched)				\
	S(2, cancelled)				\
	S(3, deferred)				\
	S(4, unseen)	/* the kernel's own driver: direct or batched */

#define NVS_SYMS_BATCH(S)			\
	S(0, queue_rqs)				\
	S(1, commit_rqs)

#define NVS_SYMS_TIMEOUT(S)			\
	S(0, none)				\
	S(1, polled)				\
	S(2, abort)				\
	S(3, reset)				\
	S(4, disable)				\
	S(5, wait)

#define NVS_SYMS_ABORT(S)			\
	S(0, sent)				\
	S(1, done)

#define NVS_SYMS_WHY_RESET(S)			\
	S(0, probe)				\
	S(1, sysfs)				\
	S(2, ioctl)				\
	S(3, timeout)				\
	S(4, fatal_status)			\
	S(5, pci_error)				\
	S(6, flr)				\
	S(7, resume)				\
	S(8, async_event)			\
	S(9, unseen)	/* the kernel's own driver: not told */

#define NVS_SYMS_FREEZE(S)			\
	S(0, freeze)				\
	S(1, unfreeze)				\
	S(2, quiesce)				\
	S(3, unquiesce)

#define NVS_SYMS_GONE(S)			\
	S(0, removed)				\
	S(1, unplugged)				\
	S(2, dead)

/* Where a request's time goes; total is the others' sum. */
#define NVS_SYMS_STAGE(S)			\
	S(0, queue)	 /* made by blk-mq .. taken by the driver */ \
	S(1, driver)	 /* .. the doorbell that covers it */ \
	S(2, device)	 /* .. the driver begins to look at the CQ */ \
	S(3, completion) /* .. the request's end */ \
	S(4, total)

/* Operations that histograms tell apart. */
#define NVS_SYMS_HIST_OP(S)			\
	S(0, read)				\
	S(1, write)				\
	S(2, flush)				\
	S(3, discard)				\
	S(4, write_zeroes)			\
	S(5, other)

/* Sizes that histograms tell apart, for reads and writes: the largest of the class. */
#define NVS_SYMS_HIST_SIZE(S)			\
	S(0, upto_4k)				\
	S(1, upto_8k)				\
	S(2, upto_16k)				\
	S(3, upto_32k)				\
	S(4, upto_64k)				\
	S(5, upto_128k)				\
	S(6, upto_256k)				\
	S(7, larger)

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

/* Made by the recorder's programs, of either driver's steps */
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

/* Everything below is made from the tables above. */

#define NVS_NO_PAD(type, name)

#define NVS_ID(num, ev, size)		NVS_ID_##ev = (num),
enum nvs_event_id {
	NVS_EVENTS(NVS_ID)
};
#undef NVS_ID

#define NVS_SYM_PHASE(num, name)	NVS_PHASE_##name = (num),
#define NVS_SYM_STATE(num, name)	NVS_STATE_##name = (num),
#define NVS_SYM_RING(num, name)		NVS_RING_##name = (num),
#define NVS_SYM_RQOP(num, name)		NVS_RQOP_##name = (num),
#define NVS_SYM_MAP(num, name)		NVS_MAP_##name = (num),
#define NVS_SYM_BELL(num, name)		NVS_BELL_##name = (num),
#define NVS_SYM_WHY_CQ(num, name)	NVS_WHY_CQ_##name = (num),
#define NVS_SYM_CQE(num, name)		NVS_CQE_##name = (num),
#define NVS_SYM_HOW_DONE(num, name)	NVS_HOW_DONE_##name = (num),
#define NVS_SYM_BATCH(num, name)	NVS_BATCH_##name = (num),
#define NVS_SYM_TIMEOUT(num, name)	NVS_TIMEOUT_##name = (num),
#define NVS_SYM_ABORT(num, name)	NVS_ABORT_##name = (num),
#define NVS_SYM_WHY_RESET(num, name)	NVS_WHY_RESET_##name = (num),
#define NVS_SYM_FREEZE(num, name)	NVS_FREEZE_##name = (num),
#define NVS_SYM_GONE(num, name)		NVS_GONE_##name = (num),
#define NVS_SYM_STAGE(num, name)	NVS_STAGE_##name = (num),
#define NVS_SYM_HIST_OP(num, name)	NVS_HIST_OP_##name = (num),
#define NVS_SYM_HIST_SIZE(num, name)	NVS_HIST_SIZE_##name = (num),

/* G(set): one enum, one CTF enumeration, one name table for each set. */
#define NVS_SYMBOL_SETS(G)	\
	G(PHASE) G(STATE) G(RING) G(RQOP) G(MAP) G(BELL) G(WHY_CQ) G(CQE) \
	G(HOW_DONE) G(BATCH) G(TIMEOUT) G(ABORT) G(WHY_RESET) G(FREEZE) G(GONE) \
	G(STAGE) G(HIST_OP) G(HIST_SIZE)

#define NVS_SET_ID(set)			NVS_SET_##set,
enum nvs_symbol_set { NVS_SYMBOL_SETS(NVS_SET_ID) };
#undef NVS_SET_ID

#define NVS_ENUM(set)			enum nvs_##set { NVS_SYMS_##set(NVS_SYM_##set) };
NVS_SYMBOL_SETS(NVS_ENUM)
#undef NVS_ENUM

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
