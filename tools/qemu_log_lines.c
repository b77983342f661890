// SPDX-License-Identifier: GPL-2.0
/*
 * The lines of QEMU's NVMe device: a table of their wordings and, above it, what
 * each one means.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "qemu_log_internal.h"

#define FIRST_DOORBELL 0x1000
#define MAX_FIELDS     8

struct line_form {
	const char *name;
	const char *wording; /* %: a number, ': a quoted text, else itself */
	enum qemu_log_outcome (*take)(struct qemu_log *log, const uint64_t *v);
};

static enum qemu_log_outcome event(struct qemu_log *log, unsigned int id, unsigned int size,
				   uint64_t qid, uint64_t cid)
{
	if (qid > UINT16_MAX || cid > UINT16_MAX)
		return LINE_STRANGE;
	log->now.h.id = id;
	log->now.h.qid = qid;
	log->now.h.cid = cid;
	log->now.size = size;
	return LINE_EVENT;
}

#define EVENT(log, name, qid, cid) event(log, NVS_ID_##name, sizeof(struct nvs_##name), qid, cid)

static enum qemu_log_outcome reg(struct qemu_log *log, uint64_t offset, uint64_t value,
				 uint64_t width, bool write)
{
	if (offset > UINT32_MAX || width > 8)
		return LINE_STRANGE;
	log->now.reg.offset = offset;
	log->now.reg.value = value;
	log->now.reg.width = width;
	log->now.reg.write = write;
	return EVENT(log, dev_reg, 0, 0);
}

static enum qemu_log_outcome take_mmio_read(struct qemu_log *log, const uint64_t *v)
{
	return reg(log, v[0], 0, v[1], false);
}

/*
 * A doorbell is logged again by name once the device has looked at it; the
 * second line is the one that says whether it took the value.
 */
static enum qemu_log_outcome take_mmio_write(struct qemu_log *log, const uint64_t *v)
{
	if (v[0] < FIRST_DOORBELL)
		return reg(log, v[0], v[1], v[2], true);
	log->bell_data = v[1];
	return LINE_REPEAT;
}

static enum qemu_log_outcome bell(struct qemu_log *log, unsigned int ring, uint64_t qid,
				  uint64_t value, unsigned int how)
{
	if (value > UINT16_MAX)
		return LINE_STRANGE;
	log->now.bell.ring = ring;
	log->now.bell.value = value;
	log->now.bell.how = how;
	return EVENT(log, dev_doorbell, qid, 0);
}

static enum qemu_log_outcome mmio_bell(struct qemu_log *log, unsigned int ring, const uint64_t *v)
{
	/* A stopped controller has no queues, so this is another controller's. */
	if (log->life == LIFE_STOPPED)
		return LINE_CONTRADICTS;
	return bell(log, ring, v[0], v[1], NVS_BELL_mmio);
}

static enum qemu_log_outcome take_sq_bell(struct qemu_log *log, const uint64_t *v)
{
	return mmio_bell(log, NVS_RING_sq, v);
}

static enum qemu_log_outcome take_cq_bell(struct qemu_log *log, const uint64_t *v)
{
	return mmio_bell(log, NVS_RING_cq, v);
}

static enum qemu_log_outcome refused_bell(struct qemu_log *log, unsigned int ring, uint64_t qid)
{
	log->now.refused = true;
	log->counts.refused++;
	return bell(log, ring, qid, log->bell_data & 0xffff, NVS_BELL_mmio);
}

static enum qemu_log_outcome take_refused_sq(struct qemu_log *log, const uint64_t *v)
{
	return refused_bell(log, NVS_RING_sq, v[0]);
}

static enum qemu_log_outcome take_refused_cq(struct qemu_log *log, const uint64_t *v)
{
	return refused_bell(log, NVS_RING_cq, v[0]);
}

/* The device logs every look at a shadow doorbell; only a new value is news. */
static enum qemu_log_outcome shadow(struct qemu_log *log, unsigned int ring, const uint64_t *v)
{
	if (v[0] > UINT16_MAX || v[1] > UINT16_MAX)
		return LINE_STRANGE;
	if (log->shadow[ring][v[0]] == (int32_t)v[1])
		return LINE_REPEAT;
	log->shadow[ring][v[0]] = v[1];
	return bell(log, ring, v[0], v[1], NVS_BELL_shadow);
}

static enum qemu_log_outcome take_shadow_sq(struct qemu_log *log, const uint64_t *v)
{
	return shadow(log, NVS_RING_sq, v);
}

static enum qemu_log_outcome take_shadow_cq(struct qemu_log *log, const uint64_t *v)
{
	return shadow(log, NVS_RING_cq, v);
}

