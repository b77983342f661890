// SPDX-License-Identifier: GPL-2.0
/*
 * aer.c: has the kernel's aer_inject report a PCI Express error that never was.
 *
 *	aer BUS DEVICE FUNCTION UNCORRECTABLE CORRECTABLE
 *
 * The last two are bits of the AER capability's status registers (PCI Express Base
 * Specification, 7.8.4).
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What /dev/aer_inject takes. */
struct error {
	uint8_t bus, device, function;
	uint32_t uncorrectable, correctable;
	uint32_t header_log[4];
	uint32_t domain;
};

int main(int argc, char **argv)
{
	struct error error = { .header_log = { 1, 2, 3, 4 } };
	int fd = open("/dev/aer_inject", O_WRONLY);

	if (argc != 6) {
		fprintf(stderr, "usage: aer BUS DEVICE FUNCTION UNCORRECTABLE CORRECTABLE\n");
		return 2;
	}
	error.bus = strtoul(argv[1], NULL, 16);
	error.device = strtoul(argv[2], NULL, 16);
	error.function = strtoul(argv[3], NULL, 16);
	error.uncorrectable = strtoul(argv[4], NULL, 16);
	error.correctable = strtoul(argv[5], NULL, 16);
	if (fd < 0 || write(fd, &error, sizeof(error)) != sizeof(error)) {
		perror("aer: /dev/aer_inject");
		return 1;
	}
	return 0;
}
