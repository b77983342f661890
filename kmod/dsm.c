// SPDX-License-Identifier: GPL-2.0
/*
 * The commands that are neither Read, Write nor Flush: Dataset Management and
 * Write Zeroes (NVM Command Set Specification 1.0, 3.2.3 and 3.2.8), and those of
 * zones, which zns.c builds.  They are kept out of nvme_setup_cmd(), which every
 * read and write goes through.
 */
#include <linux/slab.h>

#include "core.h"

/* Command dword 12 of Write Zeroes: the blocks may be deallocated. */
#define WRITE_ZEROES_DEAC	BIT(25 - 16)

/*
 * Ranges are the command's data, which no caller of discard brought along.  The
 * whole table, 4 KiB, even for one range: a device may fetch it at once.
 * When there is no memory, which may be why somebody discards, one command at a
 * time has the controller's own page.
 */
static struct nvme_dsm_range *get_ranges(struct nvme_ctrl *ctrl)
{
	size_t size = sizeof(struct nvme_dsm_range) * NVME_DSM_MAX_RANGES;
	void *ranges = kzalloc(size, GFP_ATOMIC | __GFP_NOWARN);

	if (ranges)
		return ranges;
	if (test_and_set_bit_lock(0, &ctrl->discard_page_busy))
		return NULL;
	return memset(ctrl->discard_page, 0, size);
}

static void put_ranges(struct nvme_ctrl *ctrl, void *ranges)
{
	if (ranges == ctrl->discard_page)
		clear_bit_unlock(0, &ctrl->discard_page_busy);
	else
		kfree(ranges);
}

/*
 * One range for each bio of the request.  Returns how many.  Where the block layer
 * counts one, it may have merged several bios, but they follow each other.
 */
static unsigned int fill_ranges(struct nvme_ns *ns, struct request *rq,
				struct nvme_dsm_range *ranges, unsigned int room)
{
	unsigned int shift = ns->lba_shift - SECTOR_SHIFT;
	unsigned int n = 0;
	struct bio *bio;

	if (room == 1) {
		ranges[0].slba = cpu_to_le64(blk_rq_pos(rq) >> shift);
		ranges[0].nlb = cpu_to_le32(blk_rq_bytes(rq) >> ns->lba_shift);
		return 1;
	}
	__rq_for_each_bio(bio, rq) {
		if (n < room) {
			ranges[n].slba = cpu_to_le64(bio->bi_iter.bi_sector >> shift);
			ranges[n].nlb = cpu_to_le32(bio->bi_iter.bi_size >> ns->lba_shift);
		}
		n++;
	}
	return n;
}

static blk_status_t setup_discard(struct nvme_ns *ns, struct request *rq, struct nvme_command *cmd)
{
	unsigned int room = blk_rq_nr_discard_segments(rq);
	struct nvme_dsm_range *ranges = get_ranges(ns->ctrl);

	if (!ranges)
		return BLK_STS_RESOURCE;
	if (WARN_ON_ONCE(room > NVME_DSM_MAX_RANGES ||
			 fill_ranges(ns, rq, ranges, room) != room)) {
		put_ranges(ns->ctrl, ranges);
		return BLK_STS_IOERR;
	}
	*cmd = (struct nvme_command) {
		.dsm = {
			.opcode		= nvme_cmd_dsm,
			.nsid		= cpu_to_le32(ns->nsid),
			.nr		= cpu_to_le32(room - 1),
			.attributes	= cpu_to_le32(NVME_DSMGMT_AD),
		},
	};
	rq->special_vec = (struct bio_vec) {
		.bv_page	= virt_to_page(ranges),
		.bv_offset	= offset_in_page(ranges),
		.bv_len		= sizeof(*ranges) * NVME_DSM_MAX_RANGES,
	};
	rq->rq_flags |= RQF_SPECIAL_PAYLOAD;
	nvme_req(rq)->flags |= NVME_REQ_SPECIAL;
	return BLK_STS_OK;
}

static void setup_write_zeroes(struct nvme_ns *ns, struct request *rq, struct nvme_command *cmd)
{
	u16 control = 0;

	if (ns->format.deac && !(rq->cmd_flags & REQ_NOUNMAP))
		control |= WRITE_ZEROES_DEAC;
	*cmd = (struct nvme_command) {
		.write_zeroes = {
			.opcode	 = nvme_cmd_write_zeroes,
			.nsid	 = cpu_to_le32(ns->nsid),
			.slba	 = cpu_to_le64(blk_rq_pos(rq) >> (ns->lba_shift - SECTOR_SHIFT)),
			.length	 = cpu_to_le16((blk_rq_bytes(rq) >> ns->lba_shift) - 1),
			.control = cpu_to_le16(control),
		},
	};
	nvme_protect_write_zeroes(ns, cmd);
}

/**
 * nvme_setup_special() - build a command of the rarer kinds
 * @ns:		the namespace
 * @rq:		the request
 * @cmd:	where the command goes
 *
 * Return: BLK_STS_OK; BLK_STS_RESOURCE if it is worth trying again;
 * BLK_STS_NOTSUPP for an operation that has no command.
 */
blk_status_t nvme_setup_special(struct nvme_ns *ns, struct request *rq, struct nvme_command *cmd)
{
	switch (req_op(rq)) {
	case REQ_OP_DISCARD:
		return setup_discard(ns, rq, cmd);
	case REQ_OP_WRITE_ZEROES:
		setup_write_zeroes(ns, rq, cmd);
		return BLK_STS_OK;
	default:
		return nvme_setup_zone_cmd(ns, rq, cmd);
	}
}

/**
 * nvme_finish_special() - the command is done, or was never sent
 * @rq: a request with NVME_REQ_SPECIAL; it may be set up again afterwards
 */
void nvme_finish_special(struct request *rq)
{
	struct nvme_req *req = nvme_req(rq);

	req->flags &= ~NVME_REQ_SPECIAL;
	if (rq->rq_flags & RQF_SPECIAL_PAYLOAD) {
		put_ranges(req->ctrl, bvec_virt(&rq->special_vec));
		rq->rq_flags &= ~RQF_SPECIAL_PAYLOAD;
	} else if (req_op(rq) == REQ_OP_ZONE_APPEND && !req->status) {
		/* The first block written. */
		rq->__sector = le64_to_cpu(req->result.u64) <<
			       (ilog2(queue_logical_block_size(rq->q)) - SECTOR_SHIFT);
	}
}
EXPORT_SYMBOL_GPL(nvme_finish_special);
