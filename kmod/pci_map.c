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
	struct scatterlist *sg;		/* the segment that addr is in */
	dma_addr_t addr;
	u32 seg_left;			/* bytes of this segment from addr on */
};

static __always_inline void next_segment(struct page_walk *walk)
{
	walk->sg = sg_next(walk->sg);
	walk->addr = sg_dma_address(walk->sg);
	walk->seg_left = sg_dma_len(walk->sg);
}

/* The address of the next page, and how far it goes. */
static __always_inline dma_addr_t next_page(struct page_walk *walk, u32 *len)
{
	dma_addr_t addr;

	if (!walk->seg_left)
		next_segment(walk);
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

/* Up to @max entries for the pages that are left of this segment.  Returns how many. */
static unsigned int fill_run(struct page_walk *walk, __le64 *list, unsigned int max)
{
	unsigned int count = min(DIV_ROUND_UP(walk->seg_left, NVME_CTRL_PAGE_SIZE), max);
	dma_addr_t addr = walk->addr;
	unsigned int i;

	for (i = 0; i < count; i++, addr += NVME_CTRL_PAGE_SIZE)
		list[i] = cpu_to_le64(addr);
	walk->addr = addr;
	walk->seg_left -= min(walk->seg_left, count * NVME_CTRL_PAGE_SIZE);
	return count;
}

/*
 * Entries for @left bytes after the first page, which all begin at a page's first
 * byte.  The last entry of a full list leads to the next one.  False: no memory.
 */
static bool fill_lists(struct nvme_dev *dev, struct nvme_iod *iod, struct page_walk *walk, u32 left)
{
	unsigned int entries = DIV_ROUND_UP(left, NVME_CTRL_PAGE_SIZE);
	unsigned int room, count;
	__le64 *list, *link;
	dma_addr_t dma;

	/* LAB(9): entries for @left bytes, in as many lists as it takes.  Starter: return false; */
	iod->small_list = entries <= NVME_PRPS_PER_SMALL;
	room = iod->small_list ? NVME_PRPS_PER_SMALL : NVME_PRPS_PER_PAGE;
	list = add_list(dev, iod, &dma);
	while (list && entries) {
		if (room == 1 && entries > 1) {
			link = list;
			list = add_list(dev, iod, &dma);
			*link = cpu_to_le64(dma);
			room = NVME_PRPS_PER_PAGE;
			continue;
		}
		if (!walk->seg_left)
			next_segment(walk);
		count = fill_run(walk, list, entries > room ? room - 1 : entries);
		list += count;
		room -= count;
		entries -= count;
	}
	return list;
	/* LAB(9) end */
}

static blk_status_t setup_prps(struct nvme_dev *dev, struct nvme_iod *iod, struct page_walk *walk,
			       u32 bytes)
{
	union nvme_data_ptr *dptr = &iod->cmd.common.dptr;
	u32 len;

	/* LAB(9): PRP entries 1 and 2 for @bytes bytes (4.1.1).  Starter: return BLK_STS_IOERR; */
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
	/* LAB(9) end */
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
static __always_inline bool wants_sgl(struct nvme_dev *dev, struct request *rq, u32 bytes,
				      unsigned int segments)
{
	if (!(dev->ctrl.sgls & 3) || !sgl_threshold || !rq->q->queuedata)
		return false;
	return bytes >= sgl_threshold * segments;
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
	iod->sgt.orig_nents = nvme_compat_map_sg(rq, iod->sgt.sgl);
	ret = dma_map_sgtable(dev->ctrl.dev, &iod->sgt, rq_dma_dir(rq), DMA_ATTR_NO_WARN);
	if (ret) {
		mempool_free(iod->sgt.sgl, dev->sg_pool);
		iod->sgt.sgl = NULL;
		return ret == -EREMOTEIO ? BLK_STS_TARGET : BLK_STS_RESOURCE;
	}
	if (wants_sgl(dev, rq, blk_rq_payload_bytes(rq), blk_rq_nr_phys_segments(rq))) {
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

/*
 * One segment in at most two pages needs neither scatterlist nor PRP list; a longer
 * one needs none as an SGL.
 */
static blk_status_t map_one(struct nvme_dev *dev, struct request *rq, struct nvme_iod *iod)
{
	union nvme_data_ptr *dptr = &iod->cmd.common.dptr;
	struct bio_vec bv = req_bvec(rq);
	u32 first = NVME_CTRL_PAGE_SIZE - (bv.bv_offset & (NVME_CTRL_PAGE_SIZE - 1));
	bool two_pages = bv.bv_len <= first + NVME_CTRL_PAGE_SIZE;

	if (!two_pages && !wants_sgl(dev, rq, bv.bv_len, 1))
		return map_table(dev, rq, iod);
	iod->dma_addr = dma_map_bvec(dev->ctrl.dev, &bv, rq_dma_dir(rq), 0);
	if (dma_mapping_error(dev->ctrl.dev, iod->dma_addr))
		return BLK_STS_RESOURCE;
	iod->dma_len = bv.bv_len;
	if (two_pages) {
		/* The address has the offset of the memory, even if it was bounced. */
		dptr->prp1 = cpu_to_le64(iod->dma_addr);
		dptr->prp2 = bv.bv_len > first ? cpu_to_le64(iod->dma_addr + first) : 0;
	} else {
		iod->use_sgl = true;
		iod->cmd.common.flags |= NVME_CMD_SGL_METABUF;
		set_data_block(&dptr->sgl, iod->dma_addr, iod->dma_len);
	}
	return BLK_STS_OK;
}

static noinline void trace_map(struct nvme_dev *dev, struct request *rq, struct nvme_iod *iod)
{
	u64 prp1 = le64_to_cpu(iod->cmd.common.dptr.prp1);
	u64 prp2 = le64_to_cpu(iod->cmd.common.dptr.prp2);
	u32 bytes = blk_rq_payload_bytes(rq);
	unsigned int entries = DIV_ROUND_UP((prp1 & (NVME_CTRL_PAGE_SIZE - 1)) + bytes,
					    NVME_CTRL_PAGE_SIZE);
	enum nvs_MAP how = NVS_MAP_prp1;

	if (iod->use_sgl) {
		how = NVS_MAP_sgl;
		entries = iod->dma_len ? 1 : iod->sgt.nents;
	} else if (iod->nr_lists) {
		how = iod->nr_lists > 1 ? NVS_MAP_prp_chained : NVS_MAP_prp_list;
	} else if (prp2) {
		how = NVS_MAP_prp2;
	}
	nvme_tell_cmd_map(nvme_ctrl_id(&dev->ctrl), nvme_req_qid(rq), iod->req.cid, prp1, prp2,
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

	if (blk_rq_nr_phys_segments(rq) == 1)
		status = map_one(dev, rq, iod);
	else
		status = map_table(dev, rq, iod);
	if (!status && nvme_telling_steps())
		trace_map(dev, rq, iod);
	return status;
}

static noinline void trace_unmap(struct nvme_dev *dev, struct request *rq, struct nvme_iod *iod)
{
	nvme_tell_cmd_unmap(nvme_ctrl_id(&dev->ctrl), nvme_req_qid(rq), iod->req.cid,
			    blk_rq_payload_bytes(rq));
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
	if (nvme_telling_steps())
		trace_unmap(dev, rq, iod);
}
