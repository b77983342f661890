#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Planted regressions, each found and placed; and ten comparisons of a driver with itself on each
# kernel, none of which names one.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../compare/planted.sh"
not_sanitized
plan 26

compare_runs planted 8 base delay bells read quick slow
names "300 instructions in nvme_setup_cmd: found, in the driver's stage" delay "read 4K, default queues: driver" p50
is "300 instructions: nothing in the completion's" "$(said "read 4K, default queues: completion" p50 verdict)" same
names "one doorbell for each command: found" bells "default queues" "SQ doorbells/command"
names "a register read for each completion: found" read "all queues" "register reads/command after init"
names "a disk that is 5 % slower: found" slow "read 4K, default queues: device" p50 quick
is "a disk that is 5 % slower: nothing in the driver's stage" "$(said "read 4K, default queues: driver" p50 verdict)" same

for five in 1 2; do
	compare_runs null-$five 8 base-{1,2,3,4,5,6,7,8,9,10}
	for n in 1 3 5 7 9; do
		unnamed "null $five.$n: a driver against itself" base-$((n + 1)) base-$n
	done
done

# 6.1 does not boot on two CPUs whose instructions are counted, under QEMU 7.2.
if [[ $kernel == 6.1 ]]; then
	skip "interrupts on the wrong CPU" "the guest does not boot on two CPUs under -icount" 4
else
	compare_cpus=2 compare_runs wrong-cpu 8 base affinity
	names "interrupts on the wrong CPU: found" affinity "default queues" "completed on another CPU"
	is "interrupts on the wrong CPU: nothing of doorbells" "$(said "default queues" "SQ doorbells/command" verdict)" same
fi