static enum qemu_log_outcome command(struct qemu_log *log, uint64_t cid, uint64_t nsid,
				     uint64_t qid, uint64_t opcode)
{
	if (opcode > UINT8_MAX || nsid > UINT32_MAX)
		return LINE_STRANGE;
	log->now.cmd.opcode = opcode;
	log->now.cmd.nsid = nsid;
	return EVENT(log, dev_cmd, qid, cid) == LINE_EVENT ? LINE_COMMAND : LINE_STRANGE;
}

static enum qemu_log_outcome take_io_cmd(struct qemu_log *log, const uint64_t *v)
{
	return command(log, v[0], v[1], v[2], v[3]);
}

static enum qemu_log_outcome take_admin_cmd(struct qemu_log *log, const uint64_t *v)
{
	return command(log, v[0], 0, v[1], v[2]);
}

/* The device decodes a command right after it logged it: the detail is the last command's. */
static enum qemu_log_outcome detail(struct qemu_log *log, uint64_t cid, uint64_t nsid,
				    uint64_t slba, uint64_t nlb)
{
	if (!log->have_cmd || log->cmd.h.cid != cid || nsid > UINT32_MAX || nlb > UINT32_MAX)
		return LINE_STRANGE;
	log->cmd.cmd.nsid = nsid;
	log->cmd.cmd.slba = slba;
	log->cmd.cmd.nlb = nlb;
	return LINE_DETAIL;
}

/* cid nsid nlb count lba: read, write, write zeroes and zone append. */
static enum qemu_log_outcome take_rw(struct qemu_log *log, const uint64_t *v)
{
	return detail(log, v[0], v[1], v[4], v[2]);
}

/* cid nsid slba nlb: compare and verify. */
static enum qemu_log_outcome take_compare(struct qemu_log *log, const uint64_t *v)
{
	return detail(log, v[0], v[1], v[2], v[3]);
}

/* cid nsid: Get and Set Features. */
static enum qemu_log_outcome take_feature(struct qemu_log *log, const uint64_t *v)
{
	return detail(log, v[0], v[1], 0, 0);
}

/* nsid: what an Identify asks about. */
static enum qemu_log_outcome take_identify(struct qemu_log *log, const uint64_t *v)
{
	return log->have_cmd ? detail(log, log->cmd.h.cid, v[0], 0, 0) : LINE_STRANGE;
}

/*
 * Logged when the completion joins its queue's list, in the order in which
 * entries are then posted.  A reset in between loses it.
 */
static enum qemu_log_outcome take_completion(struct qemu_log *log, const uint64_t *v)
{
	if (v[2] > UINT32_MAX || v[3] > UINT32_MAX || v[4] > 0x7fff)
		return LINE_STRANGE;
	log->now.cqe.result = v[3] << 32 | v[2];
	log->now.cqe.status = v[4];
	return EVENT(log, dev_cqe, v[1], v[0]);
}

static enum qemu_log_outcome take_msix(struct qemu_log *log, const uint64_t *v)
{
	if (v[0] > UINT16_MAX)
		return LINE_STRANGE;
	log->now.irq.vector = v[0];
	return EVENT(log, dev_irq, 0, 0);
}

/* The pin is one line for all queues; its event carries vector 0. */
static enum qemu_log_outcome take_pin(struct qemu_log *log, const uint64_t *v)
{
	(void)v;
	return EVENT(log, dev_irq, 0, 0);
}

static enum qemu_log_outcome take_started(struct qemu_log *log, const uint64_t *v)
{
	(void)v;
	if (log->life == LIFE_RUNNING)
		return LINE_CONTRADICTS;
	log->life = LIFE_RUNNING;
	return LINE_REPEAT;
}

static enum qemu_log_outcome take_stopped(struct qemu_log *log, const uint64_t *v)
{
	(void)v;
	log->life = LIFE_STOPPED;
	memset(log->shadow, 0xff, sizeof(log->shadow));
	return LINE_REPEAT;
}

