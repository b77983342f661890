/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The PCIe transport's own: a function, its queue pairs, and its part of a request.
 *
 * Order of reading: pci.c (module, probe, removal), pci_reset.c (bring-up, in the
 * order of 3.5.1), pci_queue.c and pci_vectors.c (queues, their interrupts),
 * pci_submit.c and pci_map.c (a command on its way), pci_complete.c (and back),
 * pci_timeout.c (or not), pci_level.c (what it tells of itself at its end),
 * pci_error.c and pci_pm.c (when the function goes away for a while).
 */
#ifndef NVMESCOPE_PCI_H
#define NVMESCOPE_PCI_H

#include <linux/dma-mapping.h>
#include <linux/dmapool.h>
#include <linux/interrupt.h>
#include <linux/mempool.h>
#include <linux/pci.h>
#include <linux/scatterlist.h>

#include "core.h"

/* Largest transfer, and what it takes: its list of PRP entries fills 5 pages. */
#define NVME_MAX_BYTES		(8u << 20)
#define NVME_MAX_SEGMENTS	128
#define NVME_PRPS_PER_PAGE	(NVME_CTRL_PAGE_SIZE / sizeof(__le64))
#define NVME_PRPS_PER_SMALL	32
#define NVME_MAX_PRP_LISTS	5
/* SGL descriptors (4.1.2) that fit the two kinds of list. */
#define NVME_SGL_PER_SMALL	\
	(NVME_PRPS_PER_SMALL * sizeof(__le64) / sizeof(struct nvme_sgl_desc))

/* A submission queue with the completion queue that serves it. */
struct nvme_queue {
	struct nvme_dev *dev;
	u16 qid;
	u16 depth;		/* entries of SQ and of CQ */
	u16 vector;		/* MSI-X table entry of the CQ */
	unsigned long flags;

	/* Submission: written under sq_lock by whoever submits. */
	spinlock_t sq_lock ____cacheline_aligned_in_smp;
	struct nvme_command *sqes;
	u32 __iomem *sq_db;	/* SQyTDBL: PCIe Transport 3.1.2.1 */
	u16 sq_tail;		/* slot of the next command */
	u16 sq_rung;		/* tail value that the device has been told */
	__le32 *sq_shadow;	/* instead of sq_db, mostly; NULL: not used */
	__le32 *sq_event_idx;	/* written by the device */

	/*
	 * Completion: written by the interrupt handler alone, and under cq_lock
	 * by the timeout handler while the interrupt is off.
	 */
	struct nvme_completion *cqes ____cacheline_aligned_in_smp;
	u32 __iomem *cq_db;	/* CQyHDBL: PCIe Transport 3.1.2.2 */
	u16 cq_head;		/* slot of the next entry */
	u8 cq_phase;		/* phase tag of entries that are new (3.3.3.2) */
	__le32 *cq_shadow;	/* as above; &cq_mute: not rung at all */
	__le32 *cq_event_idx;
	spinlock_t cq_lock;	/* readers without an interrupt: one at a time */

	/* Levels io and hist, while somebody listens (pci_level.c) */
	u64 look;		/* when somebody last began to look at the CQ */
	u16 look_why;
	atomic64_t at_driver;	/* requests; in the upper half: in which watch */

	__le32 cq_mute;
	dma_addr_t sq_dma;
	dma_addr_t cq_dma;
};

/* nvme_queue.flags */
#define NVMEQ_ENABLED	0	/* the device knows both queues; submit */
#define NVMEQ_IRQ	1	/* its interrupt is requested */
#define NVMEQ_POLLED	2	/* it has none: completions are looked for */

struct nvme_dev {
	struct nvme_ctrl ctrl;
	struct nvme_queue *queues;	/* 0 is admin; nr_queues of them */
	unsigned int nr_queues;		/* allocated, admin included */
	unsigned int io_queues[HCTX_MAX_TYPES];	/* default, read, poll: in this order */
	unsigned int online_queues;	/* created on the device, admin included */
	unsigned int write_queues;	/* the parameters, as this bring-up found them */
	unsigned int poll_queues;
	struct blk_mq_tag_set tagset;
	struct blk_mq_tag_set admin_tagset;

