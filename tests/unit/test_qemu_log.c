// SPDX-License-Identifier: GPL-2.0
/* The parser of QEMU's log, on lines that QEMU 7.2 wrote and on rubbish. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "qemu_log.h"

#define REAL_LOG "data/qemu-7.2-nvme.log"

static struct nvs_error err;

static struct qemu_log *open_text(const char *text, size_t size)
{
	FILE *file = tmpfile();
	struct qemu_log *log;

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, size, file), size);
	rewind(file);
	log = qemu_log_from(file, "test.log", &err);
	assert_non_null(log);
	return log;
}

/* Reads @text to its end; the number of events, the last of them in @ev. */
static int parse(const char *text, struct qemu_log_event *ev, struct qemu_log_counts *counts)
{
	struct qemu_log *log = open_text(text, strlen(text));
	struct qemu_log_event one;
	int n = 0, ret;

	while ((ret = qemu_log_next(log, &one, &err)) > 0) {
		*ev = one;
		n++;
	}
	if (counts)
		*counts = *qemu_log_counts(log);
	qemu_log_close(log);
	return ret ? ret : n;
}

static struct qemu_log_event only(const char *text)
{
	struct qemu_log_event ev;

	assert_int_equal(parse(text, &ev, NULL), 1);
	return ev;
}

static void test_doorbells(void **state)
{
	struct qemu_log_event ev;

	(void)state;
	ev = only("7@12.000345:pci_nvme_mmio_write addr 0x1008 data 0x5 size 4\n"
		  "7@12.000346:pci_nvme_mmio_doorbell_sq sqid 1 new_tail 5\n");
	assert_int_equal(ev.h.id, NVS_ID_dev_doorbell);
	assert_int_equal(ev.size, sizeof(struct nvs_dev_doorbell));
	assert_int_equal(ev.h.ts, 12000346000);
	assert_int_equal(ev.h.ctrl, NVS_NO_CTRL);
	assert_int_equal(ev.h.qid, 1);
	assert_int_equal(ev.bell.ring, NVS_RING_sq);
	assert_int_equal(ev.bell.value, 5);
	assert_int_equal(ev.bell.how, NVS_BELL_mmio);
	assert_int_equal(ev.line, 2);
	assert_false(ev.refused);

	ev = only("pci_nvme_mmio_doorbell_cq cqid 65535 new_head 65535\n");
	assert_int_equal(ev.h.ts, 0);
	assert_int_equal(ev.h.qid, 65535);
	assert_int_equal(ev.bell.ring, NVS_RING_cq);
	assert_int_equal(ev.bell.value, 65535);
}

static void test_refused_doorbell(void **state)
{
	struct qemu_log_event ev;

	(void)state;
	ev = only("7@12.000345:pci_nvme_mmio_write addr 0x1018 data 0x9 size 4\n"
		  "7@12.000346:pci_nvme_ub_db_wr_invalid_sq submission queue doorbell write for "
		  "nonexistent queue, sqid=3, ignoring\n");
	assert_true(ev.refused);
	assert_int_equal(ev.h.qid, 3);
	assert_int_equal(ev.bell.value, 9);
}

/* A shadow doorbell is logged at every look. */
static void test_shadow(void **state)
{
	struct qemu_log_event ev;
	struct qemu_log_counts counts;

	(void)state;
	assert_int_equal(parse("pci_nvme_shadow_doorbell_sq sqid 1 new_shadow_doorbell 4\n"
			       "pci_nvme_shadow_doorbell_sq sqid 1 new_shadow_doorbell 4\n"
			       "pci_nvme_shadow_doorbell_cq cqid 1 new_shadow_doorbell 4\n"
			       "pci_nvme_shadow_doorbell_sq sqid 1 new_shadow_doorbell 5\n",
			       &ev, &counts),
			 3);
	assert_int_equal(ev.bell.how, NVS_BELL_shadow);
	assert_int_equal(ev.bell.value, 5);
	assert_int_equal(counts.repeats, 1);
}

