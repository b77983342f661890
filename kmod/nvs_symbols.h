/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What numbers in events mean: a part of the event contract (nvs_events.h), which
 * includes it.  A set of symbols becomes an enum here, an enumeration in the CTF
 * metadata, and a table of names in the tools.
 */
#ifndef NVS_SYMBOLS_H
#define NVS_SYMBOLS_H

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
	S(3, teardown)			\
	S(4, unseen)

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

#endif /* NVS_SYMBOLS_H */
