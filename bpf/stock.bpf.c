// SPDX-License-Identifier: GPL-2.0
/*
 * Provider "stock": records the kernel's own driver, modules nvme and nvme_core.
 *
 * That driver has four tracepoints, and none tells of a doorbell.  But its structures
 * are described by the modules' BTF: after each function that may ring a doorbell, the
 * ring index in struct nvme_queue is compared with the one of before.  What was sent and
 * what came back is read from the rings themselves, where the device reads and writes.
 */
#pragma clang diagnostic ignored "-Wunused-parameter" /* BPF_PROG has a ctx */

#include "stock_queue.h"
#include "stock_submit.h"
#include "stock_look.h"
#include "stock_complete.h"
#include "stock_life.h"

char _license[] SEC("license") = "GPL";
