/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the core module (every NVMe controller) and a transport module (PCIe)
 * know of each other.
 *
 * Section numbers cite the NVM Express Base Specification, revision 2.0, unless
 * another document is named.
 */
#ifndef NVMESCOPE_CORE_H
#define NVMESCOPE_CORE_H

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/idr.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/nvme.h>
#include <linux/rwsem.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "exports.h"
#include "nvs_events.h"
#include "compat.h"

#define NVMESCOPE_VERSION	"0.1.0"

/* One page of memory, as CC.MPS = 0 has it: the unit of PRP entries. */
#define NVME_CTRL_PAGE_SHIFT	12
#define NVME_CTRL_PAGE_SIZE	(1u << NVME_CTRL_PAGE_SHIFT)

/*
 * Admin queues have 32 entries.  One SQ slot must stay free for full and empty
 * to differ (3.3.1.5), and one command, outside blk-mq, is the outstanding
 * Asynchronous Event Request; blk-mq gets the rest.
 */
#define NVME_AQ_DEPTH		32
#define NVME_AQ_MQ_DEPTH	(NVME_AQ_DEPTH - 2)
#define NVME_AER_CID		(NVME_AQ_DEPTH - 1)

/*
 * A command identifier is a tag plus a generation: a completion that arrives
 * for an earlier use of the tag carries an old generation and is refused.
 */
#define NVME_CID_TAG_BITS	12
#define NVME_CID_TAG(cid)	((cid) & ((1u << NVME_CID_TAG_BITS) - 1))
#define NVME_CID(gen, tag)	((u16)((gen) << NVME_CID_TAG_BITS | (tag)))
#define NVME_CID_GEN(cid)	((cid) >> NVME_CID_TAG_BITS)

extern struct workqueue_struct *nvme_wq;
extern struct workqueue_struct *nvme_reset_wq;
extern unsigned int nvme_admin_timeout;
extern unsigned int nvme_io_timeout;
extern const struct kernel_param_ops nvme_seconds_ops;

/* Scope of one initialisation or teardown step; lives on the stack. */
struct nvme_phase {
	struct list_head node;
	struct task_struct *task;
	u16 ctrl;
	u16 phase;
	u16 parent;
};

void nvme_phase_begin(struct nvme_phase *ph, u16 ctrl, u16 phase);
void nvme_phase_begin_work(struct nvme_phase *ph, u16 ctrl, u16 phase, u16 queued_by);
int nvme_phase_end(struct nvme_phase *ph, int result);
u16 nvme_phase_current(void);

/*
 * Quirks: Q(bit, NAME, name in the parameter "quirks").  What this driver does:
 *   stripe_size		I/O that crosses a stripe is slow: it is split there
 *   identify_cns		Identify knows CNS 0 and 1 only: namespaces are counted through
 *   delay_before_chk_rdy	CSTS must not be read right after CC was written
 *   disable_write_zeroes	Write Zeroes is not to be trusted
 *   ignore_dev_subnqn		SUBNQN is not unique: a name is made instead
 *   no_ns_desc_list		the identification descriptors crash the device
 *   dma_address_bits_48	its addresses have 48 bits
 *   bogus_nid			namespace identifiers are not unique: not shown
 *   single_vector		one interrupt vector for all queues
 *   broken_msi			MSI does not work, MSI-X or INTx may
 *   dmapool_align_512		PRP lists must start on 512 bytes
 *   no_temp_thresh_change, no_secondary_temp_thresh	left to what reads temperatures
 *   128_bytes_sqes, shared_tags	not done: such a device is refused
 *   medium_prio_sq, simple_suspend	it is always so
 *   no_apst, no_deepest_ps	power states are not used: nothing to do
 */
