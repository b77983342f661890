// SPDX-License-Identifier: GPL-2.0
/*
 * Queue pairs and their interrupts: as many pairs as there are CPUs, if the device
 * grants them, each with a vector that its CPU takes.
 */
#include <linux/delay.h>

#include "pci.h"
#include "trace.h"

static unsigned int write_queues;
module_param(write_queues, uint, 0644);
MODULE_PARM_DESC(write_queues, "queues for writes alone; reads then have their own (0: shared)");

static unsigned int poll_queues;
module_param(poll_queues, uint, 0644);
MODULE_PARM_DESC(poll_queues, "queues without interrupts, for polled I/O");

static bool use_threaded_interrupts;
module_param(use_threaded_interrupts, bool, 0444);
MODULE_PARM_DESC(use_threaded_interrupts, "complete requests in a thread");

/* The most queues a device can get here: more than one per CPU and kind is no use. */
unsigned int nvme_max_queues(void)
{
	return 1 + HCTX_MAX_TYPES * num_possible_cpus();
}

/* The parameters may change at any time; a bring-up goes by one value of each. */
static unsigned int wanted_io_queues(struct nvme_dev *dev)
{
	unsigned int cpus = num_possible_cpus();

	dev->write_queues = min(READ_ONCE(write_queues), cpus);
	dev->poll_queues = min(READ_ONCE(poll_queues), cpus);
	return cpus + dev->write_queues + dev->poll_queues;
}

static size_t sq_bytes(struct nvme_queue *nvmeq)
{
	return nvmeq->depth * sizeof(struct nvme_command);
}

static size_t cq_bytes(struct nvme_queue *nvmeq)
{
	return nvmeq->depth * sizeof(struct nvme_completion);
}

/**
 * nvme_alloc_queue() - memory for a queue pair, kept over resets
 * @dev:	the device
 * @qid:	queue identifier
 * @depth:	entries of each queue
 *
 * Return: 0 or -ENOMEM.
 */
int nvme_alloc_queue(struct nvme_dev *dev, u16 qid, u16 depth)
{
	struct nvme_queue *nvmeq = &dev->queues[qid];

	if (nvmeq->cqes)
		return 0;
	nvmeq->depth = depth;
	nvmeq->cqes = dma_alloc_coherent(dev->ctrl.dev, cq_bytes(nvmeq), &nvmeq->cq_dma,
					 GFP_KERNEL);
	if (!nvmeq->cqes)
		return -ENOMEM;
	nvmeq->sqes = dma_alloc_coherent(dev->ctrl.dev, sq_bytes(nvmeq), &nvmeq->sq_dma,
					 GFP_KERNEL);
	if (!nvmeq->sqes) {
		dma_free_coherent(dev->ctrl.dev, cq_bytes(nvmeq), nvmeq->cqes, nvmeq->cq_dma);
		nvmeq->cqes = NULL;
		return -ENOMEM;
	}
	nvmeq->dev = dev;
	nvmeq->qid = qid;
	spin_lock_init(&nvmeq->sq_lock);
	spin_lock_init(&nvmeq->cq_lock);
	return 0;
}

void nvme_free_queues(struct nvme_dev *dev)
{
	unsigned int i;

	for (i = 0; i < dev->nr_queues; i++) {
		struct nvme_queue *nvmeq = &dev->queues[i];

		if (!nvmeq->cqes)
			continue;
		dma_free_coherent(dev->ctrl.dev, cq_bytes(nvmeq), nvmeq->cqes, nvmeq->cq_dma);
		dma_free_coherent(dev->ctrl.dev, sq_bytes(nvmeq), nvmeq->sqes, nvmeq->sq_dma);
		nvmeq->cqes = NULL;
	}
}

/**
 * nvme_init_queue() - both rings empty, as the device has them after creation
 * @nvmeq: a queue pair that is not enabled
 *
 * Entries are new while their phase tag is 1 in the first lap (3.3.3.2), so the
 * memory must hold zeroes.  Doorbells: SQ n's tail, then CQ n's head (PCIe Transport
 * 3.1.2).
 */