static void test_command_and_its_detail(void **state)
{
	struct qemu_log_event ev;

	(void)state;
	ev = only(
		"1@2.000003:pci_nvme_io_cmd cid 4242 nsid 0x2 sqid 3 opc 0x1 opname 'NVME_NVM_CMD_WRITE'\n"
		"1@2.000004:pci_nvme_write cid 4242 opname 'NVME_NVM_CMD_WRITE' nsid 2 nlb 128 "
		"count 65536 lba 0x123456789a\n");
	assert_int_equal(ev.h.id, NVS_ID_dev_cmd);
	assert_int_equal(ev.h.ts, 2000003000);
	assert_int_equal(ev.h.cid, 4242);
	assert_int_equal(ev.h.qid, 3);
	assert_int_equal(ev.cmd.opcode, 1);
	assert_int_equal(ev.cmd.nsid, 2);
	assert_int_equal(ev.cmd.slba, 0x123456789a);
	assert_int_equal(ev.cmd.nlb, 128);

	ev = only("pci_nvme_admin_cmd cid 7 sqid 0 opc 0x6 opname 'NVME_ADM_CMD_IDENTIFY'\n"
		  "pci_nvme_identify cid 7 cns 0x0 ctrlid 0 csi 0x0\n"
		  "pci_nvme_identify_ns nsid 254\n");
	assert_int_equal(ev.h.qid, 0);
	assert_int_equal(ev.cmd.opcode, 6);
	assert_int_equal(ev.cmd.nsid, 254);
}

/* The event that ends the wait for details comes after the command, not instead of it. */
static void test_command_without_detail(void **state)
{
	const char *text =
		"pci_nvme_io_cmd cid 1 nsid 0xffffffff sqid 1 opc 0x99 opname 'NVME_NVM_CMD_UNKNOWN'\n"
		"pci_nvme_err_invalid_opc invalid opcode 0x99\n"
		"pci_nvme_enqueue_req_completion cid 1 cqid 1 dw0 0x3 dw1 0x1 status 0x4001\n"
		"pci_nvme_irq_msix raising MSI-X IRQ vector 2\n";
	struct qemu_log *log = open_text(text, strlen(text));
	struct qemu_log_event ev;

	(void)state;
	assert_int_equal(qemu_log_next(log, &ev, &err), 1);
	assert_int_equal(ev.h.id, NVS_ID_dev_cmd);
	assert_int_equal(ev.cmd.nsid, 0xffffffff);
	assert_int_equal(ev.cmd.nlb, 0);
	assert_int_equal(qemu_log_next(log, &ev, &err), 1);
	assert_int_equal(ev.h.id, NVS_ID_dev_cqe);
	assert_int_equal(ev.cqe.status, 0x4001);
	assert_int_equal(ev.cqe.result, 0x100000003);
	assert_int_equal(ev.line, 3);
	assert_int_equal(qemu_log_next(log, &ev, &err), 1);
	assert_int_equal(ev.h.id, NVS_ID_dev_irq);
	assert_int_equal(ev.irq.vector, 2);
	assert_int_equal(qemu_log_next(log, &ev, &err), 0);
	assert_int_equal(qemu_log_counts(log)->complaints.nr, 1);
	assert_int_equal(qemu_log_counts(log)->complaints.line, 2);
	qemu_log_close(log);
}

/* Lines that look like the device's and are not understood are counted and kept. */
static void test_strange_lines(void **state)
{
	static const char *const lines[] = {
		"pci_nvme_mmio_doorbell_sq sqid 1 new_tail\n",
		"pci_nvme_mmio_doorbell_sq sqid 1 new_tail 5 more\n",
		"pci_nvme_mmio_doorbell_sq sqid 70000 new_tail 5\n",
		"pci_nvme_mmio_doorbell_sq sqid 1 new_tail 99999999999999999999999\n",
		"pci_nvme_something_new cid 1\n",
		"12@13:pci_nvme_mmio_read addr 0x8 size 4\n",
		"garbled pci_nvme_mmio_read addr 0x8 size 4\n",
		"pci_nvme_read cid 1 nsid 1 nlb 1 count 512 lba 0x0\n", /* of which command? */
		"pci_nvme_io_cmd cid 1 nsid 0x1 sqid 1 opc 0x2 opname 'NVME",
	};
	struct qemu_log_counts counts;
	struct qemu_log_event ev;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(parse(lines[i], &ev, &counts), 0);
		assert_int_equal(counts.strange.nr, 1);
		assert_int_equal(counts.strange.line, 1);
		assert_int_equal(strncmp(counts.strange.text, lines[i], 20), 0);
	}
	assert_int_equal(parse("qemu: warning: something else\n", &ev, &counts), 0);
	assert_int_equal(counts.foreign, 1);
	assert_int_equal(counts.strange.nr, 0);
}