/* The wording of QEMU 7.2 (hw/nvme/trace-events).  First match counts. */
static const struct line_form forms[] = {
	{ "mmio_write", "addr % data % size %", take_mmio_write },
	{ "mmio_doorbell_sq", "sqid % new_tail %", take_sq_bell },
	{ "mmio_doorbell_cq", "cqid % new_head %", take_cq_bell },
	{ "io_cmd", "cid % nsid % sqid % opc % opname '", take_io_cmd },
	{ "read", "cid % nsid % nlb % count % lba %", take_rw },
	{ "write", "cid % opname ' nsid % nlb % count % lba %", take_rw },
	{ "enqueue_req_completion", "cid % cqid % dw0 % dw1 % status %", take_completion },
	{ "irq_msix", "raising MSI-X IRQ vector %", take_msix },
	{ "irq_pin", "pulsing IRQ pin", take_pin },
	{ "shadow_doorbell_sq", "sqid % new_shadow_doorbell %", take_shadow_sq },
	{ "shadow_doorbell_cq", "cqid % new_shadow_doorbell %", take_shadow_cq },
	{ "admin_cmd", "cid % sqid % opc % opname '", take_admin_cmd },
	{ "mmio_read", "addr % size %", take_mmio_read },
	{ "compare", "cid % nsid % slba % nlb %", take_compare },
	{ "verify", "cid % nsid % slba % nlb %", take_compare },
	{ "identify_ns", "nsid %", take_identify },
	{ "identify_ns_csi", "nsid=%, csi=%", take_identify },
	{ "identify_nslist", "nsid %", take_identify },
	{ "identify_nslist_csi", "nsid=%, csi=%", take_identify },
	{ "identify_ns_descr_list", "nsid %", take_identify },
	{ "getfeat", "cid % nsid % fid % sel % cdw11 %", take_feature },
	{ "setfeat", "cid % nsid % fid % save % cdw11 %", take_feature },
	{ "mmio_start_success", "setting controller enable bit succeeded", take_started },
	{ "mmio_stopped", "cleared controller enable bit", take_stopped },
	{ "pci_reset", "PCI Function Level Reset", take_stopped },
	{ "ub_db_wr_invalid_sq",
	  "submission queue doorbell write for nonexistent queue, sqid=%, "
	  "ignoring",
	  take_refused_sq },
	{ "ub_db_wr_invalid_cq",
	  "completion queue doorbell write for nonexistent queue, cqid=%, "
	  "ignoring",
	  take_refused_cq },
	{ "ub_db_wr_invalid_sqtail",
	  "submission queue doorbell write value beyond queue size, "
	  "sqid=%, new_head=%, ignoring",
	  take_refused_sq },
	{ "ub_db_wr_invalid_cqhead",
	  "completion queue doorbell write value beyond queue size, "
	  "cqid=%, new_head=%, ignoring",
	  take_refused_cq },
};

/* Lines that say again what an mmio_write, a command or a doorbell said; "*": by prefix. */
static const char *const repeats[] = {
	"mmio_*",     "create_*",   "del_*",	"err_req_status", "aer",
	"setfeat_*",  "getfeat_*",  "identify", "identify_*",	  "get_log",
	"irq_masked", "eventidx_*", NULL,
};

/* How the device did its work: no event of ours. */
static const char *const details[] = {
	"map_*",
	"rw_*",
	"*_cb",
	"dsm",
	"dsm_*",
	"copy",
	"copy_*",
	"flush_ns",
	"block_status",
	"aer_*",
	"process_aers",
	"enqueue_event",
	"enqueue_event_noqueue",
	"no_outstanding_aers",
	"dbbuf_config",
	"format_set",
	"ns_attachment",
	"virt_mngmt",
	"dif_*",
	"zoned_*",
	"zns_*",
	"*_zone",
	"zd_*",
	"set_descriptor_extension",
	"clear_ns_*",
	NULL,
};

static const char *const complaints[] = { "err_*", "ub_*", NULL };

static bool name_in(const char *const *patterns, const char *name)
{
	size_t len = strlen(name);

	for (; *patterns; patterns++) {
		const char *p = *patterns;
		size_t n = strlen(p);

		if (*p == '*'	      ? len >= n && !strcmp(name + len - (n - 1), p + 1)
		    : p[n - 1] == '*' ? !strncmp(name, p, n - 1)
				      : !strcmp(name, p))
			return true;
	}
	return false;
}

/* A number as printf's %u or 0x%x wrote it; NULL if there is none or it does not fit. */
const char *qemu_log_number(const char *s, uint64_t *v)
{
	char *end;

	if (*s < '0' || *s > '9')
		return NULL;
	errno = 0;
	*v = strtoull(s, &end, s[0] == '0' && s[1] == 'x' ? 16 : 10);
	return errno ? NULL : end;
}

/* Matches @s against a whole wording and takes its numbers. */
static bool read_fields(const char *s, const char *wording, uint64_t *v)
{
	for (; *wording; wording++) {
		if (*wording == '%') {
			s = qemu_log_number(s, v++);
			if (!s)
				return false;
		} else if (*wording == '\'') {
			const char *end = *s == '\'' ? strchr(s + 1, '\'') : NULL;

			if (!end)
				return false;
			s = end + 1;
		} else if (*s++ != *wording) {
			return false;
		}
	}
	return !*s;
}

enum qemu_log_outcome qemu_log_take(struct qemu_log *log, const char *name, const char *fields)
{
	uint64_t v[MAX_FIELDS];

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (!strcmp(forms[i].name, name))
			return read_fields(fields, forms[i].wording, v) ? forms[i].take(log, v)
									: LINE_STRANGE;
	if (name_in(repeats, name))
		return LINE_REPEAT;
	if (name_in(complaints, name))
		return LINE_COMPLAINT;
	return name_in(details, name) ? LINE_DETAIL : LINE_STRANGE;
}
