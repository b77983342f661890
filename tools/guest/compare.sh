#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# compare.sh: two kernels, one workload, one answer: `make compare A=6.1 B=6.12`.
#
#   A=K B=K          kernels as vm.sh takes them; they may be the same
#   WORKLOAD=FILE    what fio does (tools/guest/compare.fio); its disk is /dev/nvme0n1
#   DRIVER=inbox     the kernels' own driver (default), or nvmescope: ours
#   RUNS=N           boots of each side (8)
#   LEVEL=events     or io, hist: what is recorded
#   THRESHOLD=PCT    a change of so many percent is no regression yet (1)
#   OUT=DIR          where all goes (build/compare)
#
# Each run is a boot of its own, in the order A B B A A B B A ..., so that whatever drifts on this
# machine drifts for both. Guests run under -icount: their clock counts instructions. Ends as
# `nvmescope compare` does: 0 no regression, 1 regression, others: it failed.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
. "$here/compare-lib.sh"

usage='make compare A=6.1 B=6.12 [WORKLOAD=file.fio] [DRIVER=inbox|nvmescope] [RUNS=8] [LEVEL=events|io|hist] [THRESHOLD=1]'
kernel_a=${A-} kernel_b=${B-} workload=${WORKLOAD:-$here/compare.fio} driver=${DRIVER:-inbox}
runs=${RUNS:-8} level=${LEVEL:-events} threshold=${THRESHOLD:-1} out=${OUT:-$NVMESCOPE_ROOT/build/compare}

[[ $kernel_a && $kernel_b ]] || die -2 "give two kernels: $usage"
[[ $driver =~ ^(inbox|nvmescope)$ ]] || die -2 "DRIVER=$driver: it is inbox (the kernel's own) or nvmescope (ours)"
[[ $level =~ ^(events|io|hist)$ ]] || die -2 "LEVEL=$level: it is events, io or hist"
[[ $runs =~ ^[1-9][0-9]*$ ]] || die -2 "RUNS=$runs: it is a number of boots"
[[ $threshold =~ ^[0-9]+(\.[0-9]+)?$ ]] || die -2 "THRESHOLD=$threshold: it is a percentage"
[[ -f $workload && -r $workload ]] || die -2 "WORKLOAD=$workload: there is no such file; give a job file of fio's"
need fio fio
# In the guest fio is told the same; here a typing error costs seconds, not a boot.
words=$(fio --parse-only "$workload" 2>&1) || die -2 "WORKLOAD=$workload is no job file that fio understands: $(tail -n 1 <<<"$words")"
for kernel in "$kernel_a" "$kernel_b"; do
	"$here/kernel.sh" "$kernel" >/dev/null || die -2 "no kernel $kernel (see above)"
	if [[ $driver == nvmescope ]]; then
		make --no-print-directory -C "$NVMESCOPE_ROOT" "kmod-$kernel" ||
			die "our modules do not build for $kernel; DRIVER=inbox compares the kernels' own driver"
	fi
done

rm -rf "$out"
mkdir -p "$out"
for ((n = 1; n <= runs; n++)); do
	order=(a b)
	((n % 2)) || order=(b a)
	for side in "${order[@]}"; do
		kernel=kernel_$side
		say "run $n of $runs, $side: Linux ${!kernel} (${SECONDS} s)"
		compare_guest "$out/$side/boot-$n" "${!kernel}" "$driver" "$level" "$workload" "$side"
		mv "$out/$side/boot-$n/run" "$out/$side/run-$n"
	done
done
compare_report "$out" --threshold "$threshold"
