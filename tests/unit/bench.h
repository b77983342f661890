/* SPDX-License-Identifier: GPL-2.0 */
/* A made-up recording on disk, for the tests of a command that reads one and writes something. */
#ifndef NVS_TEST_BENCH_H
#define NVS_TEST_BENCH_H

#include "command.h"
#include "synth.h"

struct bench {
	char *tmp, *trace, *out; /* @out: a name in @tmp, where nothing is yet */
	struct synth *s;	 /* what is in the recording */
};

/* Makes one of @options with @lost events lost, for a test's state; what is written will be @out. */
static inline int bench_make(void **state, const struct synth_options *options, uint64_t lost,
			     const char *out)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct nvs_error err = { .text = "" };

	b->tmp = scratch_dir();
	b->trace = scratch_path(b->tmp, "trace");
	b->out = scratch_path(b->tmp, out);
	b->s = synth_make(options);
	assert_int_equal(synth_write(b->s, b->trace, lost, &err), 0);
	*state = b;
	return 0;
}

static inline int bench_remove(void **state)
{
	struct bench *b = *state;

	synth_free(b->s);
	scratch_remove(b->tmp);
	free(b->trace);
	free(b->out);
	free(b);
	return 0;
}

#endif