void nvme_init_queue(struct nvme_queue *nvmeq)
{
	struct nvme_dev *dev = nvmeq->dev;
	u32 __iomem *dbs = dev->bar + NVME_REG_DBS;

	/* A timeout handler may be on its last look at what the queue held before. */
	spin_lock(&nvmeq->cq_lock);
	nvmeq->sq_tail = 0;
	nvmeq->sq_rung = 0;
	nvmeq->cq_head = 0;
	nvmeq->cq_phase = 1;
	nvmeq->sq_db = dbs + nvmeq->qid * 2 * dev->db_stride;
	nvmeq->cq_db = nvmeq->sq_db + dev->db_stride;
	nvmeq->sq_shadow = NULL;
	nvmeq->cq_shadow = NULL;
	memset(nvmeq->cqes, 0, cq_bytes(nvmeq));
	spin_unlock(&nvmeq->cq_lock);
	/* Whoever finds the queue enabled finds it like this. */
	smp_wmb();
}

static void trace_irq(struct nvme_queue *nvmeq, int irq)
{
	const struct cpumask *mask = pci_irq_get_affinity(nvme_pdev(nvmeq->dev), nvmeq->vector);

	nvme_tell_irq_setup(nvme_ctrl_id(&nvmeq->dev->ctrl), nvmeq->qid, 0, irq, nvmeq->vector,
			    mask ? cpumask_first(mask) : 0,
			    mask ? cpumask_weight(mask) : num_online_cpus());
}

/* Requests the interrupt of a queue's vector.  0 or -errno. */
int nvme_request_queue_irq(struct nvme_queue *nvmeq)
{
	struct nvme_dev *dev = nvmeq->dev;
	struct pci_dev *pdev = nvme_pdev(dev);
	int ret = pci_request_irq(pdev, nvmeq->vector,
				  use_threaded_interrupts ? nvme_irq_check : nvme_irq,
				  use_threaded_interrupts ? nvme_irq : NULL, nvmeq, "%sq%d",
				  dev_name(&dev->ctrl.ctrl_device), nvmeq->qid);

	if (ret)
		return ret;
	set_bit(NVMEQ_IRQ, &nvmeq->flags);
	if (trace_nvs_irq_setup_enabled())
		trace_irq(nvmeq, pci_irq_vector(pdev, nvmeq->vector));
	return 0;
}

static void free_queue_irq(struct nvme_queue *nvmeq)
{
	mutex_lock(&nvmeq->dev->irq_lock);
	if (test_and_clear_bit(NVMEQ_IRQ, &nvmeq->flags))
		pci_free_irq(nvme_pdev(nvmeq->dev), nvmeq->vector, nvmeq);
	mutex_unlock(&nvmeq->dev->irq_lock);
}

/**
 * nvme_silence_queue() - no more submissions, no more interrupts, no more doorbells
 * @nvmeq: a queue whose requests are held back
 */
void nvme_silence_queue(struct nvme_queue *nvmeq)
{
	clear_bit(NVMEQ_ENABLED, &nvmeq->flags);
	/* The lock lets a submitter that saw the queue enabled finish. */
	spin_lock(&nvmeq->sq_lock);
	spin_unlock(&nvmeq->sq_lock);
	free_queue_irq(nvmeq);
	nvme_mute_cq(nvmeq);
}

/**
 * nvme_suspend_queue() - silence a queue, if that is still to be done, and empty it
 * @nvmeq: as above
 *
 * What the device completed before it stopped is taken in.
 */
void nvme_suspend_queue(struct nvme_queue *nvmeq)
{
	nvme_silence_queue(nvmeq);
	nvme_poll_queue(nvmeq, NVS_WHY_CQ_teardown);
}

/* Create I/O Completion Queue (5.4): contiguous; interrupts, if it is not polled. */
static int create_cq(struct nvme_dev *dev, struct nvme_queue *nvmeq)
{
	u16 irq = test_bit(NVMEQ_POLLED, &nvmeq->flags) ? 0 : NVME_CQ_IRQ_ENABLED;
	struct nvme_command cmd = {
		/* LAB(7): fill in Create I/O Completion Queue (5.4) */
		.create_cq = {
			.opcode		= nvme_admin_create_cq,
			.prp1		= cpu_to_le64(nvmeq->cq_dma),
			.cqid		= cpu_to_le16(nvmeq->qid),
			.qsize		= cpu_to_le16(nvmeq->depth - 1),
			.cq_flags	= cpu_to_le16(NVME_QUEUE_PHYS_CONTIG | irq),
			.irq_vector	= cpu_to_le16(nvmeq->vector),
		},
		/* LAB(7) end */
	};
	int ret = nvme_submit_sync_cmd(&dev->ctrl, dev->ctrl.admin_q, &cmd, NULL, 0, NULL);

	if (ret >= 0)
		nvme_tell_queue_create(nvme_ctrl_id(&dev->ctrl), nvmeq->qid, 0, nvmeq->cq_dma,
				       NVS_RING_cq, nvmeq->depth, nvmeq->vector, ret);
	return ret;
}