	void __iomem *bar;
	unsigned long bar_size;		/* bytes mapped */
	u32 db_stride;			/* doorbell distance, units of 4 bytes */
	u32 q_depth;
	unsigned int num_vecs;
	unsigned int irq_types;		/* PCI_IRQ_*: what the other vectors may be */
	/* The kinds of queues that the tag set's maps were made of, and their vectors */
	unsigned int mapped_queues[HCTX_MAX_TYPES];
	unsigned int mapped_vecs;

	/* Shadow doorbells and event indices, a page each; NULL: not used */
	__le32 *shadow;
	__le32 *event_idx;
	dma_addr_t shadow_dma;
	dma_addr_t event_idx_dma;

	struct dma_pool *prp_page_pool;
	struct dma_pool *prp_small_pool;
	mempool_t *sg_pool;

	/* One thread at a time takes the device down, or sets up what would be taken down. */
	struct mutex shutdown_lock;
	struct mutex irq_lock;		/* no interrupt is freed while somebody has it disabled */

	/* nvme_hold(): who keeps it down */
	struct mutex hold_lock;
	unsigned int holds;
	bool error_hold;	/* from error_detected() to resume() */
	bool flr_hold;		/* from reset_prepare() to reset_done() */
	bool sleep_hold;	/* from suspend to resume */
	bool asleep;		/* its queues are frozen */
	struct delayed_work give_up_work;	/* recovery from a PCI error that never ends */
};

/* The transport's part of a request: SQ entry, and what its data pointer holds. */
struct nvme_iod {
	struct nvme_req req;
	struct nvme_command cmd;
	bool aborted;			/* an Abort command was sent for it */
	bool use_sgl;
	u8 nr_lists;			/* of PRP entries, or one of SGL descriptors */
	bool small_list;		/* the one list is from prp_small_pool */
	u32 dma_len;			/* bytes mapped without a scatterlist, or 0 */
	dma_addr_t dma_addr;		/* of these bytes */
	dma_addr_t list_dma;		/* of lists[0] */
	u32 meta_len;			/* bytes of metadata mapped, if the request has any */
	dma_addr_t meta_dma;
	struct sg_table sgt;		/* sgl is NULL if there is none */
	__le64 *lists[NVME_MAX_PRP_LISTS];

	/* What is told of it at levels io and hist, noted while somebody listens (pci_level.c) */
	u32 watch;			/* in which it noted its beginning; 0: in none */
	struct nvs_io io;
};

static inline struct nvme_dev *to_nvme_dev(struct nvme_ctrl *ctrl)
{
	return container_of(ctrl, struct nvme_dev, ctrl);
}

static inline struct blk_mq_tags *nvme_queue_tags(struct nvme_queue *nvmeq)
{
	struct nvme_dev *dev = nvmeq->dev;

	return nvmeq->qid ? dev->tagset.tags[nvmeq->qid - 1] : dev->admin_tagset.tags[0];
}

static inline struct pci_dev *nvme_pdev(struct nvme_dev *dev)
{
	return to_pci_dev(dev->ctrl.dev);
}

/* pci.c */
int nvme_remap_bar(struct nvme_dev *dev, unsigned long size);

/* pci_ids.c */
extern const struct pci_device_id nvme_id_table[];
void nvme_set_id_quirks(struct nvme_dev *dev, struct pci_dev *pdev,
			const struct pci_device_id *id);

/* pci_reset.c */
void nvme_reset_work(struct work_struct *work);
void nvme_dev_disable(struct nvme_dev *dev, bool shutdown);
bool nvme_dev_try_disable(struct nvme_dev *dev);
bool nvme_begin_setup(struct nvme_dev *dev, enum nvs_STATE state);
void nvme_end_setup(struct nvme_dev *dev);
void nvme_remove_dead_ctrl(struct nvme_dev *dev, int why);

