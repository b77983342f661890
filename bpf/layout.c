// SPDX-License-Identifier: GPL-2.0
/*
 * The event layout as the BPF compiler sees it, for the test that compares it
 * with the module's and the tools'.  No program: libbpf would warn of the section.
 */
#include <linux/types.h>
#include "nvs_events.h"

const __u32 nvs_layout[] __attribute__((section(".nvs_layout"), used)) = NVS_LAYOUT;