/* Create I/O Submission Queue (5.5): its CQ, which must exist, has its number. */
static int create_sq(struct nvme_dev *dev, struct nvme_queue *nvmeq)
{
	struct nvme_command cmd = {
		/* LAB(7): fill in Create I/O Submission Queue (5.5) */
		.create_sq = {
			.opcode		= nvme_admin_create_sq,
			.prp1		= cpu_to_le64(nvmeq->sq_dma),
			.sqid		= cpu_to_le16(nvmeq->qid),
			.qsize		= cpu_to_le16(nvmeq->depth - 1),
			.sq_flags	= cpu_to_le16(NVME_QUEUE_PHYS_CONTIG |
						      NVME_SQ_PRIO_MEDIUM),
			.cqid		= cpu_to_le16(nvmeq->qid),
		},
		/* LAB(7) end */
	};
	int ret = nvme_submit_sync_cmd(&dev->ctrl, dev->ctrl.admin_q, &cmd, NULL, 0, NULL);

	if (ret >= 0)
		nvme_tell_queue_create(nvme_ctrl_id(&dev->ctrl), nvmeq->qid, 0, nvmeq->sq_dma,
				       NVS_RING_sq, nvmeq->depth, 0, ret);
	return ret;
}

static int delete_queue_sync(struct nvme_dev *dev, u8 opcode, u16 qid)
{
	struct nvme_command cmd = {
		.delete_queue = {
			.opcode	= opcode,
			.qid	= cpu_to_le16(qid),
		},
	};

	return nvme_submit_sync_cmd(&dev->ctrl, dev->ctrl.admin_q, &cmd, NULL, 0, NULL);
}

/* The device has both queues of the pair: from here on they are used. */
static int put_online(struct nvme_dev *dev, struct nvme_queue *nvmeq)
{
	int ret = 0;

	if (!nvme_begin_setup(dev, NVS_STATE_connecting))
		return -EBUSY;
	/* Before the interrupt: its handler looks at the ring. */
	nvme_init_queue(nvmeq);
	if (!test_bit(NVMEQ_POLLED, &nvmeq->flags))
		ret = nvme_request_queue_irq(nvmeq);
	if (!ret) {
		set_bit(NVMEQ_ENABLED, &nvmeq->flags);
		dev->online_queues++;
	}
	nvme_end_setup(dev);
	return ret;
}

static int create_queue(struct nvme_dev *dev, u16 qid, bool polled)
{
	struct nvme_queue *nvmeq = &dev->queues[qid];
	int ret;

	if (polled)
		set_bit(NVMEQ_POLLED, &nvmeq->flags);
	else
		clear_bit(NVMEQ_POLLED, &nvmeq->flags);
	/* LAB(7): create the pair, put it online.  Starter: return -EOPNOTSUPP; */
	nvmeq->vector = dev->num_vecs > 1 && !polled ? qid : 0;
	ret = create_cq(dev, nvmeq);
	if (ret)
		return ret;
	ret = create_sq(dev, nvmeq);
	if (ret)
		goto out_delete_cq;
	ret = put_online(dev, nvmeq);
	if (ret)
		goto out_delete_sq;
	return 0;

out_delete_sq:
	delete_queue_sync(dev, nvme_admin_delete_sq, qid);
out_delete_cq:
	delete_queue_sync(dev, nvme_admin_delete_cq, qid);
	return ret;
	/* LAB(7) end */
}

/* There are fewer queues than planned: give up the last first. */
static void fit_queue_kinds(struct nvme_dev *dev, unsigned int count)
{
	unsigned int type;

	for (type = 0; type < HCTX_MAX_TYPES; type++) {
		dev->io_queues[type] = min(dev->io_queues[type], count);
		count -= dev->io_queues[type];
	}
}

