/* SPDX-License-Identifier: GPL-2.0 */
/* Between witness_collect.c, which reads both sides, witness_diff.c and witness.c. */
#ifndef NVS_WITNESS_INTERNAL_H
#define NVS_WITNESS_INTERNAL_H

#include "witness.h"

#define CC_OFFSET   0x14
#define CC_EN	    1u
#define CC_SHN_MASK (3u << 14)

/* How a controller's life from one CC.EN 0 -> 1 to the next ended, by the recording. */
struct witness_epoch {
	bool closed; /* reset, shut down or gone: what was in flight is lost */
};

struct witness_lanes {
	struct witness_lane **by_id[WITNESS_KINDS]; /* [qid] */
	struct witness_epoch *epochs;
	uint32_t nr_epochs;
};

struct witness_lane *witness_lane(struct witness_lanes *ls, enum witness_kind kind, uint16_t qid);
int witness_add(struct witness_seq *seq, const struct witness_item *item, struct nvs_error *err);

int witness_collect_recording(struct witness *w, struct witness_lanes *ls, struct recording *rec,
			      int ctrl, struct nvs_error *err);
int witness_collect_log(struct witness *w, struct witness_lanes *ls, struct qemu_log *log,
			struct nvs_error *err);

/* Finds where the recording begins in the log and drops what is before. */
int witness_cut(struct witness *w, struct witness_lanes *ls, const char *log_name,
		struct nvs_error *err);

bool witness_same(const struct witness_lane *lane, const struct witness_item *rec,
		  const struct witness_item *log);
int witness_compare(struct witness *w, const struct witness_lanes *ls,
		    const struct witness_options *opt, struct nvs_error *err);

#endif