/* pci_queue.c */
int nvme_alloc_queue(struct nvme_dev *dev, u16 qid, u16 depth);
void nvme_free_queues(struct nvme_dev *dev);
void nvme_init_queue(struct nvme_queue *nvmeq);
int nvme_request_queue_irq(struct nvme_queue *nvmeq);
void nvme_silence_queue(struct nvme_queue *nvmeq);
void nvme_suspend_queue(struct nvme_queue *nvmeq);
unsigned int nvme_max_queues(void);
int nvme_setup_io_queues(struct nvme_dev *dev);
void nvme_delete_io_queues(struct nvme_dev *dev);

/* pci_vectors.c */
int nvme_alloc_first_vector(struct nvme_dev *dev);
int nvme_setup_irqs(struct nvme_dev *dev, unsigned int count);

/* pci_map.c */
blk_status_t nvme_map_data(struct nvme_dev *dev, struct request *rq);
void nvme_unmap_data(struct nvme_dev *dev, struct request *rq);

/* pci_shadow.c */
void nvme_alloc_shadow(struct nvme_dev *dev);
void nvme_free_shadow(struct nvme_dev *dev);
int nvme_config_shadow(struct nvme_dev *dev);
/**
 * nvme_shadow_update() - write a shadow doorbell
 * @shadow:	where
 * @event_idx:	where the device says what it waits for
 * @old:	value before
 * @value:	value now
 *
 * Return: true if the register must be written too.
 */
static inline bool nvme_shadow_update(__le32 *shadow, const __le32 *event_idx, u16 old, u16 value)
{
	u16 waits_for;

	/* The queue entries before their announcement, ... */
	dma_wmb();
	WRITE_ONCE(*shadow, cpu_to_le32(value));
	/* ... and that before the look whether the device may be asleep. */
	mb();
	waits_for = le32_to_cpu(READ_ONCE(*event_idx));
	/* Was the event index passed on the way from old to value?  Modulo 2^16. */
	return (u16)(value - waits_for - 1) < (u16)(value - old);
}

/* pci_meta.c */
blk_status_t nvme_start_with_metadata(struct nvme_dev *dev, struct request *rq);
void nvme_unmap_metadata(struct nvme_dev *dev, struct request *rq);

/* pci_submit.c */
void nvme_pci_submit_async_event(struct nvme_ctrl *ctrl);
extern const struct blk_mq_ops nvme_mq_ops;
extern const struct blk_mq_ops nvme_mq_admin_ops;

/* pci_level.c */
void nvme_level_init(struct nvme_iod *iod, u16 qid);
void nvme_level_begin(struct request *rq);
void nvme_level_unbuilt(struct request *rq);
void nvme_level_bell(struct nvme_queue *nvmeq, u16 from, u16 to);
void nvme_level_look(struct nvme_queue *nvmeq, enum nvs_WHY_CQ why);
void nvme_level_end(struct request *rq, enum nvs_HOW_DONE how);

/* That look found a request's entry. */
static inline void nvme_level_found(const struct nvme_queue *nvmeq, struct request *rq)
{
	struct nvme_iod *iod = blk_mq_rq_to_pdu(rq);

	iod->io.seen = nvmeq->look;
	iod->io.why = nvmeq->look_why;
}

/* pci_complete.c */
irqreturn_t nvme_irq(int irq, void *data);
irqreturn_t nvme_irq_check(int irq, void *data);
int nvme_poll(struct blk_mq_hw_ctx *hctx, struct io_comp_batch *iob);
void nvme_pci_complete_rq(struct request *rq);
void nvme_poll_queue(struct nvme_queue *nvmeq, enum nvs_WHY_CQ why);
void nvme_mute_cq(struct nvme_queue *nvmeq);

/* pci_error.c */
int nvme_hold(struct nvme_dev *dev);
int nvme_let_go(struct nvme_dev *dev, enum nvs_WHY_RESET why);
void nvme_give_up_work(struct work_struct *work);
extern const struct pci_error_handlers nvme_error_handlers;

/* pci_pm.c */
extern const struct dev_pm_ops nvme_pm_ops;
void nvme_shutdown(struct pci_dev *pdev);

/* pci_timeout.c */
enum blk_eh_timer_return nvme_timeout(struct request *rq);

#endif /* NVMESCOPE_PCI_H */
