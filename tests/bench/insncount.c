// SPDX-License-Identifier: GPL-2.0
/*
 * insncount: a plugin for QEMU's TCG that counts the guest's instructions between two
 * marks, by the address of the translation block that they are in.
 *
 *	-plugin insncount.so,out=PREFIX
 *
 * A mark is an instruction that nobody else uses: `xchg %bx, %bx` begins, `xchg %dx, %dx`
 * ends. Each end writes PREFIX.1, PREFIX.2, ...: lines of address and instructions.
 * The declarations below are those of QEMU's plugin interface, version 1
 * (docs/devel/tcg-plugins.rst), of which Debian 12 packages no header.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
struct qemu_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { QEMU_PLUGIN_INLINE_ADD_U64 };
enum { QEMU_PLUGIN_CB_NO_REGS };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   void (*cb)(qemu_plugin_id_t id,
						      struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op, void *ptr,
					      uint64_t imm);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op, void *ptr,
						uint64_t imm);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*cb)(unsigned int vcpu, void *data), int flags,
					    void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

EXPORT int qemu_plugin_version = 1;

/* Blocks by address; a block that is translated again goes on counting. */
struct block {
	uint64_t address;
	uint64_t count;
	uint64_t at_start;
	struct block *next;
};

#define BUCKETS 65536

static struct block *blocks[BUCKETS];
static const char *prefix;
static unsigned int files;

static struct block *find(uint64_t address)
{
	struct block **bucket = &blocks[(address ^ address >> 16 ^ address >> 32) % BUCKETS];
	struct block *block;

	for (block = *bucket; block; block = block->next)
		if (block->address == address)
			return block;
	block = calloc(1, sizeof(*block));
	if (!block)
		abort();
	block->address = address;
	block->next = *bucket;
	return *bucket = block;
}

static void begin(unsigned int vcpu, void *data)
{
	(void)vcpu, (void)data;
	for (unsigned int i = 0; i < BUCKETS; i++)
		for (struct block *block = blocks[i]; block; block = block->next)
			block->at_start = block->count;
}

static void end(unsigned int vcpu, void *data)
{
	char path[4096];
	FILE *file;

	(void)vcpu, (void)data;
	snprintf(path, sizeof(path), "%s.%u", prefix, ++files);
	file = fopen(path, "w");
	if (!file) {
		perror(path);
		abort();
	}
	for (unsigned int i = 0; i < BUCKETS; i++)
		for (struct block *block = blocks[i]; block; block = block->next)
			if (block->count > block->at_start)
				fprintf(file, "%016" PRIx64 " %" PRIu64 "\n", block->address,
					block->count - block->at_start);
	fclose(file);
}

static bool is_xchg_word(const struct qemu_plugin_insn *insn, uint8_t registers)
{
	const uint8_t *bytes = qemu_plugin_insn_data(insn);

	return qemu_plugin_insn_size(insn) == 3 && bytes[0] == 0x66 && bytes[1] == 0x87 &&
	       bytes[2] == registers;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	struct block *block = find(qemu_plugin_tb_vaddr(tb));

	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		/* By instruction: a block may be left in its middle. */
		qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64,
							   &block->count, 1);
		if (is_xchg_word(insn, 0xdb))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, begin, QEMU_PLUGIN_CB_NO_REGS,
							       NULL);
		if (is_xchg_word(insn, 0xd2))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, end, QEMU_PLUGIN_CB_NO_REGS,
							       NULL);
	}
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc,
			       char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++)
		if (!strncmp(argv[i], "out=", 4))
			prefix = strdup(argv[i] + 4);
	if (!prefix) {
		fprintf(stderr, "insncount: it wants out=PREFIX\n");
		return 1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
