// SPDX-License-Identifier: GPL-2.0
/* Both sides of the comparison, read into lanes: one sort of item of one queue each. */
#include <stdlib.h>
#include <string.h>
#include "witness_internal.h"

#define NR_QUEUES 65536
#define MAX_CTRLS 64

struct reading {
	struct witness *w;
	struct witness_lanes *ls;
	struct nvs_error *err;
	int ctrl;	/* wanted; -1: any */
	uint64_t place; /* number of the event */
	bool enabled;	/* CC.EN as last written */
	uint32_t epoch;
	const struct nvs_cmd_setup **setup[NR_QUEUES]; /* [cid]: built, not yet in its slot */
	bool tracepoints;	     /* all that was seen: no slots, no doorbells, no entries */
	uint32_t *ending[NR_QUEUES]; /* [cid]: 1 + place of its completion in the lane; 0: none */
	uint16_t ctrls[MAX_CTRLS];   /* that drove a device */
	uint32_t pci[MAX_CTRLS];     /* where; 0: not told */
	unsigned int nr_ctrls;
};

struct witness_lane *witness_lane(struct witness_lanes *ls, enum witness_kind kind, uint16_t qid)
{
	struct witness_lane **lane;

	if (!ls->by_id[kind])
		ls->by_id[kind] = calloc(NR_QUEUES, sizeof(*ls->by_id[kind]));
	if (!ls->by_id[kind])
		return NULL;
	lane = &ls->by_id[kind][qid];
	if (!*lane)
		*lane = calloc(1, sizeof(**lane));
	if (*lane) {
		(*lane)->kind = kind;
		(*lane)->qid = qid;
	}
	return *lane;
}

int witness_add(struct witness_seq *seq, const struct witness_item *item, struct nvs_error *err)
{
	if (seq->nr == seq->room) {
		size_t room = seq->room ? 2 * seq->room : 64;
		struct witness_item *items = realloc(seq->items, room * sizeof(*items));

		if (!items)
			return nvs_fail(err,
					"no memory for %zu items of one queue; check a shorter "
					"recording",
					room);
		seq->items = items;
		seq->room = room;
	}
	seq->items[seq->nr++] = *item;
	return 0;
}

static int no_memory(struct nvs_error *err)
{
	return nvs_fail(err, "no memory to compare; check a shorter recording");
}

static int add_recorded(struct reading *r, enum witness_kind kind, const struct nvs_hdr *h,
			struct witness_item item)
{
	struct witness_lane *lane = witness_lane(r->ls, kind, h->qid);

	if (!lane)
		return no_memory(r->err);
	item.ts = h->ts;
	item.place = r->place;
	item.epoch = r->epoch;
	item.cid = h->cid;
	lane->partial += kind == WITNESS_CMD && item.code == WITNESS_NO_SETUP;
	return witness_add(&lane->rec, &item, r->err);
}

/* --- the recording ---------------------------------------------------------- */

static struct witness_epoch *epoch_of(struct reading *r)
{
	struct witness_lanes *ls = r->ls;

	while (ls->nr_epochs <= r->epoch) {
		void *more = realloc(ls->epochs, (ls->nr_epochs + 1) * sizeof(*ls->epochs));

		if (!more) {
			no_memory(r->err);
			return NULL;
		}
		ls->epochs = more;
		if (ls->nr_epochs)
			ls->epochs[ls->nr_epochs - 1].closed = true;
		ls->epochs[ls->nr_epochs++] = (struct witness_epoch){ 0 };
	}
	return &ls->epochs[r->epoch];
}

static void note_cc(bool *enabled, uint32_t *epoch, uint32_t cc)
{
	/* A shutdown of a controller that was running before the recording is no start. */
	*epoch += (cc & CC_EN) && !(cc & CC_SHN_MASK) && !*enabled;
	*enabled = cc & CC_EN;
}

static int add_reg(struct reading *r, const struct nvs_hdr *h, uint32_t offset, uint32_t value)
{
	struct witness_epoch *epoch;
	bool stops =
		offset == CC_OFFSET && ((value & CC_SHN_MASK) || (r->enabled && !(value & CC_EN)));

	if (offset == CC_OFFSET)
		note_cc(&r->enabled, &r->epoch, value);
	epoch = epoch_of(r);
	if (!epoch)
		return -1;
	epoch->closed |= stops;
	return add_recorded(r, WITNESS_REG, h,
			    (struct witness_item){ .code = offset, .value = value });
}

/* Whether an SQ entry of this opcode names logical blocks, as the device logs them. */
static bool has_blocks(uint16_t qid, uint16_t opcode)
{
	switch (opcode) {
	case 0x01: /* write */
	case 0x02: /* read */
	case 0x05: /* compare */
	case 0x08: /* write zeroes */
	case 0x0c: /* verify */
	case 0x7d: /* zone append */ return qid;
	default: return false;
	}
}