static int create_io_queues(struct nvme_dev *dev, unsigned int count)
{
	unsigned int first_polled = count - dev->io_queues[HCTX_TYPE_POLL] + 1;
	unsigned int qid;
	int ret = 0;

	for (qid = 1; qid <= count; qid++) {
		ret = nvme_alloc_queue(dev, qid, dev->q_depth);
		if (!ret)
			ret = create_queue(dev, qid, qid >= first_polled);
		if (ret)
			break;
	}
	/* Fewer queues are slower, none are useless; only a dead device is an error. */
	if (ret && ret != -EINTR && ret != -EIO && ret != -EBUSY) {
		dev_warn(dev->ctrl.dev, "queue %u could not be created (%d): %u I/O queues\n",
			 qid, ret, dev->online_queues - 1);
		ret = 0;
	}
	fit_queue_kinds(dev, dev->online_queues - 1);
	dev->ctrl.queue_count = dev->online_queues;
	return ret;
}

static int nvme_create_io_queues(struct nvme_dev *dev, unsigned int count)
{
	struct nvme_phase phase;

	nvme_phase_begin(&phase, nvme_ctrl_id(&dev->ctrl), NVS_PHASE_nvme_create_io_queues);
	return nvme_phase_end(&phase, create_io_queues(dev, count));
}

/* Trades the one vector for one per queue.  The admin queue is held meanwhile. */
static int trade_vectors(struct nvme_dev *dev, unsigned int count)
{
	struct nvme_queue *adminq = &dev->queues[0];
	int ret;

	clear_bit(NVMEQ_ENABLED, &adminq->flags);
	free_queue_irq(adminq);
	pci_free_irq_vectors(nvme_pdev(dev));
	ret = nvme_remap_bar(dev, NVME_REG_DBS + (count + 1) * 8 * dev->db_stride);
	if (ret)
		return ret;
	/* The mapping may have moved, and the doorbells with it. */
	adminq->sq_db = dev->bar + NVME_REG_DBS;
	adminq->cq_db = adminq->sq_db + dev->db_stride;
	ret = nvme_setup_irqs(dev, count);
	if (ret)
		return ret;
	ret = nvme_request_queue_irq(adminq);
	if (ret)
		return ret;
	set_bit(NVMEQ_ENABLED, &adminq->flags);
	/* What completed while there was no interrupt to tell. */
	nvme_poll_queue(adminq, NVS_WHY_CQ_teardown);
	return 0;
}

static int change_vectors(struct nvme_dev *dev, unsigned int count)
{
	int ret;

	/* Others may have commands to send: temperatures are read at any time. */
	nvme_quiesce_admin_queue(&dev->ctrl);
	ret = -EBUSY;
	if (nvme_begin_setup(dev, NVS_STATE_connecting)) {
		ret = trade_vectors(dev, count);
		nvme_end_setup(dev);
	}
	nvme_unquiesce_admin_queue(&dev->ctrl);
	return ret;
}

static int setup_io_queues(struct nvme_dev *dev)
{
	unsigned int type;
	unsigned int count = wanted_io_queues(dev);
	int ret;

	ret = nvme_set_queue_count(&dev->ctrl, &count);
	if (ret)
		return ret;
	dev->ctrl.queue_count = 1;
	if (!count)
		return 0;
	ret = change_vectors(dev, count);
	if (ret)
		return ret;
	for (count = 0, type = 0; type < HCTX_MAX_TYPES; type++)
		count += dev->io_queues[type];
	return nvme_create_io_queues(dev, count);
}

/**
 * nvme_setup_io_queues() - negotiate, allocate and create the I/O queues
 * @dev: the device, its admin queue live
 *
 * Return: 0, even if there is none, or -errno.
 */
int nvme_setup_io_queues(struct nvme_dev *dev)
{
	struct nvme_phase phase;

	nvme_phase_begin(&phase, nvme_ctrl_id(&dev->ctrl), NVS_PHASE_nvme_setup_io_queues);
	return nvme_phase_end(&phase, setup_io_queues(dev));
}

/* Deletions in flight; lives until the last of them has ended. */
struct deletion {
	struct kref ref;
	struct completion done;
	atomic_t left;
};

struct deleted_queue {
	struct deletion *all;
	struct nvme_queue *nvmeq;
	enum nvs_RING ring;
};