#define NVME_QUIRKS(Q)							\
	Q(0,  STRIPE_SIZE, stripe_size)					\
	Q(1,  IDENTIFY_CNS, identify_cns)				\
	Q(2,  DELAY_BEFORE_CHK_RDY, delay_before_chk_rdy)		\
	Q(3,  DISABLE_WRITE_ZEROES, disable_write_zeroes)		\
	Q(4,  IGNORE_DEV_SUBNQN, ignore_dev_subnqn)			\
	Q(5,  NO_NS_DESC_LIST, no_ns_desc_list)				\
	Q(6,  DMA_ADDRESS_BITS_48, dma_address_bits_48)			\
	Q(7,  BOGUS_NID, bogus_nid)					\
	Q(8,  SINGLE_VECTOR, single_vector)				\
	Q(9,  BROKEN_MSI, broken_msi)					\
	Q(10, DMAPOOL_ALIGN_512, dmapool_align_512)			\
	Q(11, NO_TEMP_THRESH_CHANGE, no_temp_thresh_change)		\
	Q(12, NO_SECONDARY_TEMP_THRESH, no_secondary_temp_thresh)	\
	Q(13, 128_BYTES_SQES, 128_bytes_sqes)				\
	Q(14, SHARED_TAGS, shared_tags)					\
	Q(15, MEDIUM_PRIO_SQ, medium_prio_sq)				\
	Q(16, SIMPLE_SUSPEND, simple_suspend)				\
	Q(17, NO_APST, no_apst)						\
	Q(18, NO_DEEPEST_PS, no_deepest_ps)

enum nvme_quirk {
#define NVME_QUIRK_BIT(bit, upper, lower)	NVME_QUIRK_##upper = 1 << (bit),
	NVME_QUIRKS(NVME_QUIRK_BIT)
#undef NVME_QUIRK_BIT
};

/* What the transport found and does not use; identify.c says it with the rest. */
#define NVME_UNUSED_CMB		0x1

struct nvme_ctrl;
struct nvme_ns;

/* What the core asks of a transport. */
struct nvme_ctrl_ops {
	const char *name;
	struct module *module;
	int (*reg_read32)(struct nvme_ctrl *ctrl, u32 off, u32 *val);
	int (*reg_write32)(struct nvme_ctrl *ctrl, u32 off, u32 val);
	int (*reg_read64)(struct nvme_ctrl *ctrl, u32 off, u64 *val);
	void (*free_ctrl)(struct nvme_ctrl *ctrl);
	void (*submit_async_event)(struct nvme_ctrl *ctrl);
	int (*get_address)(struct nvme_ctrl *ctrl, char *buf, int size);
};

/* What tells a namespace from all others (5.17.2.4); all zero is none. */
struct nvme_ns_ids {
	u8 eui64[8];
	u8 nguid[16];
	u8 uuid[16];
	u8 csi;				/* its I/O command set: NVME_CSI_NVM, NVME_CSI_ZNS */
};

/* How a namespace's blocks are made.  Zeroed before it is filled, to be compared. */
struct nvme_ns_format {
	u64 blocks;
	const char *why_not;		/* why no disk can be made of it, or NULL */
	u16 ms;				/* bytes of metadata for each block */
	u8 lba_shift;
	u8 pi_type;			/* protection information: 1 to 3, 0 is none */
	u8 pi_size;			/* bytes of it */
	u8 pi_offset;			/* bytes of metadata before it */
	bool read_only;
	bool deac;			/* Write Zeroes may deallocate, and reads zeroes then */
};

/* All that Identify tells of a namespace, before anything is made of it. */
struct nvme_ns_info {
	u32 nsid;
	struct nvme_ns_ids ids;
	bool ids_known;			/* its list of descriptors was read, if it has one */
	bool shared;			/* NMIC: other controllers may have it too */
	struct nvme_ns_format format;
	struct nvme_limits limits;
};

/* An NVM subsystem (1.4): what its controllers share. */
struct nvme_subsystem {
	struct device dev;
	struct kref ref;
	struct list_head node;		/* in nvme_subsystems */
	struct list_head ctrls;		/* under subsystems_lock */
	int instance;
	char subnqn[NVMF_NQN_SIZE];
	char serial[20];
	char model[40];
	char firmware_rev[8];
	u8 cntrltype;
};

