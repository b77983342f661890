// SPDX-License-Identifier: GPL-2.0
/* The event table is laid out alike by the three compilers that read it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libelf.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "nvs_events.h"

static const __u32 layout[] = NVS_LAYOUT;

static Elf_Data *find_section(Elf *elf, const char *name)
{
	Elf_Scn *scn = NULL;
	size_t names;
	GElf_Shdr shdr;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, &shdr) && !strcmp(elf_strptr(elf, names, shdr.sh_name), name))
			return elf_getdata(scn, NULL);
	return NULL;
}

static void compare(const char *path)
{
	int fd = open(path, O_RDONLY);
	Elf *elf;
	Elf_Data *data;

	if (fd < 0)
		fail_msg("%s: %s", path, strerror(errno));
	elf = elf_begin(fd, ELF_C_READ, NULL);
	data = elf ? find_section(elf, ".nvs_layout") : NULL;
	if (!data)
		fail_msg("%s has no section .nvs_layout", path);
	assert_int_equal(data->d_size, sizeof(layout));
	assert_memory_equal(data->d_buf, layout, sizeof(layout));
	elf_end(elf);
	close(fd);
}

static void test_bpf(void **state)
{
	(void)state;
	compare(BUILD_DIR "/bpf/layout.o");
}

/* Of each kernel that the module was built for; a guest test builds it, this one may come first. */
static void test_module(void **state)
{
	glob_t found;

	(void)state;
	if (glob(BUILD_DIR "/kmod/*/nvmescope_core.ko", 0, NULL, &found)) {
		print_message("no module is built yet\n");
		skip();
	}
	for (size_t i = 0; i < found.gl_pathc; i++)
		compare(found.gl_pathv[i]);
	globfree(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bpf),
		cmocka_unit_test(test_module),
	};

	elf_version(EV_CURRENT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