static void free_deletion(struct kref *ref)
{
	kfree(container_of(ref, struct deletion, ref));
}

static NVME_COMPAT_END_IO(deletion_done, rq, error)
{
	struct deleted_queue *dq = rq->end_io_data;
	struct deletion *all = dq->all;

	nvme_tell_queue_delete(nvme_ctrl_id(&dq->nvmeq->dev->ctrl), dq->nvmeq->qid, 0, dq->ring,
			       nvme_req(rq)->status);
	kfree(dq);
	if (atomic_dec_and_test(&all->left))
		complete(&all->done);
	kref_put(&all->ref, free_deletion);
	return RQ_END_IO_FREE;
}

static int send_deletion(struct deletion *all, struct nvme_queue *nvmeq, enum nvs_RING ring)
{
	struct nvme_ctrl *ctrl = &nvmeq->dev->ctrl;
	struct nvme_command cmd = {
		.delete_queue = {
			.opcode = ring == NVS_RING_sq ? nvme_admin_delete_sq :
							nvme_admin_delete_cq,
			.qid	= cpu_to_le16(nvmeq->qid),
		},
	};
	struct deleted_queue *dq;
	struct request *rq;

	dq = kmalloc(sizeof(*dq), GFP_KERNEL);
	if (!dq)
		return -ENOMEM;
	/* Not waiting: if the tags are used up, the device has stopped answering. */
	rq = blk_mq_alloc_request(ctrl->admin_q, REQ_OP_DRV_OUT, BLK_MQ_REQ_NOWAIT);
	if (IS_ERR(rq)) {
		kfree(dq);
		return PTR_ERR(rq);
	}
	nvme_init_internal_request(rq, ctrl, &cmd);
	*dq = (struct deleted_queue) { .all = all, .nvmeq = nvmeq, .ring = ring };
	rq->end_io = deletion_done;
	rq->end_io_data = dq;
	kref_get(&all->ref);
	atomic_inc(&all->left);
	blk_execute_rq_nowait(rq, false);
	return 0;
}

/*
 * All queues of one kind at once: the device may take its time over each.  The
 * wait has an end of its own, because the timeout handler leaves commands of a
 * controller that is going down to us.
 */
static int delete_rings(struct nvme_dev *dev, enum nvs_RING ring)
{
	unsigned long deadline = jiffies + nvme_admin_timeout * HZ;
	struct deletion *all = kmalloc(sizeof(*all), GFP_KERNEL);
	int qid, ret = 0;

	if (!all)
		return -ENOMEM;
	kref_init(&all->ref);
	init_completion(&all->done);
	atomic_set(&all->left, 1);	/* ours, until all are sent */
	for (qid = dev->online_queues - 1; qid > 0; qid--) {
		/* More queues than tags: some must come back first. */
		while ((ret = send_deletion(all, &dev->queues[qid], ring)) == -EWOULDBLOCK &&
		       atomic_read(&all->left) > 1 && time_before(jiffies, deadline))
			usleep_range(100, 200);
		if (ret)
			break;
	}
	if (!atomic_dec_and_test(&all->left) &&
	    !wait_for_completion_timeout(&all->done, nvme_admin_timeout * HZ))
		ret = -ETIMEDOUT;
	kref_put(&all->ref, free_deletion);
	return ret;
}

/**
 * nvme_delete_io_queues() - delete all SQs, then all CQs (5.6, 5.7)
 * @dev: the device; nothing is submitted to its I/O queues any more
 *
 * A failure is not reported: the shutdown or reset that follows deletes them too.
 */
void nvme_delete_io_queues(struct nvme_dev *dev)
{
	struct nvme_phase phase;
	int qid, ret;

	nvme_phase_begin(&phase, nvme_ctrl_id(&dev->ctrl), NVS_PHASE_nvme_delete_io_queues);
	ret = delete_rings(dev, NVS_RING_sq);
	/* Nothing completes there any more: a last doorbell, or the line of INTx would stay up. */
	for (qid = dev->online_queues - 1; !ret && qid > 0; qid--) {
		nvme_poll_queue(&dev->queues[qid], NVS_WHY_CQ_teardown);
		nvme_silence_queue(&dev->queues[qid]);
	}
	if (!ret)
		ret = delete_rings(dev, NVS_RING_cq);
	nvme_phase_end(&phase, ret);
}
