/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one place where kernels differ.  compat.sh finds by compiling what a
 * kernel has (HAVE_*); each entry names the version that made the difference.
 */
#ifndef NVMESCOPE_COMPAT_H
#define NVMESCOPE_COMPAT_H

#include <linux/blk-integrity.h>
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/device.h>
#include <linux/io_uring.h>
#include <linux/pci.h>
#include <linux/t10-pi.h>
#ifdef CONFIG_PCIEAER
#include <linux/aer.h>
#endif
#include "compat_features.h"
#ifndef HAVE_MAP_HW_QUEUES
#include <linux/blk-mq-pci.h>
#endif
#ifdef HAVE_IO_URING_CMD
#include <linux/io_uring/cmd.h>
#endif

/* Limits of a namespace's queue, applied by nvme_compat_set_limits(). */
struct nvme_limits {
	u32 logical_block_size;		/* bytes */
	u32 physical_block_size;	/* bytes */
	u32 io_min;			/* bytes */
	u32 io_opt;			/* bytes, 0: none */
	u32 max_hw_sectors;		/* 512 B units */
	u16 max_segments;
	u32 dma_alignment;		/* mask */
	unsigned long virt_boundary;	/* mask */
	u32 max_discard_sectors;	/* 512 B units, 0: no discard */
	u32 discard_granularity;	/* bytes */
	u32 max_write_zeroes_sectors;	/* 512 B units, 0: no write zeroes */
	u32 chunk_sectors;		/* 512 B units: boundary, or size of a zone */
	u32 atomic_max;			/* bytes written all or not at all */
	u32 atomic_boundary;		/* bytes, 0: none */
	u32 max_append_sectors;		/* 512 B units; the rest is for zoned disks */
	u32 max_open_zones;		/* 0: no limit */
	u32 max_active_zones;
	u16 max_discard_segments;
	u16 max_integrity_segments;
	u8 tuple_size;			/* bytes of metadata for each block */
	u8 pi_type;			/* of protection within it, 0: none */
	u8 pi_size;			/* bytes: 8, guard of 16 bits; 16, of 64 bits */
	u8 pi_offset;			/* bytes before it */
	bool write_cache;
	bool zoned;
};

#ifndef HAVE_QUEUE_LIMITS
static inline void nvme_compat_set_zoned(struct request_queue *q, const struct nvme_limits *l)
{
	if (!l->zoned) {
		/* An admin queue has no disk. */
		if (q->disk && blk_queue_is_zoned(q))
			disk_set_zoned(q->disk, BLK_ZONED_NONE);
		return;
	}
	disk_set_zoned(q->disk, BLK_ZONED_HM);
	blk_queue_flag_set(QUEUE_FLAG_ZONE_RESETALL, q);
	blk_queue_zone_write_granularity(q, l->logical_block_size);
	blk_queue_max_zone_append_sectors(q, l->max_append_sectors);
	disk_set_max_open_zones(q->disk, l->max_open_zones);
	disk_set_max_active_zones(q->disk, l->max_active_zones);
}
#endif

/* Bytes of a tuple that an application may use: type 3 has no reference tag. */
static inline u8 nvme_compat_tag_size(const struct nvme_limits *l)
{
	u8 reference_tag = l->pi_size == 16 ? 6 : 4;

	if (!l->pi_type)
		return 0;
	return l->pi_type == 3 ? 2 + reference_tag : 2;
}

/*
 * 6.11: what the block layer must know of metadata is one of the limits.  Before,
 * it is a profile of functions, which are in a module of their own.  Weak, so that
 * who has no such disk need not load that.
 */
#ifdef HAVE_INTEGRITY_LIMITS
#define NVME_COMPAT_PI_OFFSET	true

static inline bool nvme_compat_has_t10_pi(void)
{
	return true;
}

