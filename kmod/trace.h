/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The event table as kernel tracepoints: events/nvmescope/nvs_<name>.
 *
 * Arguments are scalars, never pointers to our structures, so that a raw_tp BPF
 * program needs no type information of the module and reads them on any kernel.
 * Argument 0 to 2 are ctrl, qid and cid; the row's fields follow in order.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM nvmescope

#if !defined(NVS_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define NVS_TRACE_H

#include <linux/tracepoint.h>
#include "nvs_events.h"
#include "compat.h"

/* How a field is declared, stored and printed; padding is nobody's argument. */
#define NVS_TP_PROTO(type, name, base)		, type name
#define NVS_TP_ARG(type, name, base)		, name
#define NVS_TP_FIELD(type, name, base)		__field(type, name)
#define NVS_TP_ASSIGN(type, name, base)		__entry->name = name;
#define NVS_TP_FORMAT(type, name, base)		" " #name "=" NVS_TP_FORMAT_##base
#define NVS_TP_VALUE(type, name, base)		, NVS_TP_VALUE_##base(__entry->name)

#define NVS_TP_FORMAT_DEC			"%lld"
#define NVS_TP_FORMAT_HEX			"%#llx"
#define NVS_TP_VALUE_DEC(value)			(long long)(value)
#define NVS_TP_VALUE_HEX(value)			(unsigned long long)(value)

/* A symbol set prints as names; { value, "name" } pairs for __print_symbolic. */
#define NVS_TP_PAIR(value, name)		{ value, #name },
#define NVS_TP_NAMED(value, set)		\
	__print_symbolic(value, NVS_SYMS_##set(NVS_TP_PAIR) { -1, NULL })

