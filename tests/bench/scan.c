// SPDX-License-Identifier: GPL-2.0
/* scan RECORDING: hands out each event in the order of time, and does no more: counts them. */
#include <inttypes.h>
#include <stdio.h>
#include "recording.h"

int main(int argc, char **argv)
{
	struct recording *rec;
	struct nvs_error err;
	struct recorded ev;
	uint64_t n = 0;
	int got;

	if (argc != 2) {
		fprintf(stderr, "usage: scan RECORDING\n");
		return 2;
	}
	rec = recording_open(argv[1], &err);
	if (!rec) {
		fprintf(stderr, "scan: %s\n", err.text);
		return 1;
	}
	while ((got = recording_next(rec, &ev, &err)) > 0)
		n++;
	if (got)
		fprintf(stderr, "scan: %s\n", err.text);
	else
		printf("%" PRIu64 "\n", n);
	recording_close(rec);
	return got < 0;
}
