// SPDX-License-Identifier: GPL-2.0
/* A step in one line. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "event_info.h"
#include "format.h"
#include "walkthrough.h"

#define AS(type, h) ((const struct nvs_##type *)(const void *)(h))

static const char *symbol(enum nvs_symbol_set set, unsigned int value)
{
	const char *name = nvs_symbol_name(set, value);

	return name ? name : "?";
}

/* Any event: its fields by their names. */
static void describe_fields(const struct nvs_hdr *h, char *text, size_t size)
{
	const struct event_info *info = event_info(h->id);
	size_t n = (size_t)snprintf(text, size, "%s", info->name);

	for (unsigned int i = 0; i < info->nr_fields && n < size; i++) {
		const struct field_info *f = &info->fields[i];
		uint64_t v = 0;

		memcpy(&v, (const char *)h + f->offset, f->size);
		if (f->base >= FIELD_SYMBOLS)
			n += (size_t)snprintf(text + n, size - n, " %s=%s", f->name,
					      symbol(f->base - FIELD_SYMBOLS, (unsigned int)v));
		else if (f->base == FIELD_HEX)
			n += (size_t)snprintf(text + n, size - n, " %s=0x%" PRIx64, f->name, v);
		else if (f->is_signed)
			n += (size_t)snprintf(text + n, size - n, " %s=%" PRId32, f->name,
					      (int32_t)v);
		else
			n += (size_t)snprintf(text + n, size - n, " %s=%" PRIu64, f->name, v);
	}
}

static void describe_result(const struct nvs_phase_end *ev, bool chinese, char *text, size_t size)
{
	const char *name = symbol(NVS_SET_PHASE, ev->phase), *error;

	if (!ev->result) {
		snprintf(text, size, SAY("%s ends", "%s 结束"), name);
		return;
	}
	error = ev->result < 0 ? strerrorname_np(-ev->result) : NULL;
	snprintf(text, size, SAY("%s FAILS: %d%s%s%s", "%s 失败：%d%s%s%s"), name, ev->result,
		 error ? " (" : "", error ? error : "", error ? ")" : "");
}

static void describe_command(const struct nvs_hdr *h, uint16_t opcode, bool chinese, char *text,
			     size_t size)
{
	const char *name = io_opcode_name(opcode);
	char fields[256];

	describe_fields(h, fields, sizeof(fields));
	if (!h->qid)
		snprintf(text, size, "%s: %s", admin_opcode_name(opcode).s, fields);
	else
		snprintf(text, size, "%s: %s", name ? name : SAY("I/O command", "I/O 命令"),
			 fields);
}

void walk_describe(const struct walk *w, uint32_t step, bool chinese, char *text, size_t size)
{
	const struct nvs_hdr *h = w->steps[step].hdr;

	switch (h->id) {
	case NVS_ID_phase_begin:
		snprintf(text, size, SAY("%s begins", "%s 开始"),
			 symbol(NVS_SET_PHASE, AS(phase_begin, h)->phase));
		return;
	case NVS_ID_phase_end: describe_result(AS(phase_end, h), chinese, text, size); return;
	case NVS_ID_reg_read:
	case NVS_ID_reg_write:
		snprintf(text, size, "%s %s%s = 0x%" PRIx64,
			 h->id == NVS_ID_reg_read ? SAY("read", "读") : SAY("write", "写"),
			 register_name(AS(reg_read, h)->offset).s,
			 AS(reg_read, h)->offset == 0x2c || AS(reg_read, h)->offset == 0x34 ? "+4"
											    : "",
			 (uint64_t)AS(reg_read, h)->value);
		return;
	case NVS_ID_dev_reg:
		snprintf(text, size, SAY("device: %s of %s, 0x%" PRIx64, "设备：%s %s，0x%" PRIx64),
			 AS(dev_reg, h)->write ? SAY("write", "写") : SAY("read", "读"),
			 register_name(AS(dev_reg, h)->offset).s, (uint64_t)AS(dev_reg, h)->value);
		return;
	case NVS_ID_ctrl_state:
		snprintf(text, size, SAY("state %s -> %s%s", "状态 %s -> %s%s"),
			 symbol(NVS_SET_STATE, AS(ctrl_state, h)->old_state),
			 symbol(NVS_SET_STATE, AS(ctrl_state, h)->new_state),
			 AS(ctrl_state, h)->changed ? "" : SAY(" (refused)", "（被拒绝）"));
		return;
	case NVS_ID_cmd_setup:
		describe_command(h, AS(cmd_setup, h)->opcode, chinese, text, size);
		return;
	case NVS_ID_cmd_sent:
		describe_command(h, AS(cmd_sent, h)->opcode, chinese, text, size);
		return;
	default: describe_fields(h, text, size); return;
	}
}

struct text walk_lane_name(const struct walk *w, uint32_t lane, bool chinese)
{
	static const char *const names[][2] = {
		[LANE_PROBE] = { "probe, user", "探测、用户" },
		[LANE_RESET] = { "reset work", "复位工作" },
		[LANE_SCAN] = { "scan work", "扫描工作" },
		[LANE_RECOVERY] = { "recovery", "错误恢复" },
		[LANE_IRQ] = { "interrupts", "中断" },
		[LANE_DEVICE] = { "device", "设备" },
	};
	const struct walk_lane_queue *q;
	struct text t;

	if (lane < LANE_QUEUES) {
		snprintf(t.s, sizeof(t.s), "%s", names[lane][chinese]);
		return t;
	}
	q = &w->queues[lane - LANE_QUEUES];
	if (q->qid)
		snprintf(t.s, sizeof(t.s), "nvme%u q%u", q->ctrl, q->qid);
	else
		snprintf(t.s, sizeof(t.s), "nvme%u %s", q->ctrl, chinese ? "管理队列" : "admin q");
	return t;
}