static void test_two_controllers(void **state)
{
	struct qemu_log_event ev;

	(void)state;
	assert_int_equal(
		parse("pci_nvme_mmio_start_success setting controller enable bit succeeded\n"
		      "pci_nvme_mmio_start_success setting controller enable bit succeeded\n",
		      &ev, NULL),
		-1);
	assert_non_null(strstr(err.text, "test.log:2:"));
	assert_non_null(strstr(err.text, "more than one controller"));
	assert_int_equal(parse("pci_nvme_pci_reset PCI Function Level Reset\n"
			       "pci_nvme_mmio_doorbell_sq sqid 1 new_tail 5\n",
			       &ev, NULL),
			 -1);
	/* One that is reset and started again is one. */
	assert_int_equal(
		parse("pci_nvme_mmio_start_success setting controller enable bit succeeded\n"
		      "pci_nvme_mmio_stopped cleared controller enable bit\n"
		      "pci_nvme_mmio_start_success setting controller enable bit succeeded\n",
		      &ev, NULL),
		0);
}

static void test_real_log(void **state)
{
	struct qemu_log *log = qemu_log_open(REAL_LOG, &err);
	const struct qemu_log_counts *c;
	unsigned int nr[NVS_EVENT_ID_MAX + 1] = { 0 };
	struct qemu_log_event ev;
	uint64_t line = 0;

	(void)state;
	assert_non_null(log);
	while (qemu_log_next(log, &ev, &err) > 0) {
		assert_true(ev.line > line);
		line = ev.line;
		nr[ev.h.id]++;
	}
	c = qemu_log_counts(log);
	assert_int_equal(nr[NVS_ID_dev_reg], 31);
	assert_int_equal(nr[NVS_ID_dev_doorbell], 29);
	assert_int_equal(nr[NVS_ID_dev_cmd], 18);
	assert_int_equal(nr[NVS_ID_dev_cqe], 13);
	assert_int_equal(nr[NVS_ID_dev_irq], 7);
	assert_int_equal(c->lines, 192);
	assert_int_equal(c->strange.nr, 0);
	assert_int_equal(c->complaints.nr, 3);
	assert_int_equal(c->untimed, 0);
	assert_int_equal(c->lines, c->events + c->repeats + c->details + c->complaints.nr);
	qemu_log_close(log);
}

static void test_missing_log(void **state)
{
	(void)state;
	assert_null(qemu_log_open("data/no-such.log", &err));
	assert_non_null(strstr(err.text, "data/no-such.log"));
}

static void read_to_end(const char *text, size_t size)
{
	struct qemu_log *log = open_text(text, size);
	struct qemu_log_event ev;
	uint64_t events = 0;

	while (qemu_log_next(log, &ev, &err) > 0) {
		assert_in_range(ev.h.id, NVS_ID_dev_reg, NVS_ID_dev_irq);
		events++;
	}
	assert_true(events <= qemu_log_counts(log)->lines);
	qemu_log_close(log);
}

/* Random bytes, and the real log cut short and with bytes changed, never crash the parser. */
static void test_rubbish(void **state)
{
	static char real[64 * 1024], text[sizeof(real)];
	FILE *file = fopen(REAL_LOG, "r");
	size_t size;

	(void)state;
	assert_non_null(file);
	size = fread(real, 1, sizeof(real), file);
	fclose(file);
	srand(1);
	for (int i = 0; i < 300; i++) {
		size_t cut = rand() % size;

		memcpy(text, real, size);
		for (int j = 0; j < i; j++)
			text[rand() % size] = rand();
		read_to_end(text + cut, size - cut);
		read_to_end(text, cut);
	}
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = rand();
	read_to_end(text, sizeof(text));
	memset(text, 'x', sizeof(text));
	memcpy(text, "pci_nvme_", 9);
	read_to_end(text, sizeof(text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_doorbells),
		cmocka_unit_test(test_refused_doorbell),
		cmocka_unit_test(test_shadow),
		cmocka_unit_test(test_command_and_its_detail),
		cmocka_unit_test(test_command_without_detail),
		cmocka_unit_test(test_strange_lines),
		cmocka_unit_test(test_two_controllers),
		cmocka_unit_test(test_real_log),
		cmocka_unit_test(test_missing_log),
		cmocka_unit_test(test_rubbish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