/* 6.17: metadata may be bigger than the tuple in it. */
static inline void nvme_compat_set_tuple(struct blk_integrity *bi, const struct nvme_limits *l)
{
#ifdef HAVE_METADATA_SIZE
	bi->metadata_size = l->tuple_size;
	bi->pi_tuple_size = l->pi_type ? l->pi_size : 0;
#else
	bi->tuple_size = l->tuple_size;
#endif
}

static inline void nvme_compat_set_integrity(struct queue_limits *lim, const struct nvme_limits *l)
{
	struct blk_integrity *bi = &lim->integrity;

	memset(bi, 0, sizeof(*bi));
	nvme_compat_set_tuple(bi, l);
	if (!l->pi_type)
		return;
	bi->csum_type = l->pi_size == 16 ? BLK_INTEGRITY_CSUM_CRC64 : BLK_INTEGRITY_CSUM_CRC;
	bi->pi_offset = l->pi_offset;
	bi->flags = BLK_INTEGRITY_DEVICE_CAPABLE;
	bi->tag_size = nvme_compat_tag_size(l);
	if (l->pi_type != 3)
		bi->flags |= BLK_INTEGRITY_REF_TAG;
}
#else
#define NVME_COMPAT_PI_OFFSET	false

extern const struct blk_integrity_profile t10_pi_type1_crc __weak;
extern const struct blk_integrity_profile t10_pi_type3_crc __weak;
extern const struct blk_integrity_profile ext_pi_type1_crc64 __weak;
extern const struct blk_integrity_profile ext_pi_type3_crc64 __weak;

static inline bool nvme_compat_has_t10_pi(void)
{
	return &t10_pi_type1_crc;
}

static inline const struct blk_integrity_profile *nvme_compat_profile(const struct nvme_limits *l)
{
	if (!l->pi_type)
		return NULL;
	if (l->pi_size == 16)
		return l->pi_type == 3 ? &ext_pi_type3_crc64 : &ext_pi_type1_crc64;
	return l->pi_type == 3 ? &t10_pi_type3_crc : &t10_pi_type1_crc;
}

static inline void nvme_compat_set_integrity(struct request_queue *q, const struct nvme_limits *l)
{
	struct blk_integrity bi = {
		.tuple_size	= l->tuple_size,
		.profile	= nvme_compat_profile(l),
		.flags		= l->pi_type ? BLK_INTEGRITY_DEVICE_CAPABLE : 0,
		.tag_size	= nvme_compat_tag_size(l),
	};

	/* An admin queue has no disk. */
	if (!q->disk)
		return;
	blk_integrity_unregister(q->disk);
	blk_queue_max_integrity_segments(q, l->tuple_size ? 1 : 0);
	if (l->tuple_size)
		blk_integrity_register(q->disk, &bi);
}
#endif

/* 6.14: atomic writes are a feature. */
#ifdef HAVE_FEAT_ATOMIC_WRITES
#define NVME_COMPAT_FEAT_ATOMIC_WRITES	BLK_FEAT_ATOMIC_WRITES
#else
#define NVME_COMPAT_FEAT_ATOMIC_WRITES	0
#endif

