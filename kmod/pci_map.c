// SPDX-License-Identifier: GPL-2.0
/*
 * From the pages of a request to PRP entries (4.1.1) or SGL descriptors (4.1.2), and back.
 *
 * PRP entry 1 is the first page, at any offset.  PRP entry 2 is the second and
 * last page, or else a list of all the others; the last entry of a full list
 * page, if more must follow, is the address of the next list page.
 *
 * An SGL says the same with an address and a length for each segment: better for
 * few large segments, worse for many small ones.
 */
#include "pci.h"
#include "trace.h"

static unsigned int sgl_threshold = 32 << 10;
module_param(sgl_threshold, uint, 0644);
MODULE_PARM_DESC(sgl_threshold, "use SGLs from this average segment size on (bytes, 0: never)");

/* The DMA segments of a request, page by page. */
struct page_walk {
	struct scatterlist *sg;		/* NULL: one segment only */
	dma_addr_t addr;
	u32 seg_left;			/* bytes of this segment from addr on */
};

/* The address of the next page, and how far it goes. */
static dma_addr_t next_page(struct page_walk *walk, u32 *len)
{
	dma_addr_t addr;

	if (!walk->seg_left) {
		walk->sg = sg_next(walk->sg);
		walk->addr = sg_dma_address(walk->sg);
		walk->seg_left = sg_dma_len(walk->sg);
	}
	addr = walk->addr;
	*len = min_t(u32, walk->seg_left,
		     NVME_CTRL_PAGE_SIZE - (addr & (NVME_CTRL_PAGE_SIZE - 1)));
	walk->addr += *len;
	walk->seg_left -= *len;
	return addr;
}

static void free_lists(struct nvme_dev *dev, struct nvme_iod *iod)
{
	dma_addr_t addr = iod->list_dma;
	int i;

	if (iod->small_list) {
		dma_pool_free(dev->prp_small_pool, iod->lists[0], addr);
		return;
	}
	for (i = 0; i < iod->nr_lists; i++) {
		/* Where the next one is stands in the last entry of this one. */
		dma_addr_t next = le64_to_cpu(iod->lists[i][NVME_PRPS_PER_PAGE - 1]);

		dma_pool_free(dev->prp_page_pool, iod->lists[i], addr);
		addr = next;
	}
}

static __le64 *add_list(struct nvme_dev *dev, struct nvme_iod *iod, dma_addr_t *dma)
{
	struct dma_pool *pool = iod->small_list ? dev->prp_small_pool : dev->prp_page_pool;
	__le64 *list;

	if (WARN_ON_ONCE(iod->nr_lists == NVME_MAX_PRP_LISTS))
		return NULL;
	list = dma_pool_alloc(pool, GFP_ATOMIC, dma);
	if (!list)
		return NULL;
	if (!iod->nr_lists)
		iod->list_dma = *dma;
	iod->lists[iod->nr_lists++] = list;
	return list;
}

/* Entries for @left bytes after the first page.  False: no memory. */
static bool fill_lists(struct nvme_dev *dev, struct nvme_iod *iod, struct page_walk *walk, u32 left)
{
	unsigned int entries = DIV_ROUND_UP(left, NVME_CTRL_PAGE_SIZE);
	unsigned int slots, i = 0;
	dma_addr_t dma;
	__le64 *list;
	u32 len;

	iod->small_list = entries <= NVME_PRPS_PER_SMALL;
	slots = iod->small_list ? NVME_PRPS_PER_SMALL : NVME_PRPS_PER_PAGE;
	list = add_list(dev, iod, &dma);
	if (!list)
		return false;
	while (left) {
		if (i == slots - 1 && left > NVME_CTRL_PAGE_SIZE) {
			__le64 *next = add_list(dev, iod, &dma);

			if (!next)
				return false;
			list[i] = cpu_to_le64(dma);
			list = next;
			i = 0;
		}
		list[i++] = cpu_to_le64(next_page(walk, &len));
		left -= len;
	}
	return true;
}

static blk_status_t setup_prps(struct nvme_dev *dev, struct nvme_iod *iod, struct page_walk *walk,
			       u32 bytes)
{
	union nvme_data_ptr *dptr = &iod->cmd.common.dptr;
	u32 len;

	dptr->prp1 = cpu_to_le64(next_page(walk, &len));
	dptr->prp2 = 0;
	bytes -= len;
	if (!bytes)
		return BLK_STS_OK;
	if (bytes <= NVME_CTRL_PAGE_SIZE) {
		dptr->prp2 = cpu_to_le64(next_page(walk, &len));
		return BLK_STS_OK;
	}
	if (!fill_lists(dev, iod, walk, bytes)) {
		free_lists(dev, iod);
		iod->nr_lists = 0;
		return BLK_STS_RESOURCE;
	}
	dptr->prp2 = cpu_to_le64(iod->list_dma);
	return BLK_STS_OK;
}

