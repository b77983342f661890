// SPDX-License-Identifier: GPL-2.0
/* Level io: looks at a queue are told apart alike, in whatever order commands tell of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include "model.h"

#define NR_RECORDS 3000
#define NR_LOOKS   8 /* that the model remembers */

/* What it does, without a short way for any order. */
struct looks {
	uint64_t at[NR_LOOKS];
	unsigned int next, found;
};

static void look(struct looks *l, uint64_t seen)
{
	bool known = false;

	for (unsigned int i = 0; i < NR_LOOKS; i++)
		known |= l->at[i] == seen;
	l->at[l->next % NR_LOOKS] = seen;
	l->next += !known;
	l->found++;
}

/* Of four commands in a row a look may have been, or up to @late before; a few have none. */
static void make_records(struct nvs_io *io, unsigned int late)
{
	srandom(late);
	for (unsigned int i = 0; i < NR_RECORDS; i++) {
		unsigned int before = (unsigned int)random() % (late + 1);

		io[i] = (struct nvs_io){ .h = { .id = NVS_ID_io, .ts = 9000 + i, .qid = 1 } };
		io[i].seen = random() % 50 ? 1000 + i / 4 - before : 0;
	}
}

static void feed(struct model *m, struct looks *l, const struct nvs_io *io)
{
	const struct model_queue *q;
	struct nvs_error err;

	for (unsigned int i = 0, nr = 1; i < NR_RECORDS; i += nr, nr = 1 + nr % 100) {
		nr = nr < NR_RECORDS - i ? nr : NR_RECORDS - i;
		assert_int_equal(model_count_io(m, io + i, nr, &q, &err), 0);
		for (unsigned int k = i; k < i + nr; k++)
			if (io[k].seen)
				look(l, io[k].seen);
		assert_int_equal(q->irqs, l->next);
		assert_int_equal(q->irq_found, l->found);
	}
}

static void looks_in_any_order(void **state)
{
	static struct nvs_io io[NR_RECORDS];

	(void)state;
	for (unsigned int late = 0; late < 20; late++) {
		struct model *m = model_new(NULL, NULL);
		struct looks l = { 0 };

		make_records(io, late);
		feed(m, &l, io);
		/* What comes then is of another time, even if it looks the same. */
		model_break(m);
		l = (struct looks){ .next = l.next, .found = l.found };
		feed(m, &l, io);
		model_free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(looks_in_any_order) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