struct nvme_ctrl {
	const struct nvme_ctrl_ops *ops;
	struct device *dev;		/* the PCI function */
	struct device ctrl_device;	/* nvme0; its reference count is ours */
	struct cdev cdev;
	int instance;
	struct nvme_subsystem *subsys;
	struct list_head subsys_node;	/* in subsys->ctrls */

	/* Written under lock by nvme_change_ctrl_state(), read anywhere. */
	enum nvs_STATE state;
	spinlock_t lock;		/* of state */
	wait_queue_head_t state_wq;

	struct blk_mq_tag_set *admin_tagset;
	struct blk_mq_tag_set *tagset;	/* NULL until the I/O tag set is there */
	struct request_queue *admin_q;
	unsigned int queue_count;	/* admin queue included */
	unsigned int sqsize;		/* I/O queue size, zero's based */

	struct rw_semaphore namespaces_rwsem;
	struct list_head namespaces;	/* in order of NSID */
	struct ida ns_ida;
	struct xarray refused;		/* NSIDs without a disk, whose reason was said */
	struct mutex scan_lock;		/* one scan or removal at a time */
	struct mutex quiesce_lock;
	struct mutex map_lock;		/* no namespace comes or goes while the maps change */
	bool io_quiesced;		/* new namespaces begin held back */
	bool admin_quiesced;

	struct work_struct reset_work;	/* the transport's nvme_reset_work() */
	struct work_struct scan_work;
	struct work_struct async_event_work;
	u16 scan_cause;			/* phase that queued scan_work */
	u16 reset_cause;		/* phase that queued reset_work */

	unsigned long quirks;		/* NVME_QUIRK_* */
	unsigned long quirks_off;	/* those the administrator says it has not */

	/* Registers, as last read or written */
	u64 cap;
	u32 vs;
	u32 ctrl_config;

	/* From Identify Controller (5.17.2.1) */
	u16 cntlid;
	u16 oacs;
	u16 oncs;
	u32 oaes;
	u32 nn;
	u32 sgls;
	u32 max_hw_sectors;		/* from MDTS, 512 B units */
	u32 max_zeroes_sectors;		/* of one Write Zeroes command, 512 B units */
	u32 max_append_sectors;		/* of one Zone Append command, 512 B units */
	u32 max_discard_blocks;		/* of one deallocated range; U32_MAX: no limit */
	u16 max_discard_ranges;		/* 0: no Dataset Management command */
	u32 ctratt;
	u16 awupf;			/* blocks, from zero */
	u16 max_segments;
	u32 rtd3e;			/* us */
	u32 media_ms;			/* until media are ready, if CC.CRIME is set */
	u16 crdt[3];			/* Command Retry Delay Times, 100 ms */
	u8 cmic;
	u8 vwc;
	u8 acl;
	u8 lpa;
	u8 mdts;
	u8 cntrltype;
	bool identified;
	bool no_ns_list;		/* it refused to give one */
	unsigned int unused;		/* NVME_UNUSED_*, by the transport */
	bool unused_told;

	/* Ranges to deallocate, when memory is short: one command at a time. */
	void *discard_page;
	unsigned long discard_page_busy;

	u32 aen_result;
	unsigned long aer_flags;
	atomic_t abort_limit;		/* abort commands that may still be sent */

	/* Commands Supported and Effects log, by command set (effects.c) */
	struct nvme_effects_log *effects[NVME_CSI_ZNS + 1];

	u16 wctemp, cctemp;		/* warning and critical temperature, kelvins */
	struct nvme_hwmon *hwmon;
	u16 vid;			/* PCI vendor */
	u8 dctype;
	bool log_passthru_errors;	/* of admin commands */
};

