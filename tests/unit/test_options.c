// SPDX-License-Identifier: GPL-2.0
/* The option table, and what record takes for a device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "record.h"

static bool flag;
static const char *string, *choice;
static uint64_t size, seconds, number;
static const char *const choices[] = { "text", "json", NULL };

static const struct option_row rows[] = {
	{ "flag", 'f', OPTION_FLAG, NULL, &flag, "", NULL },
	{ "string", 's', OPTION_STRING, "TEXT", &string, "", NULL },
	{ "size", 0, OPTION_SIZE, "SIZE", &size, "", NULL },
	{ "seconds", 't', OPTION_SECONDS, "SECONDS", &seconds, "", NULL },
	{ "number", 'n', OPTION_UINT, "N", &number, "", NULL },
	{ "choice", 'c', OPTION_CHOICE, "FORM", &choice, "", choices },
	{ 0 },
};
static const struct usage usage = { .command = "test", .synopsis = "", .rows = rows };

/* Parses @words, which are separated by blanks; the first operand, or "". */
static int parse(const char *words, const char **operand)
{
	static char line[256];
	char *argv[16] = { (char *)"test" };
	int argc = 1, at;

	snprintf(line, sizeof(line), "%s", words);
	for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	at = options_parse(&usage, argc, argv);
	*operand = at > 0 && at < argc ? argv[at] : "";
	return at;
}

static void test_values(void **state)
{
	const char *operand;

	(void)state;
	assert_true(parse("-f --string=a --size 4K -t 1.5 -n 7 -c json -- -x", &operand) > 0);
	assert_string_equal(operand, "-x");
	assert_true(flag);
	assert_string_equal(string, "a");
	assert_int_equal(size, 4096);
	assert_int_equal(seconds, 1500000000);
	assert_int_equal(number, 7);
	assert_ptr_equal(choice, choices[1]);
	assert_true(parse("DIR --size 1G", &operand) > 0);
	assert_string_equal(operand, "DIR");
	assert_int_equal(size, 1 << 30);
	assert_true(parse("-t 0.000000001", &operand) > 0);
	assert_int_equal(seconds, 1);
	assert_true(parse("-t 1.5s", &operand) > 0);
	assert_int_equal(seconds, 1500000000);
	assert_true(parse("-t 10ms", &operand) > 0);
	assert_int_equal(seconds, 10000000);
	assert_true(parse("-t 2.25us", &operand) > 0);
	assert_int_equal(seconds, 2250);
	assert_true(parse("-t 7ns", &operand) > 0);
	assert_int_equal(seconds, 7);
}

static void test_wrong(void **state)
{
	static const char *const wrong[] = {
		"--nothing",
		"-x",
		"-s",
		"--size",
		"--size -1",
		"--size 1T",
		"--size 1KK",
		"--size K",
		"-n 1x",
		"-n 1e3",
		"-n -1",
		"-t 1.5x",
		"-t 5sm",
		"-t ms",
		"-t 99999999999999999ms",
		"-t .5",
		"-t -1",
		"-c xml",
		"--size 99999999999999999999",
		"--size 18446744073709551615K",
		"-t 99999999999",
		"--flag=1",
	};
	const char *operand;

	(void)state;
	assert_int_equal(parse("-f", &operand), 2);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(parse(wrong[i], &operand), OPTIONS_WRONG);
}

static void test_devices(void **state)
{
	static const struct {
		const char *text, *prefix;
		unsigned int ctrl, pci_addr;
	} good[] = {
		{ "nvme0", "nvme", 0, 0 },
		{ "/dev/nvme12", "nvme", 12, 0 },
		{ "/dev/nvme3n1", "nvme", 3, 0 },
		{ "nvme3n1p2", "nvme", 3, 0 },
		{ "/dev/ng4n1", "nvme", 4, 0 },
		{ "nvs1n2", "nvs", 1, 0 },
		{ "00ff:fe:1f.7", NULL, NVS_NO_CTRL, 0xfffeff },
	};
	static const char *const bad[] = { "",		"nvme",	 "nvmex",    "nvme0n",	"nvme0x",
					   "nvme70000", "sda",	 "0:0",	     "01:20.0", "01:00.8",
					   "01:00.0x",	"/dev/", "nvme0n1p", "ng" };
	struct record_device d;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(record_device_parse(&d, good[i].text));
		assert_int_equal(d.ctrl, good[i].ctrl);
		assert_int_equal(d.pci_addr, good[i].pci_addr);
		if (good[i].prefix)
			assert_string_equal(d.prefix, good[i].prefix);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(record_device_parse(&d, bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
