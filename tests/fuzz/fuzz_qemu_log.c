// SPDX-License-Identifier: GPL-2.0
/* What QEMU is said to have logged: read, held against a recording, and imported into it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cmd.h"
#include "fuzz.h"
#include "qemu_log.h"
#include "synth.h"

static const struct synth_options story = { .queues = 1,
					    .commands = 6,
					    .depth = 2,
					    .batch = 2,
					    .ring = 8 };

/* Every line is in exactly one of the counts. */
static void read_all(void)
{
	struct nvs_error err;
	struct qemu_log *log = qemu_log_open(fuzz_path("log"), &err);
	const struct qemu_log_counts *c;
	struct qemu_log_event ev;
	uint64_t given = 0;
	int ret;

	if (!log)
		abort();
	while ((ret = qemu_log_next(log, &ev, &err)) == 1)
		given++;
	c = qemu_log_counts(log);
	if (ret == 0 &&
	    (given != c->events || c->lines != c->foreign + c->events + c->repeats + c->details +
						       c->complaints.nr + c->strange.nr))
		abort();
	qemu_log_close(log);
}

static void make_recording(const char *dir)
{
	static struct synth *s;
	struct nvs_error err;

	if (!s)
		s = synth_make(&story);
	if (synth_write(s, dir, 0, &err))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *rec, *log;

	fuzz_clean();
	fuzz_write("log", data, size);
	read_all();
	rec = fuzz_path("rec");
	log = fuzz_path("log");
	make_recording(rec);
	/* One or the other, for speed. */
	fuzz_command(cmd_check, (const char *[]){ "check", "--witness", log, rec,
						  size % 2 ? "--json" : NULL, NULL });
	if (fuzz_command(cmd_import, (const char *[]){ "import", log, rec, NULL }) == EXIT_DONE &&
	    fuzz_command(cmd_report, (const char *[]){ "report", rec, NULL }) != EXIT_DONE)
		abort(); /* what import wrote must read back */
	return 0;
}

/* --- seeds: the log that QEMU would have written of the story ---------------------------- */

static bool logged(unsigned int id)
{
	return id == NVS_ID_reg_read || id == NVS_ID_reg_write || id == NVS_ID_sq_doorbell ||
	       id == NVS_ID_cq_doorbell || id == NVS_ID_cqe || id == NVS_ID_sqe;
}

static void log_event(FILE *log, const union synth_event *ev, unsigned int opcode)
{
	const struct nvs_hdr *h = &ev->h;
	const struct nvs_reg_write *reg = (const void *)ev;
	const struct nvs_sq_doorbell *bell = (const void *)ev;
	uint64_t us = h->ts / 1000;

	if (!logged(h->id))
		return;
	fprintf(log, "99@%" PRIu64 ".%06" PRIu64 ":pci_nvme_", 1700000000 + us / 1000000,
		us % 1000000);
	switch (h->id) {
	case NVS_ID_reg_write:
		fprintf(log, "mmio_write addr 0x%x data 0x%" PRIx64 " size 4\n", reg->offset,
			(uint64_t)reg->value);
		break;
	case NVS_ID_sq_doorbell:
		fprintf(log, "mmio_doorbell_sq sqid %u new_tail %u\n", h->qid, bell->new_tail);
		break;
	case NVS_ID_cq_doorbell:
		fprintf(log, "mmio_doorbell_cq cqid %u new_head %u\n", h->qid, bell->new_tail);
		break;
	case NVS_ID_cqe:
		fprintf(log, "enqueue_req_completion cid %u cqid %u dw0 0x0 dw1 0x0 status 0x0\n",
			h->cid, h->qid);
		break;
	case NVS_ID_sqe:
		if (h->qid)
			fprintf(log, "io_cmd cid %u nsid 0x1 sqid %u opc 0x%x opname 'NVME'\n",
				h->cid, h->qid, opcode);
		else
			fprintf(log, "admin_cmd cid %u sqid 0 opc 0x%x opname 'NVME'\n", h->cid,
				opcode);
		break;
	case NVS_ID_reg_read: fprintf(log, "mmio_read addr 0x0 size 8\n");
	}
}

void fuzz_make_seeds(fuzz_seed_fn add)
{
	struct synth *s = synth_make(&story);
	unsigned int opcode = 0;
	char *text, *line;
	size_t size;
	FILE *log = open_memstream(&text, &size);

	for (unsigned int i = 0; i < s->nr; i++) {
		const union synth_event *ev = &s->item[i].ev;

		if (ev->h.id == NVS_ID_cmd_setup)
			opcode = ((const struct nvs_cmd_setup *)ev)->opcode;
		log_event(log, ev, opcode);
	}
	fclose(log);
	add("story", text, size);
	/* A device that stopped in the midst of it: lanes that one side lacks. */
	add("half", text, size / 2);
	/* Some of the words that the dictionary has as well, behind a time and without one. */
	line = strstr(text, "pci_nvme_");
	add("untimed", line, strcspn(line, "\n") + 1);
	free(text);
	synth_free(s);
}
