// SPDX-License-Identifier: GPL-2.0
/*
 * The way back: an interrupt (or someone who cannot wait for one) finds new
 * entries in the completion queue, tells the device that their slots are free
 * again, and ends the requests.
 */
#include "pci.h"
#include "trace.h"

/* An entry is new while its phase tag is the one of this lap (3.3.3.2). */
static inline bool is_new(const struct nvme_queue *nvmeq, const struct nvme_completion *cqe)
{
	/* LAB(6): is it of this lap?  Starter: return false; */
	return (le16_to_cpu(READ_ONCE(cqe->status)) & 1) == nvmeq->cq_phase;
	/* LAB(6) end */
}

/* Whose entry is it?  NULL, and @match says why, if no request's. */
static __always_inline struct request *find_request(struct nvme_queue *nvmeq, u16 cid,
						    enum nvs_CQE *match)
{
	unsigned int tag = NVME_CID_TAG(cid);
	struct request *rq = blk_mq_tag_to_rq(nvme_queue_tags(nvmeq), tag);

	if (!rq || !blk_mq_request_started(rq)) {
		*match = NVS_CQE_unknown;
		return NULL;
	}
	if (nvme_req(rq)->cid != cid) {
		*match = NVS_CQE_stale;
		return NULL;
	}
	*match = NVS_CQE_request;
	return rq;
}

static noinline void trace_cqe(struct nvme_queue *nvmeq, const struct nvme_completion *cqe,
			       enum nvs_CQE match)
{
	nvme_tell_cqe(nvme_ctrl_id(&nvmeq->dev->ctrl), nvmeq->qid, cqe->command_id,
		      le64_to_cpu(cqe->result.u64), nvmeq->cq_head, nvmeq->cq_phase,
		      le16_to_cpu(cqe->sq_head), le16_to_cpu(cqe->status) >> 1, match);
}

static noinline void trace_batch(struct request *first)
{
	unsigned int count = 0;
	struct request *rq;

	for (rq = first; rq; rq = rq->rq_next)
		count++;
	nvme_tell_batch_complete(nvme_ctrl_id(nvme_req(first)->ctrl), nvme_req_qid(first), 0,
				 count);
}

static __always_inline void finish_batch(struct io_comp_batch *iob)
{
	struct request *rq;

	for (rq = nvme_compat_rqlist_first(&iob->req_list); rq; rq = rq->rq_next) {
		if (blk_rq_nr_phys_segments(rq))
			nvme_unmap_data(to_nvme_dev(nvme_req(rq)->ctrl), rq);
		if (trace_nvs_io_enabled())
			nvme_level_end(rq, NVS_HOW_DONE_batched);
		nvme_complete_batch_req(rq);
	}
	if (nvme_telling_steps())
		trace_batch(nvme_compat_rqlist_first(&iob->req_list));
}

static void nvme_pci_complete_batch(struct io_comp_batch *iob)
{
	NVME_STRETCH(finish_batch(iob));
	blk_mq_end_request_batch(iob);
}

/*
 * Ends a request: on the CPU that sent it, if blk-mq wants that; in a batch, if
 * there is one and nothing went wrong; else here and now.
 */
static __always_inline void end_request(struct request *rq, struct io_comp_batch *iob)
{
	if (blk_mq_complete_request_remote(rq))
		return;
	if (!blk_mq_add_to_batch(rq, iob, nvme_req(rq)->status, nvme_pci_complete_batch))
		nvme_pci_complete_rq(rq);
}

/* An entry that ends no request: an event, or something that must not be. */
static noinline void handle_other(struct nvme_queue *nvmeq, const struct nvme_completion *cqe,
				  enum nvs_CQE match)
{
	struct nvme_ctrl *ctrl = &nvmeq->dev->ctrl;
	union nvme_result result = cqe->result;

	if (match == NVS_CQE_async_event) {
		nvme_complete_async_event(ctrl, cqe->status, &result);
		return;
	}
	dev_warn_ratelimited(ctrl->dev, "queue %u: completion for %s command %#x ignored\n",
			     nvmeq->qid, match == NVS_CQE_stale ? "a past use of" : "unknown",
			     cqe->command_id);
}