static int take_setup(struct reading *r, const struct nvs_cmd_setup *ev)
{
	const struct nvs_cmd_setup ***q = &r->setup[ev->h.qid];

	if (!*q)
		*q = calloc(UINT16_MAX + 1, sizeof(**q));
	if (!*q)
		return no_memory(r->err);
	(*q)[ev->h.cid] = ev;
	return 0;
}

/* A command as the device sees it: what stands in the slot. */
static struct witness_item command_item(uint16_t qid, uint16_t opcode, uint32_t nsid,
					uint32_t cdw10, uint32_t cdw11, uint32_t cdw12)
{
	struct witness_item item = { .code = opcode, .nsid = nsid };

	if (has_blocks(qid, opcode)) {
		item.value = (uint64_t)cdw11 << 32 | cdw10;
		item.nlb = (cdw12 & 0xffff) + 1;
	}
	return item;
}

static int take_sent(struct reading *r, const struct nvs_cmd_sent *ev)
{
	return add_recorded(
		r, WITNESS_CMD, &ev->h,
		command_item(ev->h.qid, ev->opcode, ev->nsid, ev->cdw10, ev->cdw11, ev->cdw12));
}

/* The device sees a command when it is in its slot; what it is was told at its setup. */
static int take_sqe(struct reading *r, const struct nvs_hdr *h)
{
	const struct nvs_cmd_setup **q = r->setup[h->qid];
	const struct nvs_cmd_setup *cmd = q ? q[h->cid] : NULL;
	struct witness_item item = { .code = WITNESS_NO_SETUP };

	if (!cmd)
		return add_recorded(r, WITNESS_CMD, h, item);
	q[h->cid] = NULL;
	item = command_item(h->qid, cmd->opcode, cmd->nsid, cmd->cdw10, cmd->cdw11, cmd->cdw12);
	return add_recorded(r, WITNESS_CMD, h, item);
}

/* Without slots, commands stand in the order that they were built. */
static int take_built(struct reading *r, const struct nvs_cmd_setup *ev)
{
	return add_recorded(
		r, WITNESS_CMD, &ev->h,
		command_item(ev->h.qid, ev->opcode, ev->nsid, ev->cdw10, ev->cdw11, ev->cdw12));
}

/* A completion entry was taken in; what it said follows with the request's end. */
static int take_sq_head(struct reading *r, const struct nvs_hdr *h)
{
	uint32_t **q = &r->ending[h->qid];
	struct witness_lane *lane;

	if (add_recorded(r, WITNESS_CQE, h, (struct witness_item){ .code = WITNESS_NO_STATUS }))
		return -1;
	if (!*q)
		*q = calloc(UINT16_MAX + 1, sizeof(**q));
	if (!*q)
		return no_memory(r->err);
	lane = witness_lane(r->ls, WITNESS_CQE, h->qid);
	(*q)[h->cid] = lane->rec.nr;
	return 0;
}

/* The completion that  ends; NULL: its entry was not seen. */
static struct witness_item *ending_of(const struct reading *r, const struct nvs_hdr *h)
{
	const uint32_t *q = r->ending[h->qid];

	return q && q[h->cid] ? &witness_lane(r->ls, WITNESS_CQE, h->qid)->rec.items[q[h->cid] - 1]
			      : NULL;
}

static int take_end(const struct reading *r, const struct nvs_rq_complete *ev)
{
	struct witness_item *item = ending_of(r, &ev->h);

	if (item)
		item->code = ev->status;
	return 0;
}

static int take_result(const struct reading *r, const struct nvs_rq_result *ev)
{
	struct witness_item *item = ending_of(r, &ev->h);

	if (item) {
		item->value = ev->result;
		r->ending[ev->h.qid][ev->h.cid] = 0;
	}
	return 0;
}

static enum witness_kind shadow_of(enum witness_kind bell)
{
	return bell == WITNESS_SQ_BELL ? WITNESS_SQ_SHADOW : WITNESS_CQ_SHADOW;
}

static int take_bell(struct reading *r, enum witness_kind kind, const struct nvs_hdr *h,
		     uint16_t old, uint16_t value, uint16_t count, uint16_t how)
{
	if (how != NVS_BELL_mmio)
		kind = shadow_of(kind);
	return add_recorded(r, kind, h,
			    (struct witness_item){ .value = value, .nsid = old, .nlb = count });
}

static int take_reg_write(struct reading *r, const struct nvs_reg_write *ev)
{
	/* The device logs a 64-bit write as it arrives: as one or as two halves. */
	int ret = add_reg(r, &ev->h, ev->offset, (uint32_t)ev->value);

	if (!ret && ev->width == 8)
		ret = add_reg(r, &ev->h, ev->offset + 4, ev->value >> 32);
	return ret;
}