struct nvme_ns {
	struct kref ref;		/* the list, each open file, the cdev */
	struct list_head node;		/* in ctrl->namespaces */
	struct nvme_ctrl *ctrl;
	struct request_queue *queue;
	struct gendisk *disk;
	struct cdev cdev;
	struct device cdev_device;	/* ng0n1 */
	u32 nsid;
	int instance;			/* the 1 of nvme0n1 */
	/* Of format, what every read and write looks at */
	u8 lba_shift;
	u16 ms;
	struct nvme_ns_format format;
	struct nvme_limits limits;	/* as applied to queue */
	bool quiesced;			/* by nvme_quiesce_io_queues() */
	bool frozen;			/* by nvme_start_freeze() */
	bool cdev_added;
	struct nvme_ns_ids ids;		/* as shown; see ns_ids.c */
	struct nvme_ns_ids told_ids;	/* as the device tells */
	bool ids_known;
	bool shared;
	struct list_head claim;		/* to its identifiers */
	bool log_passthru_errors;	/* of I/O commands */
	u64 nuse;			/* blocks allocated, as last asked */
	unsigned long nuse_at;		/* jiffies, when that was */
};

/*
 * The core's part of a request, first in its private data.  The transport's
 * part (struct nvme_iod) begins with it.
 */
struct nvme_req {
	struct nvme_ctrl *ctrl;
	struct nvme_command *cmd;	/* in the iod, or the submitter's own */
	union nvme_result result;	/* written on completion */
	u16 status;			/* status field without the phase tag */
	u16 cid;
	u8 gen;				/* counts uses of this tag */
	u8 retries;
	u8 flags;
};

/* nvme_req.flags */
#define NVME_REQ_CANCELLED	0x01
#define NVME_REQ_USER		0x02	/* passthrough: show the caller each status */
#define NVME_REQ_SPECIAL	0x04	/* nvme_finish_special() has to see its end */

static inline struct nvme_req *nvme_req(struct request *rq)
{
	return blk_mq_rq_to_pdu(rq);
}

/* 0 is the admin queue; I/O queue n is hardware context n - 1 (see DESIGN). */
static inline u16 nvme_req_qid(struct request *rq)
{
	return rq->q->queuedata ? rq->mq_hctx->queue_num + 1 : 0;
}

static inline enum nvs_STATE nvme_ctrl_state(struct nvme_ctrl *ctrl)
{
	return READ_ONCE(ctrl->state);
}

static inline bool nvme_ctrl_going(struct nvme_ctrl *ctrl)
{
	return nvme_ctrl_state(ctrl) >= NVS_STATE_deleting;
}

/* Who this is in an event's header. */
static inline u16 nvme_ctrl_id(struct nvme_ctrl *ctrl)
{
	return ctrl->instance;
}

static inline void nvme_get_ctrl(struct nvme_ctrl *ctrl)
{
	get_device(&ctrl->ctrl_device);
}

static inline void nvme_put_ctrl(struct nvme_ctrl *ctrl)
{
	put_device(&ctrl->ctrl_device);
}

/* A completion's status and result, from the device's entry. Interrupt context. */
static inline void nvme_req_finish(struct request *rq, __le16 status, union nvme_result result)
{
	struct nvme_req *req = nvme_req(rq);

	req->status = le16_to_cpu(status) >> 1;
	req->result = result;
}

/* ctrl.c: life of a controller */
int nvme_init_ctrl(struct nvme_ctrl *ctrl, struct device *dev, const struct nvme_ctrl_ops *ops);
void nvme_uninit_ctrl(struct nvme_ctrl *ctrl);
void nvme_start_ctrl(struct nvme_ctrl *ctrl);
void nvme_stop_ctrl(struct nvme_ctrl *ctrl);
bool nvme_change_ctrl_state(struct nvme_ctrl *ctrl, enum nvs_STATE new_state);
int nvme_reset_ctrl(struct nvme_ctrl *ctrl, enum nvs_WHY_RESET why);
int nvme_reset_ctrl_sync(struct nvme_ctrl *ctrl, enum nvs_WHY_RESET why);

/* quirks.c */
const char *nvme_quirk_name(unsigned int bit);
unsigned long nvme_quirk_mask(const char *name);
void nvme_add_model_quirks(struct nvme_ctrl *ctrl, const struct nvme_id_ctrl *id);