/*
 * PRP entries describe whole pages but for the two ends.  The queue's virtual
 * boundary makes sure of that; an IOMMU that broke it would corrupt data.
 */
static bool pages_fit(struct scatterlist *sgl, int nents)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i) {
		if (i && sg_dma_address(sg) & (NVME_CTRL_PAGE_SIZE - 1))
			return false;
		if (i < nents - 1 &&
		    (sg_dma_address(sg) + sg_dma_len(sg)) & (NVME_CTRL_PAGE_SIZE - 1))
			return false;
	}
	return true;
}

static void unmap_table(struct nvme_dev *dev, struct request *rq, struct nvme_iod *iod)
{
	dma_unmap_sgtable(dev->ctrl.dev, &iod->sgt, rq_dma_dir(rq), 0);
	mempool_free(iod->sgt.sgl, dev->sg_pool);
	iod->sgt.sgl = NULL;
}

static void set_data_block(struct nvme_sgl_desc *desc, dma_addr_t addr, u32 len)
{
	*desc = (struct nvme_sgl_desc) {
		.addr	= cpu_to_le64(addr),
		.length	= cpu_to_le32(len),
		.type	= NVME_SGL_FMT_DATA_DESC << 4,
	};
}

/*
 * SGLS bits 1:0 of Identify Controller: supported, with or without alignment to
 * four bytes, which dma_alignment gives.  Admin commands use PRPs (4.1).
 */
static bool wants_sgl(struct nvme_dev *dev, struct request *rq)
{
	if (!(dev->ctrl.sgls & 3) || !sgl_threshold || !rq->q->queuedata)
		return false;
	return blk_rq_payload_bytes(rq) >= sgl_threshold * blk_rq_nr_phys_segments(rq);
}

/* One segment stands in the command; more stand in a list, its last segment too. */
static blk_status_t setup_sgl(struct nvme_dev *dev, struct nvme_iod *iod)
{
	union nvme_data_ptr *dptr = &iod->cmd.common.dptr;
	unsigned int entries = iod->sgt.nents, i;
	struct nvme_sgl_desc *list;
	struct scatterlist *sg;
	dma_addr_t dma;

	iod->use_sgl = true;
	iod->cmd.common.flags |= NVME_CMD_SGL_METABUF;
	if (entries == 1) {
		set_data_block(&dptr->sgl, sg_dma_address(iod->sgt.sgl), sg_dma_len(iod->sgt.sgl));
		return BLK_STS_OK;
	}
	iod->small_list = entries <= NVME_SGL_PER_SMALL;
	list = (void *)add_list(dev, iod, &dma);
	if (!list)
		return BLK_STS_RESOURCE;
	for_each_sg(iod->sgt.sgl, sg, entries, i)
		set_data_block(&list[i], sg_dma_address(sg), sg_dma_len(sg));
	dptr->sgl = (struct nvme_sgl_desc) {
		.addr	= cpu_to_le64(dma),
		.length	= cpu_to_le32(entries * sizeof(*list)),
		.type	= NVME_SGL_FMT_LAST_SEG_DESC << 4,
	};
	return BLK_STS_OK;
}

static blk_status_t map_table(struct nvme_dev *dev, struct request *rq, struct nvme_iod *iod)
{
	struct page_walk walk;
	blk_status_t status;
	int ret;

	iod->sgt.sgl = mempool_alloc(dev->sg_pool, GFP_ATOMIC);
	if (!iod->sgt.sgl)
		return BLK_STS_RESOURCE;
	sg_init_table(iod->sgt.sgl, blk_rq_nr_phys_segments(rq));
	iod->sgt.orig_nents = blk_rq_map_sg(rq->q, rq, iod->sgt.sgl);
	ret = dma_map_sgtable(dev->ctrl.dev, &iod->sgt, rq_dma_dir(rq), DMA_ATTR_NO_WARN);
	if (ret) {
		mempool_free(iod->sgt.sgl, dev->sg_pool);
		iod->sgt.sgl = NULL;
		return ret == -EREMOTEIO ? BLK_STS_TARGET : BLK_STS_RESOURCE;
	}
	if (wants_sgl(dev, rq)) {
		status = setup_sgl(dev, iod);
		if (status)
			unmap_table(dev, rq, iod);
		return status;
	}
	if (WARN_ON_ONCE(!pages_fit(iod->sgt.sgl, iod->sgt.nents))) {
		unmap_table(dev, rq, iod);
		return BLK_STS_IOERR;
	}
	walk = (struct page_walk) {
		.sg		= iod->sgt.sgl,
		.addr		= sg_dma_address(iod->sgt.sgl),
		.seg_left	= sg_dma_len(iod->sgt.sgl),
	};
	status = setup_prps(dev, iod, &walk, blk_rq_payload_bytes(rq));
	if (status)
		unmap_table(dev, rq, iod);
	return status;
}