/*
 * Without register writes, the admin queue that begins anew says that the controller is
 * about to be enabled.
 */
static int take_queue(struct reading *r, const struct nvs_queue_create *ev)
{
	struct witness_epoch *epoch = epoch_of(r);

	if (!epoch)
		return -1;
	if (!r->w->stock || ev->h.qid || ev->ring != NVS_RING_sq)
		return 0;
	epoch->closed = true;
	r->epoch++;
	return epoch_of(r) ? 0 : -1;
}

static int take_recorded(struct reading *r, const struct nvs_hdr *h)
{
	const struct nvs_sq_doorbell *sq = (const void *)h;
	const struct nvs_cq_doorbell *cq = (const void *)h;
	const struct nvs_cqe *cqe = (const void *)h;
	struct witness_epoch *epoch;

	switch (h->id) {
	case NVS_ID_reg_write: return take_reg_write(r, (const void *)h);
	case NVS_ID_cmd_setup:
		return r->w->tracepoints ? take_built(r, (const void *)h)
					 : take_setup(r, (const void *)h);
	case NVS_ID_sq_head: return take_sq_head(r, h);
	case NVS_ID_rq_complete: return take_end(r, (const void *)h);
	case NVS_ID_rq_result: return take_result(r, (const void *)h);
	case NVS_ID_sqe: return take_sqe(r, h);
	case NVS_ID_cmd_sent: return take_sent(r, (const void *)h);
	case NVS_ID_sq_doorbell:
		return take_bell(r, WITNESS_SQ_BELL, h, sq->old_tail, sq->new_tail, sq->count,
				 sq->how);
	case NVS_ID_cq_doorbell:
		return take_bell(r, WITNESS_CQ_BELL, h, cq->old_head, cq->new_head, cq->count,
				 cq->how);
	case NVS_ID_cqe:
		return add_recorded(
			r, WITNESS_CQE, h,
			(struct witness_item){ .code = cqe->status, .value = cqe->result });
	case NVS_ID_queue_create: return take_queue(r, (const void *)h);
	case NVS_ID_ctrl_gone:
		epoch = epoch_of(r);
		if (epoch)
			epoch->closed = true;
		return epoch ? 0 : -1;
	default: return 0;
	}
}

static bool drives_device(uint16_t id)
{
	return id == NVS_ID_reg_write || id == NVS_ID_sqe || id == NVS_ID_cmd_sent ||
	       id == NVS_ID_sq_doorbell || id == NVS_ID_cq_doorbell || id == NVS_ID_cqe ||
	       id == NVS_ID_sq_head;
}

/* A controller probed again has a new number and the old one's place on the bus. */
static int note_ctrl(struct reading *r, const struct nvs_hdr *h)
{
	const struct nvs_ctrl_new *born = (const void *)h;
	unsigned int i;

	for (i = 0; i < r->nr_ctrls && r->ctrls[i] != h->ctrl; i++)
		;
	if (i == MAX_CTRLS)
		return nvs_fail(r->err,
				"the recording holds more than %d controllers; name one "
				"with --ctrl",
				MAX_CTRLS);
	if (i == r->nr_ctrls)
		r->ctrls[r->nr_ctrls++] = h->ctrl;
	if (h->id == NVS_ID_ctrl_new)
		r->pci[i] = born->pci_addr;
	if (i && r->pci[i] != r->pci[0])
		return nvs_fail(r->err,
				"the recording holds controllers nvme%u and nvme%u, and a log "
				"is of one; name that one with --ctrl",
				r->ctrls[0], r->ctrls[i]);
	return 0;
}

static bool wanted(const struct reading *r, const struct nvs_hdr *h)
{
	return r->ctrl < 0 || h->ctrl == r->ctrl || h->ctrl == NVS_NO_CTRL;
}