/* 6.9: queue_limits_*() instead of one setter for each limit. */
static inline int nvme_compat_set_limits(struct request_queue *q, const struct nvme_limits *l)
{
#ifdef HAVE_QUEUE_LIMITS
	struct queue_limits lim = queue_limits_start_update(q);

	lim.logical_block_size = l->logical_block_size;
	lim.physical_block_size = l->physical_block_size;
	lim.io_min = l->io_min;
	lim.io_opt = l->io_opt;
	lim.max_hw_sectors = l->max_hw_sectors;
	lim.max_segments = l->max_segments;
	lim.max_integrity_segments = l->max_integrity_segments;
	lim.max_segment_size = UINT_MAX;
	lim.dma_alignment = l->dma_alignment;
	lim.virt_boundary_mask = l->virt_boundary;
	nvme_compat_set_integrity(&lim, l);
	lim.max_hw_discard_sectors = l->max_discard_sectors;
	lim.max_discard_segments = l->max_discard_segments ?: 1;
	lim.discard_granularity = l->discard_granularity;
	lim.max_write_zeroes_sectors = l->max_write_zeroes_sectors;
	lim.chunk_sectors = l->chunk_sectors;
	lim.atomic_write_hw_max = l->atomic_max;
	lim.atomic_write_hw_boundary = l->atomic_boundary;
	lim.atomic_write_hw_unit_min = l->atomic_max ? l->logical_block_size : 0;
	lim.atomic_write_hw_unit_max = l->atomic_max ? rounddown_pow_of_two(l->atomic_max) : 0;
	lim.max_zone_append_sectors = l->max_append_sectors;
	lim.max_open_zones = l->max_open_zones;
	lim.max_active_zones = l->max_active_zones;
	lim.zone_write_granularity = l->zoned ? l->logical_block_size : 0;
	lim.features &= ~(BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA | BLK_FEAT_ROTATIONAL |
			  BLK_FEAT_ZONED | NVME_COMPAT_FEAT_ATOMIC_WRITES);
	if (l->write_cache)
		lim.features |= BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA;
	if (l->zoned)
		lim.features |= BLK_FEAT_ZONED;
	if (l->atomic_max)
		lim.features |= NVME_COMPAT_FEAT_ATOMIC_WRITES;
	return queue_limits_commit_update(q, &lim);
#else
	blk_queue_logical_block_size(q, l->logical_block_size);
	blk_queue_physical_block_size(q, l->physical_block_size);
	blk_queue_io_min(q, l->io_min);
	blk_queue_io_opt(q, l->io_opt);
	blk_queue_max_hw_sectors(q, l->max_hw_sectors);
	blk_queue_max_segments(q, l->max_segments);
	blk_queue_dma_alignment(q, l->dma_alignment);
	blk_queue_virt_boundary(q, l->virt_boundary);
	blk_queue_flag_set(QUEUE_FLAG_NONROT, q);
	blk_queue_write_cache(q, l->write_cache, l->write_cache);
	blk_queue_max_discard_sectors(q, l->max_discard_sectors);
	blk_queue_max_discard_segments(q, l->max_discard_segments ?: 1);
	q->limits.discard_granularity = l->discard_granularity;
	blk_queue_max_write_zeroes_sectors(q, l->max_write_zeroes_sectors);
	blk_queue_chunk_sectors(q, l->chunk_sectors);
	nvme_compat_set_zoned(q, l);
	nvme_compat_set_integrity(q, l);
	return 0;
#endif
}

/* 6.10: no callback. */
static inline int nvme_compat_revalidate_zones(struct gendisk *disk)
{
#ifdef HAVE_REVALIDATE_ZONES_DISK
	return blk_revalidate_disk_zones(disk);
#else
	return blk_revalidate_disk_zones(disk, NULL);
#endif
}

/* 6.19: zones are told to the block layer itself. */
struct nvme_zone_sink {
#ifdef HAVE_REPORT_ZONES_ARGS
	struct blk_report_zones_args *args;
#else
	report_zones_cb cb;
	void *data;
#endif
};

static inline int nvme_compat_tell_zone(struct gendisk *disk, struct blk_zone *zone,
					unsigned int idx, const struct nvme_zone_sink *sink)
{
#ifdef HAVE_REPORT_ZONES_ARGS
	return disk_report_zone(disk, zone, idx, sink->args);
#else
	return sink->cb(zone, idx, sink->data);
#endif
}

/* zns.c */
int nvme_report_zones(struct gendisk *disk, sector_t sector, unsigned int nr_zones,
		      const struct nvme_zone_sink *sink);

/* block_device_operations.report_zones */
#ifdef HAVE_REPORT_ZONES_ARGS
static inline int nvme_compat_report_zones(struct gendisk *disk, sector_t sector,
					   unsigned int nr_zones,
					   struct blk_report_zones_args *args)
{
	struct nvme_zone_sink sink = { args };

