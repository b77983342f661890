// SPDX-License-Identifier: GPL-2.0
/*
 * The metadata of a request: one buffer apart from its data, which MPTR points to
 * (3.3.3.1).
 */
#include <linux/blk-integrity.h>

#include "pci.h"

/*
 * One segment (max_integrity_segments), but perhaps that of several bios, merged
 * because their buffers follow each other.
 */
static u32 metadata_bytes(struct request *rq, const struct bio_vec *bv)
{
	struct nvme_ns *ns = rq->q->queuedata;

	if (!ns || blk_rq_is_passthrough(rq))
		return bv->bv_len;
	return (blk_rq_bytes(rq) >> ns->lba_shift) * ns->ms;
}

static bool map(struct nvme_dev *dev, struct request *rq, struct nvme_iod *iod)
{
	struct bio_integrity_payload *bip = bio_integrity(rq->bio);
	struct bio_vec bv = mp_bvec_iter_bvec(bip->bip_vec, bip->bip_iter);

	iod->meta_len = metadata_bytes(rq, &bv);
	iod->meta_dma = dma_map_page(dev->ctrl.dev, bv.bv_page, bv.bv_offset, iod->meta_len,
				     rq_dma_dir(rq));
	if (dma_mapping_error(dev->ctrl.dev, iod->meta_dma)) {
		iod->meta_len = 0;
		return false;
	}
	iod->cmd.common.metadata = cpu_to_le64(iod->meta_dma);
	return true;
}

/**
 * nvme_start_with_metadata() - map the metadata of a request, and start it
 * @dev:	the device
 * @rq:		the request, its data mapped
 *
 * Return: BLK_STS_OK; BLK_STS_RESOURCE, nothing mapped any more, if it is worth
 * trying again.
 */
blk_status_t nvme_start_with_metadata(struct nvme_dev *dev, struct request *rq)
{
	struct nvme_iod *iod = blk_mq_rq_to_pdu(rq);

	iod->meta_len = 0;
	if (!map(dev, rq, iod)) {
		if (blk_rq_nr_phys_segments(rq))
			nvme_unmap_data(dev, rq);
		return BLK_STS_RESOURCE;
	}
	/* Writes the reference tags anew, if they were made for a partition. */
	blk_mq_start_request(rq);
	if (rq_dma_dir(rq) == DMA_TO_DEVICE)
		dma_sync_single_for_device(dev->ctrl.dev, iod->meta_dma, iod->meta_len,
					   DMA_TO_DEVICE);
	return BLK_STS_OK;
}

/**
 * nvme_unmap_metadata() - give the memory of a request's metadata back
 * @dev:	the device
 * @rq:		a request with metadata
 */
void nvme_unmap_metadata(struct nvme_dev *dev, struct request *rq)
{
	struct nvme_iod *iod = blk_mq_rq_to_pdu(rq);

	if (iod->meta_len)
		dma_unmap_page(dev->ctrl.dev, iod->meta_dma, iod->meta_len, rq_dma_dir(rq));
	iod->meta_len = 0;
}
