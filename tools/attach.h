/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where programs attach to a driver: what of it is there on this kernel, and what is lost
 * without.  record chooses its programs by this, inspect lists it.
 */
#ifndef NVS_ATTACH_H
#define NVS_ATTACH_H

#include <stdbool.h>
#include <stddef.h>

enum attach_state {
	ATTACH_FOUND,
	ATTACH_UNTRACEABLE, /* the compiler left no place to attach to */
	ATTACH_UNDESCRIBED, /* there, but its types (BTF) are not */
	ATTACH_INLINED,	    /* only pieces of it are there: NAME.part.0 */
	ATTACH_MISSING,	    /* not there, or wholly inlined: a kernel does not tell which */
};

/* "found", "untraceable", ... */
const char *attach_state_name(enum attach_state state);

struct btf;

/* A sorted list of names. */
struct names {
	char **name;
	size_t nr, room;
};

enum attach_types { TYPES_VMLINUX, TYPES_CORE, TYPES_PCI, NR_TYPES };

/* What the running kernel and a driver's two modules say of their functions. */
struct attach_sources {
	struct btf *btf[NR_TYPES]; /* NULL: says nothing of its types */
	const char *module[NR_TYPES];
	struct names symbols;		   /* of the modules, and all tracepoints */
	struct names traceable;		   /* functions of the modules */
	bool symbols_read, traceable_read; /* there is such a list, and it could be read */
};

/* Asks for types alone.  What there is none of stays NULL. */
void attach_open(struct attach_sources *s, const char *core_module, const char *pci_module);
/*
 * Reads the kernel's symbols and list of traceable functions too: then attach_find() can
 * say why something is not to be had.
 */
void attach_open_names(struct attach_sources *s, const char *kallsyms, const char *traceable);
void attach_close(struct attach_sources *s);

/* What is there of a program's section: "fexit/nvme_queue_rq", "raw_tp/nvs_reset". */
enum attach_state attach_find(const struct attach_sources *s, const char *section);

/* The number of the type that such a section attaches to, and whose it is; 0: there is none. */
int attach_type_id(const struct attach_sources *s, const char *section, enum attach_types *where);

/*
 * attach_target.c: tells libbpf what programs attach to.  To be called before an object of them is
 * opened, for each section that is to be loaded, and when they are loaded.
 */
void attach_targets_begin(void);
void attach_target(const struct attach_sources *s, const char *section);
void attach_targets_end(void);

/* What would not be recorded without a program of this section; NULL: it can be done without. */
const char *attach_need(const char *section);
/* What is lost without; @buf is for words made of the section's name. */
const char *attach_loss(const char *section, const char *program, char *buf, size_t size);

#endif