	return nvme_report_zones(disk, sector, nr_zones, &sink);
}
#else
static inline int nvme_compat_report_zones(struct gendisk *disk, sector_t sector,
					   unsigned int nr_zones, report_zones_cb cb, void *data)
{
	struct nvme_zone_sink sink = { cb, data };

	return nvme_report_zones(disk, sector, nr_zones, &sink);
}
#endif

/* 6.14: the flags of the task are saved over a freeze; our freezes may end in another. */
static inline void nvme_compat_freeze_queue(struct request_queue *q)
{
#ifdef HAVE_FREEZE_MEMFLAGS
	blk_mq_freeze_queue_nomemsave(q);
#else
	blk_mq_freeze_queue(q);
#endif
}

static inline void nvme_compat_unfreeze_queue(struct request_queue *q)
{
#ifdef HAVE_FREEZE_MEMFLAGS
	blk_mq_unfreeze_queue_nomemrestore(q);
#else
	blk_mq_unfreeze_queue(q);
#endif
}

/* 6.14: requests are merged without a word. */
#ifdef HAVE_SHOULD_MERGE
#define NVME_COMPAT_TAGSET_FLAGS	BLK_MQ_F_SHOULD_MERGE
#else
#define NVME_COMPAT_TAGSET_FLAGS	0
#endif

/* 7.0: int. */
#ifdef HAVE_INIT_REQUEST_INT
typedef int nvme_numa_node;
#else
typedef unsigned int nvme_numa_node;
#endif

/* 6.14, and stable 6.12: for devices of any bus. */
static inline void nvme_compat_map_queues(struct blk_mq_queue_map *map, struct pci_dev *pdev,
					  unsigned int offset)
{
#ifdef HAVE_MAP_HW_QUEUES
	blk_mq_map_hw_queues(map, &pdev->dev, offset);
#else
	blk_mq_pci_map_queues(map, pdev, offset);
#endif
}

/* 6.19: no xarray.  The caller has a reference to the queue. */
static inline struct blk_mq_hw_ctx *nvme_compat_hctx(struct request_queue *q, unsigned int i)
{
#ifdef HAVE_QUEUE_HCTX
	return i < q->nr_hw_queues ? queue_hctx(q, i) : NULL;
#else
	return xa_load(&q->hctx_table, i);
#endif
}

/* 6.15, 6.16: a request knows its queue. */
static inline int nvme_compat_map_kern(struct request *rq, void *buf, unsigned int len, gfp_t gfp)
{
#ifdef HAVE_MAP_WITHOUT_QUEUE
	return blk_rq_map_kern(rq, buf, len, gfp);
#else
	return blk_rq_map_kern(rq->q, rq, buf, len, gfp);
#endif
}

static inline int nvme_compat_map_sg(struct request *rq, struct scatterlist *sg)
{
#ifdef HAVE_MAP_WITHOUT_QUEUE
	return blk_rq_map_sg(rq, sg);
#else
	return blk_rq_map_sg(rq->q, rq, sg);
#endif
}

/* 6.18: the head of a function for rq->end_io, which may be told of a batch. */
#ifdef HAVE_END_IO_BATCH
#define NVME_COMPAT_END_IO(name, rq, status)						\
	enum rq_end_io_ret name(struct request *rq, blk_status_t status,		\
				const struct io_comp_batch *iob)
#else
#define NVME_COMPAT_END_IO(name, rq, status)						\
	enum rq_end_io_ret name(struct request *rq, blk_status_t status)
#endif

static inline struct gendisk *nvme_compat_alloc_disk(struct blk_mq_tag_set *set, void *queuedata)
{
#ifdef HAVE_QUEUE_LIMITS
	return blk_mq_alloc_disk(set, NULL, queuedata);
#else
	return blk_mq_alloc_disk(set, queuedata);
#endif
}

static inline struct request_queue *nvme_compat_alloc_queue(struct blk_mq_tag_set *set)
{
#ifdef HAVE_QUEUE_LIMITS
	return blk_mq_alloc_queue(set, NULL, NULL);
#else
	return blk_mq_init_queue(set);
#endif
}