static __always_inline void handle_cqe(struct nvme_queue *nvmeq, const struct nvme_completion *cqe,
				       struct io_comp_batch *iob)
{
	enum nvs_CQE match = NVS_CQE_async_event;
	struct request *rq = NULL;

	if (likely(nvmeq->qid || cqe->command_id != NVME_AER_CID))
		rq = find_request(nvmeq, cqe->command_id, &match);
	if (unlikely(!rq)) {
		if (nvme_telling_steps())
			trace_cqe(nvmeq, cqe, match);
		handle_other(nvmeq, cqe, match);
		return;
	}
	if (nvme_telling_steps())
		trace_cqe(nvmeq, cqe, NVS_CQE_request);
	if (trace_nvs_io_enabled())
		nvme_level_found(nvmeq, rq);
	nvme_req_finish(rq, cqe->status, cqe->result);
	end_request(rq, iob);
}

static noinline void trace_cq(struct nvme_queue *nvmeq, u16 old_head, u16 count, enum nvs_BELL how)
{
	if (nvmeq->cq_shadow == &nvmeq->cq_mute)
		return;
	nvme_tell_cq_doorbell(nvme_ctrl_id(&nvmeq->dev->ctrl), nvmeq->qid, 0, old_head,
			      nvmeq->cq_head, count, how);
}

/* Slots up to cq_head are the device's again (CQyHDBL, PCIe Transport 3.1.2.2). */
static __always_inline void ring_cq(struct nvme_queue *nvmeq, u16 old_head, u16 count)
{
	u16 new_head = nvmeq->cq_head;

	if (nvmeq->cq_shadow) {
		if (nvme_telling_steps())
			trace_cq(nvmeq, old_head, count, NVS_BELL_shadow);
		if (!nvme_shadow_update(nvmeq->cq_shadow, nvmeq->cq_event_idx, old_head, new_head))
			return;
		old_head = new_head;
		count = 0;
	}
	if (nvme_telling_steps())
		trace_cq(nvmeq, old_head, count, NVS_BELL_mmio);
	writel(new_head, nvmeq->cq_db);
}

static noinline void trace_enter(struct nvme_queue *nvmeq, enum nvs_WHY_CQ why, u16 head)
{
	nvme_tell_cq_enter(nvme_ctrl_id(&nvmeq->dev->ctrl), nvmeq->qid, 0, why, head,
			   nvmeq->cq_phase, nvmeq->vector);
}

static noinline void trace_exit(struct nvme_queue *nvmeq, enum nvs_WHY_CQ why, unsigned int found)
{
	nvme_tell_cq_exit(nvme_ctrl_id(&nvmeq->dev->ctrl), nvmeq->qid, 0, why, found);
}

/*
 * Takes in all that is new.  Returns how many entries that were.  A part of its callers, with all
 * that it calls for an entry: at depth 1 that spares a tenth of what completing a read takes.
 */
static __always_inline unsigned int process_cq(struct nvme_queue *nvmeq, enum nvs_WHY_CQ why,
					       struct io_comp_batch *iob)
{
	struct nvme_completion *cqe = &nvmeq->cqes[nvmeq->cq_head];
	u16 old_head = nvmeq->cq_head;
	unsigned int found = 0;

	if (nvme_telling_steps())
		trace_enter(nvmeq, why, old_head);
	if (trace_nvs_io_enabled())
		nvme_level_look(nvmeq, why);
	/* LAB(6): take in what is new, entry by entry, and give all of it back at once. */
	while (is_new(nvmeq, cqe)) {
		/* The rest of the entry must not be read before its phase tag. */
		dma_rmb();
		handle_cqe(nvmeq, cqe, iob);
		found++;
		if (++nvmeq->cq_head == nvmeq->depth) {
			nvmeq->cq_head = 0;
			nvmeq->cq_phase ^= 1;
		}
		cqe = &nvmeq->cqes[nvmeq->cq_head];
	}
	if (found)
		ring_cq(nvmeq, old_head, found);
	/* LAB(6) end */
	if (nvme_telling_steps())
		trace_exit(nvmeq, why, found);
	return found;
}

