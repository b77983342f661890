#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The order in which a controller comes up, from a recording that began before the modules
# were loaded.
. "$(dirname "$0")/lib.sh"
plan 3

guest up --smp 2 --nvme max_ioqpairs=2 -- init-guest.sh main
check "it reads" babeltrace2 "$logs/up/rec"
