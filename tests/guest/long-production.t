#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# long-production: every command of docs/production.md works as it is printed there. What they say on
# this kernel is in $logs/incident/transcript, from where the document has its output.
. "$(dirname "$0")/lib.sh"
commands=$(grep -c '^    # ' "$NVMESCOPE_ROOT/docs/production.md")
plan $((commands + 1))

guest incident --smp 2 --nvme max_ioqpairs=2,mdts=7 --ns size=256M,null=1,latency-ns=200000 --module nvme -- production-guest.sh main