/* regs.c: CAP, CC and CSTS */
int nvme_read_cap(struct nvme_ctrl *ctrl);
int nvme_enable_ctrl(struct nvme_ctrl *ctrl);
int nvme_disable_ctrl(struct nvme_ctrl *ctrl);
int nvme_shutdown_ctrl(struct nvme_ctrl *ctrl);

/* identify.c */
int nvme_init_identify(struct nvme_ctrl *ctrl);
int nvme_set_queue_count(struct nvme_ctrl *ctrl, unsigned int *count);
int nvme_identify(struct nvme_ctrl *ctrl, u32 nsid, u8 cns, void *data);
int nvme_identify_csi(struct nvme_ctrl *ctrl, u32 nsid, u8 cns, u8 csi, void *data);
int nvme_set_features(struct nvme_ctrl *ctrl, u8 fid, u32 dw11, u32 *result);
int nvme_wait_ns_ready(struct nvme_ctrl *ctrl, u32 nsid);
int nvme_get_log(struct nvme_ctrl *ctrl, u32 nsid, u8 lid, void *data, u32 len);

/* subsystem.c */
int nvme_subsystem_join(struct nvme_ctrl *ctrl, const struct nvme_id_ctrl *id);
void nvme_subsystem_leave(struct nvme_ctrl *ctrl);

/* tagset.c */
int nvme_alloc_admin_tags(struct nvme_ctrl *ctrl, struct blk_mq_tag_set *set,
			  const struct blk_mq_ops *ops, unsigned int cmd_size);
void nvme_remove_admin_tags(struct nvme_ctrl *ctrl);
int nvme_alloc_io_tags(struct nvme_ctrl *ctrl, struct blk_mq_tag_set *set,
		       const struct blk_mq_ops *ops, unsigned int nr_maps, unsigned int depth,
		       unsigned int cmd_size);
void nvme_remove_io_tags(struct nvme_ctrl *ctrl);
void nvme_quiesce_io_queues(struct nvme_ctrl *ctrl);
void nvme_unquiesce_io_queues(struct nvme_ctrl *ctrl);
void nvme_quiesce_admin_queue(struct nvme_ctrl *ctrl);
void nvme_unquiesce_admin_queue(struct nvme_ctrl *ctrl);
void nvme_start_freeze(struct nvme_ctrl *ctrl);
bool nvme_wait_freeze_timeout(struct nvme_ctrl *ctrl, unsigned long timeout);
void nvme_unfreeze(struct nvme_ctrl *ctrl);
void nvme_update_hw_queues(struct nvme_ctrl *ctrl, unsigned int count,
			   void (*look)(struct nvme_ctrl *ctrl));
void nvme_cancel_all(struct nvme_ctrl *ctrl, struct blk_mq_tag_set *set);

/* command.c: one command, from request to SQE and from status to end */
blk_status_t nvme_setup_cmd(struct nvme_ctrl *ctrl, struct request *rq);
blk_status_t nvme_setup_rw(struct nvme_ns *ns, struct request *rq, struct nvme_command *cmd,
			   u8 opcode);
blk_status_t nvme_refuse_request(struct nvme_ctrl *ctrl, struct request *rq);
void nvme_complete_rq(struct request *rq);
void nvme_complete_batch_req(struct request *rq);
void nvme_init_internal_request(struct request *rq, struct nvme_ctrl *ctrl,
				struct nvme_command *cmd);
int nvme_submit_sync_cmd(struct nvme_ctrl *ctrl, struct request_queue *q,
			 struct nvme_command *cmd, void *buf, unsigned int len,
			 union nvme_result *result);

/* watch.c: which time it is that somebody listens to nvs_io; 0 is none */
extern u32 nvme_watch;

/* dsm.c: discard, write zeroes, and the way to the zone commands */
blk_status_t nvme_setup_special(struct nvme_ns *ns, struct request *rq, struct nvme_command *cmd);
void nvme_finish_special(struct request *rq);

/* zns.c: zoned namespaces */
int nvme_read_zone_info(struct nvme_ctrl *ctrl, unsigned int lbaf, struct nvme_ns_info *info);
blk_status_t nvme_setup_zone_cmd(struct nvme_ns *ns, struct request *rq, struct nvme_command *cmd);

