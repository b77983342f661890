#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Planted regressions, each found and placed. long-compare-null.t has what is none.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../compare/planted.sh"
not_sanitized
plan 15

compare_runs planted 8 base delay bells read
names "300 instructions in nvme_setup_cmd: found, in the driver's stage" delay "read 4K, default queues: driver" p50
is "300 instructions: nothing in the completion's" "$(said "read 4K, default queues: completion" p50 verdict)" same
names "one doorbell for each command: found" bells "default queues" "SQ doorbells/command"
names "a register read for each completion: found" read "all queues" "register reads/command after init"

# 6.1 does not boot on two CPUs whose instructions are counted, under QEMU 7.2.
if [[ $kernel == 6.1 ]]; then
	skip "interrupts on the wrong CPU" "the guest does not boot on two CPUs under -icount" 4
else
	compare_on+=(--smp 2)
	compare_runs wrong-cpu 8 base affinity
	names "interrupts on the wrong CPU: found" affinity "default queues" "completed on another CPU"
	is "interrupts on the wrong CPU: nothing of doorbells" "$(said "default queues" "SQ doorbells/command" verdict)" same
fi

# The disks' clock is the host's. That of a guest whose instructions are counted is not, while it sleeps. They are so slow
# that 5 % of it is more than a busy host keeps a guest waiting.
compare_on=(--smp 1 --nvme "max_ioqpairs=2,mdts=7" --ns "size=1G,null=1,latency-ns=200000000" --ns "size=1G,null=1,latency-ns=210000000")
compare_runs slower 10 quick slow
names "a disk that is 5 % slower: found" slow "read 4K, default queues: device" p50 quick
is "a disk that is 5 % slower: nothing in the driver's stage" "$(said "read 4K, default queues: driver" p50 verdict)" same