/* 6.13, and stable 6.12: struct rq_list instead of a bare first request. */
#ifdef HAVE_RQ_LIST
typedef struct rq_list nvme_rqlist;
#define NVME_COMPAT_RQLIST_INIT	{}

static inline struct request *nvme_compat_rqlist_pop(nvme_rqlist *list)
{
	return rq_list_pop(list);
}

static inline void nvme_compat_rqlist_add(nvme_rqlist *list, struct request *rq)
{
	rq_list_add_head(list, rq);
}

static inline bool nvme_compat_rqlist_empty(const nvme_rqlist *list)
{
	return rq_list_empty(list);
}

static inline struct request *nvme_compat_rqlist_first(nvme_rqlist *list)
{
	return rq_list_peek(list);
}
#else
typedef struct request *nvme_rqlist;
#define NVME_COMPAT_RQLIST_INIT	NULL

static inline struct request *nvme_compat_rqlist_pop(nvme_rqlist *list)
{
	return rq_list_pop(list);
}

static inline void nvme_compat_rqlist_add(nvme_rqlist *list, struct request *rq)
{
	rq_list_add(list, rq);
}

static inline bool nvme_compat_rqlist_empty(const nvme_rqlist *list)
{
	return rq_list_empty(*list);
}

static inline struct request *nvme_compat_rqlist_first(nvme_rqlist *list)
{
	return *list;
}
#endif

/*
 * Between 6.1 and 6.12: blk_mq_start_request() enters a request in the table that completions look
 * it up in.  Before, that was left to queue_rqs, as it is done for queue_rq.
 */
static inline void nvme_compat_enter_tag(struct request *rq)
{
#ifndef HAVE_RQ_LIST
	rq->mq_hctx->tags->rqs[rq->tag] = rq;
#endif
}

/* 6.5: blk_mode_t, and open takes the gendisk. Adapters for open, release, ioctl. */
#ifdef HAVE_BLK_MODE
#define NVME_COMPAT_BDEV_OPS(prefix, open_fn, release_fn, ioctl_fn)			\
	static int prefix##_open(struct gendisk *disk, blk_mode_t mode)			\
	{										\
		return open_fn(disk);							\
	}										\
	static void prefix##_release(struct gendisk *disk)				\
	{										\
		release_fn(disk);							\
	}										\
	static int prefix##_ioctl(struct block_device *bdev, blk_mode_t mode,		\
				  unsigned int cmd, unsigned long arg)			\
	{										\
		return ioctl_fn(bdev, mode & BLK_OPEN_WRITE, cmd, arg);			\
	}
#else
#define NVME_COMPAT_BDEV_OPS(prefix, open_fn, release_fn, ioctl_fn)			\
	static int prefix##_open(struct block_device *bdev, fmode_t mode)		\
	{										\
		return open_fn(bdev->bd_disk);						\
	}										\
	static void prefix##_release(struct gendisk *disk, fmode_t mode)		\
	{										\
		release_fn(disk);							\
	}										\
	static int prefix##_ioctl(struct block_device *bdev, fmode_t mode,		\
				  unsigned int cmd, unsigned long arg)			\
	{										\
		return ioctl_fn(bdev, mode & FMODE_WRITE, cmd, arg);			\
	}
#endif

/* 6.4: a class no longer names its module. */
static inline struct class *nvme_compat_class_create(const char *name)
{
#ifdef HAVE_CLASS_CREATE_NAME
	return class_create(name);
#else
	return class_create(THIS_MODULE, name);
#endif
}

/* 6.5: the PCI core switches error reporting on by itself. */
static inline void nvme_compat_pcie_error_reporting(struct pci_dev *pdev, bool on)
{
#ifdef HAVE_PCIE_ERROR_REPORTING
	if (on)
		pci_enable_pcie_error_reporting(pdev);
	else
		pci_disable_pcie_error_reporting(pdev);
#endif
}