/* integrity.c: metadata and end-to-end protection */
int nvme_read_metadata_info(struct nvme_ctrl *ctrl, const struct nvme_id_ns *id,
			    unsigned int lbaf, struct nvme_ns_info *info);
blk_status_t nvme_setup_protection(struct nvme_ns *ns, struct request *rq,
				   struct nvme_command *cmd);
void nvme_protect_write_zeroes(struct nvme_ns *ns, struct nvme_command *cmd);

/* limits.c: how much, at which granularity */
void nvme_remember_limits(struct nvme_ctrl *ctrl, const struct nvme_id_ctrl *id);
int nvme_read_command_limits(struct nvme_ctrl *ctrl);
u32 nvme_mps_to_sectors(struct nvme_ctrl *ctrl, u8 exponent);
void nvme_fill_limits(struct nvme_ctrl *ctrl, const struct nvme_id_ns *id,
		      struct nvme_ns_info *info);

/* effects.c */
int nvme_init_effects(struct nvme_ctrl *ctrl, u8 csi);
void nvme_free_effects(struct nvme_ctrl *ctrl);

/* hwmon.c */
int nvme_hwmon_init(struct nvme_ctrl *ctrl);
void nvme_hwmon_exit(struct nvme_ctrl *ctrl);

/* async_event.c */
void nvme_async_event_work(struct work_struct *work);
int nvme_enable_async_events(struct nvme_ctrl *ctrl);
void nvme_complete_async_event(struct nvme_ctrl *ctrl, __le16 status, union nvme_result *result);

/* scan.c: which namespaces are there */
void nvme_queue_scan(struct nvme_ctrl *ctrl);
void nvme_scan_work(struct work_struct *work);
void nvme_remove_namespaces(struct nvme_ctrl *ctrl);
void nvme_mark_namespaces_dead(struct nvme_ctrl *ctrl);

/* ns_info.c: what is this namespace */
int nvme_read_ns_info(struct nvme_ctrl *ctrl, u32 nsid, struct nvme_ns_info *info);

/* ns_ids.c: whose identifiers are these */
int nvme_claim_ids(struct nvme_ns *ns);
void nvme_release_ids(struct nvme_ns *ns);
bool nvme_is_other_ns(const struct nvme_ns *ns, const struct nvme_ns_info *info);

/* ns.c: a namespace and its disk */
void nvme_alloc_ns(struct nvme_ctrl *ctrl, const struct nvme_ns_info *info);
int nvme_update_ns(struct nvme_ns *ns, const struct nvme_ns_info *info);
void nvme_ns_remove(struct nvme_ns *ns);
void nvme_put_ns(struct nvme_ns *ns);
bool nvme_get_ns(struct nvme_ns *ns);
extern const struct block_device_operations nvme_disk_ops;

/* chardev.c, ioctl.c, sysfs.c: what user space sees */
extern const struct file_operations nvme_ctrl_fops;
int nvme_add_ns_cdev(struct nvme_ns *ns);
void nvme_remove_ns_cdev(struct nvme_ns *ns);
long nvme_ctrl_ioctl(struct nvme_ctrl *ctrl, unsigned int cmd, unsigned long arg, bool writable);
int nvme_ns_ioctl(struct nvme_ns *ns, unsigned int cmd, unsigned long arg, bool writable,
		  bool partition);
int nvme_ctrl_uevent(NVME_COMPAT_UEVENT_DEVICE *dev, struct kobj_uevent_env *env);
extern const struct attribute_group *nvme_ctrl_groups[];
extern const struct attribute_group *nvme_ns_groups[];

/* main.c */
extern const char *nvme_node_prefix;
extern struct class *nvme_class;
extern struct class *nvme_generic_class;
extern struct class *nvme_subsys_class;
dev_t nvme_ctrl_devt(int instance);
dev_t nvme_ns_devt(int minor);
#define NVME_MINORS		256

#endif /* NVMESCOPE_CORE_H */