static __always_inline unsigned int take_in(struct nvme_queue *nvmeq)
{
	DEFINE_IO_COMP_BATCH(iob);
	unsigned int found;

	found = process_cq(nvmeq, NVS_WHY_CQ_irq, &iob);
	if (!nvme_compat_rqlist_empty(&iob.req_list))
		nvme_pci_complete_batch(&iob);
	return found;
}

irqreturn_t nvme_irq(int irq, void *data)
{
	unsigned int found;

	/* INTx and single-vector MSI: one line, and all queues ask whether it is theirs. */
	NVME_STRETCH(found = take_in(data));
	return found ? IRQ_HANDLED : IRQ_NONE;
}

/* With use_threaded_interrupts: is there work for the thread, nvme_irq()? */
irqreturn_t nvme_irq_check(int irq, void *data)
{
	struct nvme_queue *nvmeq = data;

	return is_new(nvmeq, &nvmeq->cqes[nvmeq->cq_head]) ? IRQ_WAKE_THREAD : IRQ_NONE;
}

/* Apart, so that a look that finds nothing costs little. */
static noinline unsigned int take_polled(struct nvme_queue *nvmeq, struct io_comp_batch *iob)
{
	unsigned int found;

	spin_lock(&nvmeq->cq_lock);
	NVME_STRETCH(found = process_cq(nvmeq, NVS_WHY_CQ_poll, iob));
	spin_unlock(&nvmeq->cq_lock);
	return found;
}

/**
 * nvme_poll() - blk-mq's look into a queue without interrupts
 * @hctx:	of a poll queue
 * @iob:	where completed requests may be gathered
 *
 * Looks that find nothing leave no trace: there are millions of them.
 *
 * Return: how many requests have completed.
 */
int nvme_poll(struct blk_mq_hw_ctx *hctx, struct io_comp_batch *iob)
{
	struct nvme_queue *nvmeq = hctx->driver_data;

	if (!is_new(nvmeq, &nvmeq->cqes[READ_ONCE(nvmeq->cq_head)]))
		return 0;
	return take_polled(nvmeq, iob);
}

/**
 * nvme_poll_queue() - look into a completion queue without an interrupt
 * @nvmeq:	the queue
 * @why:	for the trace
 *
 * The interrupt is switched off meanwhile: the ring has one reader.  Process
 * context.
 */
void nvme_poll_queue(struct nvme_queue *nvmeq, enum nvs_WHY_CQ why)
{
	struct pci_dev *pdev = nvme_pdev(nvmeq->dev);
	bool has_irq;

	mutex_lock(&nvmeq->dev->irq_lock);
	has_irq = test_bit(NVMEQ_IRQ, &nvmeq->flags);
	if (has_irq)
		disable_irq(pci_irq_vector(pdev, nvmeq->vector));
	spin_lock(&nvmeq->cq_lock);
	process_cq(nvmeq, why, NULL);
	spin_unlock(&nvmeq->cq_lock);
	if (has_irq)
		enable_irq(pci_irq_vector(pdev, nvmeq->vector));
	mutex_unlock(&nvmeq->dev->irq_lock);
}

/**
 * nvme_mute_cq() - no doorbell for what is taken out of this CQ from now on
 * @nvmeq: a queue whose interrupt is freed; until nvme_init_queue()
 *
 * A controller that is stopped has no use for its slots, and must not be told (3.5.1).  So
 * that I/O need not ask: a shadow doorbell that is its own event index says, whatever is
 * written to it, that the register needs no write.
 */
void nvme_mute_cq(struct nvme_queue *nvmeq)
{
	spin_lock(&nvmeq->cq_lock);
	nvmeq->cq_shadow = &nvmeq->cq_mute;
	nvmeq->cq_event_idx = &nvmeq->cq_mute;
	spin_unlock(&nvmeq->cq_lock);
}

static __always_inline void finish(struct request *rq)
{
	if (blk_rq_nr_phys_segments(rq))
		nvme_unmap_data(to_nvme_dev(nvme_req(rq)->ctrl), rq);
	if (trace_nvs_io_enabled())
		nvme_level_end(rq, NVS_HOW_DONE_direct);
	nvme_complete_rq(rq);
}

/**
 * nvme_pci_complete_rq() - end one request: memory back, then on to the core
 * @rq: the request, its status known
 */
void nvme_pci_complete_rq(struct request *rq)
{
	NVME_STRETCH(finish(rq));
}