/* 6.3: a class's dev_uevent gets a const device. */
#ifdef HAVE_UEVENT_CONST_DEVICE
#define NVME_COMPAT_UEVENT_DEVICE	const struct device
#else
#define NVME_COMPAT_UEVENT_DEVICE	struct device
#endif

/* 6.2: whoever may open a node may send harmless passthrough commands; before, only root. */
#ifdef HAVE_EFFECTS_SCOPE
#define NVME_COMPAT_UNPRIVILEGED_PASSTHRU	true
#else
#define NVME_COMPAT_UNPRIVILEGED_PASSTHRU	false
#endif

/* 6.8: io_uring's commands have a header of their own, and keep their SQE. */
static inline const void *nvme_compat_uring_payload(struct io_uring_cmd *cmd)
{
#ifdef HAVE_IO_URING_CMD
	return cmd->sqe->cmd;
#else
	return cmd->cmd;
#endif
}

/* 6.19: work in the caller's task gets a token instead of the command. */
#ifdef HAVE_IO_TW_REQ
#define NVME_COMPAT_URING_WORK(name, fn)						\
	static void name(struct io_tw_req req, io_tw_token_t token)			\
	{										\
		fn(io_uring_cmd_from_tw(req), IO_URING_CMD_TASK_WORK_ISSUE_FLAGS);	\
	}
#else
#define NVME_COMPAT_URING_WORK(name, fn)						\
	static void name(struct io_uring_cmd *cmd, unsigned int issue_flags)		\
	{										\
		fn(cmd, issue_flags);							\
	}
#endif

/* 6.4: lazily; the task need not be woken for each. */
#ifdef HAVE_IO_URING_CMD
#define nvme_compat_uring_in_task	io_uring_cmd_do_in_task_lazy
#else
#define nvme_compat_uring_in_task	io_uring_cmd_complete_in_task
#endif

/* Into a big completion entry:  and . */
static inline void nvme_compat_uring_done(struct io_uring_cmd *cmd, int ret, u64 result,
					  unsigned int issue_flags)
{
#ifdef HAVE_IO_TW_REQ
	io_uring_cmd_done32(cmd, ret, result, issue_flags);
#else
	io_uring_cmd_done(cmd, ret, result, issue_flags);
#endif
}

/* 6.15: with the flags of the call. */
static inline int nvme_compat_import_fixed(struct io_uring_cmd *cmd, u64 addr, u32 len, int dir,
					   struct iov_iter *iter, unsigned int issue_flags)
{
#ifdef HAVE_IMPORT_FIXED_FLAGS
	return io_uring_cmd_import_fixed(addr, len, dir, iter, cmd, issue_flags);
#else
	return io_uring_cmd_import_fixed(addr, len, dir, iter, cmd);
#endif
}

/* 6.15: several pieces of registered buffers, at once. */
static inline int nvme_compat_import_fixed_vec(struct io_uring_cmd *cmd, u64 addr, u32 nr, int dir,
					       struct iov_iter *iter, unsigned int issue_flags)
{
#ifdef HAVE_IMPORT_FIXED_VEC
	return io_uring_cmd_import_fixed_vec(cmd, u64_to_user_ptr(addr), nr, dir, iter,
					     issue_flags);
#else
	return -EINVAL;
#endif
}

#ifdef HAVE_INTEGRITY_MAP_USER
/* Unmapped with the data, which is when what was read gets to the user. */
static inline int nvme_compat_map_metadata(struct request *rq, void __user *user, u32 len)
{
	return blk_rq_integrity_map_user(rq, user, len);
}
#define NVME_COMPAT_METADATA_COPY false
#else
static inline int nvme_compat_map_metadata(struct request *rq, void __user *user, u32 len)
{
	return -EOPNOTSUPP;
}
#define NVME_COMPAT_METADATA_COPY true
#endif

#endif /* NVMESCOPE_COMPAT_H */