/* One segment in at most two pages needs neither scatterlist nor PRP list. */
static blk_status_t map_one(struct nvme_dev *dev, struct request *rq, struct nvme_iod *iod,
			    struct bio_vec *bv)
{
	struct page_walk walk;

	iod->dma_addr = dma_map_bvec(dev->ctrl.dev, bv, rq_dma_dir(rq), 0);
	if (dma_mapping_error(dev->ctrl.dev, iod->dma_addr))
		return BLK_STS_RESOURCE;
	iod->dma_len = bv->bv_len;
	walk = (struct page_walk) { .addr = iod->dma_addr, .seg_left = bv->bv_len };
	return setup_prps(dev, iod, &walk, bv->bv_len);
}

static void trace_map(struct nvme_dev *dev, struct request *rq, struct nvme_iod *iod)
{
	u64 prp1 = le64_to_cpu(iod->cmd.common.dptr.prp1);
	u64 prp2 = le64_to_cpu(iod->cmd.common.dptr.prp2);
	u32 bytes = blk_rq_payload_bytes(rq);
	unsigned int entries = DIV_ROUND_UP((prp1 & (NVME_CTRL_PAGE_SIZE - 1)) + bytes,
					    NVME_CTRL_PAGE_SIZE);
	enum nvs_MAP how = NVS_MAP_prp1;

	if (iod->use_sgl) {
		how = NVS_MAP_sgl;
		entries = iod->sgt.nents;
	} else if (iod->nr_lists) {
		how = iod->nr_lists > 1 ? NVS_MAP_prp_chained : NVS_MAP_prp_list;
	} else if (prp2) {
		how = NVS_MAP_prp2;
	}
	trace_nvs_cmd_map(nvme_ctrl_id(&dev->ctrl), nvme_req_qid(rq), iod->req.cid, prp1, prp2,
			  bytes, how, entries, iod->nr_lists, iod->dma_len ? 1 : iod->sgt.nents);
}

/**
 * nvme_map_data() - map a request's memory and point its command to it
 * @dev:	the device
 * @rq:		a request that has data
 *
 * Return: BLK_STS_OK; BLK_STS_RESOURCE if it is worth trying again.
 */
blk_status_t nvme_map_data(struct nvme_dev *dev, struct request *rq)
{
	struct nvme_iod *iod = blk_mq_rq_to_pdu(rq);
	blk_status_t status;

	if (blk_rq_nr_phys_segments(rq) == 1) {
		struct bio_vec bv = req_bvec(rq);

		if (offset_in_page(bv.bv_offset) + bv.bv_len <= 2 * NVME_CTRL_PAGE_SIZE) {
			status = map_one(dev, rq, iod, &bv);
			goto out;
		}
	}
	status = map_table(dev, rq, iod);
out:
	if (!status && trace_nvs_cmd_map_enabled())
		trace_map(dev, rq, iod);
	return status;
}

/**
 * nvme_unmap_data() - give a request's memory back
 * @dev:	the device, which has completed or lost the command
 * @rq:		the request
 */
void nvme_unmap_data(struct nvme_dev *dev, struct request *rq)
{
	struct nvme_iod *iod = blk_mq_rq_to_pdu(rq);

	if (unlikely(blk_integrity_rq(rq)))
		nvme_unmap_metadata(dev, rq);
	if (iod->dma_len) {
		dma_unmap_page(dev->ctrl.dev, iod->dma_addr, iod->dma_len, rq_dma_dir(rq));
		iod->dma_len = 0;
	} else {
		if (iod->nr_lists)
			free_lists(dev, iod);
		unmap_table(dev, rq, iod);
	}
	trace_nvs_cmd_unmap(nvme_ctrl_id(&dev->ctrl), nvme_req_qid(rq), iod->req.cid,
			    blk_rq_payload_bytes(rq));
}