int witness_collect_recording(struct witness *w, struct witness_lanes *ls, struct recording *rec,
			      int ctrl, struct nvs_error *err)
{
	struct reading *r = calloc(1, sizeof(*r));
	const char *provider, *level;
	struct recorded ev;
	int ret;

	if (!r)
		return no_memory(err);
	*r = (struct reading){ .w = w, .ls = ls, .err = err, .ctrl = ctrl };
	level = recording_env(rec, "level");
	if (level && strcmp(level, "events")) {
		free(r);
		return nvs_fail(
			err,
			"a recording of level %s has no doorbells, commands and completions "
			"one by one, as the device's log has them: record with --level "
			"events to compare with it",
			level);
	}
	provider = recording_env(rec, "provider");
	w->stock = provider && !strcmp(provider, "stock");
	w->tracepoints = recording_env(rec, "tracepoints_only");
	ret = epoch_of(r) ? 0 : -1;
	while (!ret && (ret = recording_next(rec, &ev, err)) > 0) {
		ret = 0;
		if (ev.cpu == RECORDING_DEVICE)
			continue;
		if (!r->place++)
			w->first_ts = ev.hdr->ts;
		w->last_ts = ev.hdr->ts;
		if (!wanted(r, ev.hdr))
			continue;
		if (ctrl < 0 && ev.hdr->ctrl != NVS_NO_CTRL &&
		    (drives_device(ev.hdr->id) || ev.hdr->id == NVS_ID_ctrl_new))
			ret = note_ctrl(r, ev.hdr);
		if (!ret)
			ret = take_recorded(r, ev.hdr);
	}
	w->ctrl = ctrl >= 0 ? ctrl : r->nr_ctrls ? r->ctrls[0] : NVS_NO_CTRL;
	w->lost = recording_lost_total(rec);
	w->torn = recording_cut(rec);
	for (size_t i = 0; i < NR_QUEUES; i++) {
		free(r->setup[i]);
		free(r->ending[i]);
	}
	free(r);
	return ret;
}

/* --- the log ---------------------------------------------------------------- */

static int log_item(struct witness_lanes *ls, enum witness_kind kind,
		    const struct qemu_log_event *ev, uint32_t epoch, struct witness_item item,
		    struct nvs_error *err)
{
	struct witness_lane *lane = witness_lane(ls, kind, ev->h.qid);

	if (!lane)
		return no_memory(err);
	item.ts = ev->h.ts;
	item.place = ev->line;
	item.epoch = epoch;
	item.cid = ev->h.cid;
	return witness_add(&lane->log, &item, err);
}

static int log_reg(struct witness_lanes *ls, const struct qemu_log_event *ev, uint32_t epoch,
		   struct nvs_error *err)
{
	struct witness_item low = { .code = ev->reg.offset, .value = (uint32_t)ev->reg.value };
	struct witness_item high = { .code = ev->reg.offset + 4, .value = ev->reg.value >> 32 };
	int ret = log_item(ls, WITNESS_REG, ev, epoch, low, err);

	if (!ret && ev->reg.width == 8)
		ret = log_item(ls, WITNESS_REG, ev, epoch, high, err);
	return ret;
}

/* Stock: were this queue's doorbells recorded as going by shadow page? */
static bool by_shadow(const struct witness *w, const struct witness_lanes *ls,
		      enum witness_kind bell, uint16_t qid)
{
	struct witness_lane **lanes = ls->by_id[shadow_of(bell)];

	return w->stock && lanes && lanes[qid] && lanes[qid]->rec.nr;
}

static int take_logged(struct witness *w, struct witness_lanes *ls, const struct qemu_log_event *ev,
		       uint32_t epoch, struct nvs_error *err)
{
	struct witness_item item = { 0 };
	enum witness_kind bell;

	switch (ev->h.id) {
	case NVS_ID_dev_reg: return ev->reg.write && !w->stock ? log_reg(ls, ev, epoch, err) : 0;
	case NVS_ID_dev_doorbell:
		if (w->tracepoints)
			return 0;
		item.value = ev->bell.value;
		bell = ev->bell.ring == NVS_RING_sq ? WITNESS_SQ_BELL : WITNESS_CQ_BELL;
		if (ev->bell.how != NVS_BELL_mmio || by_shadow(w, ls, bell, ev->h.qid))
			bell = shadow_of(bell);
		return log_item(ls, bell, ev, epoch, item, err);
	case NVS_ID_dev_cmd:
		item.code = ev->cmd.opcode;
		item.nsid = ev->cmd.nsid;
		item.value = ev->cmd.slba;
		item.nlb = ev->cmd.nlb;
		return log_item(ls, WITNESS_CMD, ev, epoch, item, err);
	case NVS_ID_dev_cqe:
		item.code = ev->cqe.status;
		item.value = ev->cqe.result;
		return log_item(ls, WITNESS_CQE, ev, epoch, item, err);
	default: return 0;
	}
}

int witness_collect_log(struct witness *w, struct witness_lanes *ls, struct qemu_log *log,
			struct nvs_error *err)
{
	struct qemu_log_event ev;
	bool enabled = false;
	uint32_t epoch = 0;
	int ret;

	while ((ret = qemu_log_next(log, &ev, err)) > 0) {
		if (ev.h.id == NVS_ID_dev_reg && ev.reg.write && ev.reg.offset == CC_OFFSET)
			note_cc(&enabled, &epoch, ev.reg.value);
		ret = take_logged(w, ls, &ev, epoch, err);
		if (ret)
			break;
	}
	w->log_counts = *qemu_log_counts(log);
	return ret;
}
