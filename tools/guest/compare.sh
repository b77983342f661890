#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# compare.sh: two kernels, one workload, one answer: `make compare A=6.1 B=6.12`.
#
#   A=K B=K          kernels as vm.sh takes them; they may be the same
#   WORKLOAD=FILE    what fio does (tools/guest/compare.fio); its disk is /dev/nvme0n1
#   DRIVER=inbox     the kernels' own driver (default), or nvmescope: ours
#   RUNS=N           runs of each side (8)
#   PER_BOOT=N       runs that share a boot (2)
#   CPUS=N           of the guest (1); with 2, which 6.1 does not boot on this way, some completions are another CPU's
#   LEVEL=events     or io, hist: what is recorded
#   THRESHOLD=PCT    a change of so many percent is no regression yet (1)
#   OUT=DIR          where all goes (build/compare)
#
# Boots go A B B A A B B A ..., so that whatever drifts on this machine drifts for both; runs that
# share a boot share what it made of the memory: PER_BOOT=1 is the strictest, and the slowest.
# Guests run under -icount: their clock counts instructions. Ends as `nvmescope compare` does: 0 no
# regression, 1 regression, others: it failed.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
nvmescope=$NVMESCOPE_ROOT/build/nvmescope

usage='make compare A=6.1 B=6.12 [WORKLOAD=file.fio] [DRIVER=inbox|nvmescope] [RUNS=8] [PER_BOOT=2] [CPUS=1] [LEVEL=events|io|hist] [THRESHOLD=1]'
kernel_a=${A-} kernel_b=${B-} workload=${WORKLOAD:-$here/compare.fio} driver=${DRIVER:-inbox}
runs=${RUNS:-8} per_boot=${PER_BOOT:-2} cpus=${CPUS:-1} level=${LEVEL:-events} threshold=${THRESHOLD:-1} out=${OUT:-$NVMESCOPE_ROOT/build/compare}

# --- is it what can be done? ---------------------------------------------------------

[[ $kernel_a && $kernel_b ]] || die -2 "give two kernels: $usage"
[[ $driver =~ ^(inbox|nvmescope)$ ]] || die -2 "DRIVER=$driver: it is inbox (the kernel's own) or nvmescope (ours)"
[[ $level =~ ^(events|io|hist)$ ]] || die -2 "LEVEL=$level: it is events, io or hist"
[[ $runs =~ ^[1-9][0-9]*$ ]] || die -2 "RUNS=$runs: it is a number of runs"
[[ $per_boot =~ ^[1-9][0-9]*$ ]] || die -2 "PER_BOOT=$per_boot: it is a number of runs"
[[ $cpus =~ ^[1-9]$ ]] || die -2 "CPUS=$cpus: it is a number of CPUs, 1 to 9"
[[ $threshold =~ ^[0-9]+(\.[0-9]+)?$ ]] || die -2 "THRESHOLD=$threshold: it is a percentage"
[[ -f $workload && -r $workload ]] || die -2 "WORKLOAD=$workload: there is no such file; give a job file of fio's"
need fio fio
# In the guest fio is told the same; here a typing error costs seconds, not a boot.
words=$(fio --parse-only "$workload" 2>&1) || die -2 "WORKLOAD=$workload is no job file that fio understands: $(tail -n 1 <<<"$words")"
grep -q '^filename=/dev/nvme0n1$' "$workload" || die -2 "WORKLOAD=$workload does not say filename=/dev/nvme0n1, the guest's disk"
for kernel in "$kernel_a" "$kernel_b"; do
	"$here/kernel.sh" "$kernel" >/dev/null || die -2 "no kernel $kernel (see above)"
	if [[ $driver == nvmescope ]]; then
		make --no-print-directory -C "$NVMESCOPE_ROOT" "kmod-$kernel" ||
			die "our modules do not build for $kernel; DRIVER=inbox compares the kernels' own driver"
	fi
done

# --- run -----------------------------------------------------------------------------

# The device moves no data, and a fifth of a millisecond of the host's passes first: so each
# read of depth 1 is waited for asleep.
compare_guest() { # OUT KERNEL COMMAND...: boots and runs COMMAND, with OUT on /out
	local out=$1 kernel=$2 share=() status=0
	shift 2
	[[ $driver == inbox ]] || share=(--share "$NVMESCOPE_ROOT/build/kmod/$kernel:/modules")
	mkdir -p "$out"
	"$here/vm.sh" --kernel "$kernel" --name "compare-$kernel" --icount --smp "$cpus" --deadline 1200 --out "$out" \
		--nvme max_ioqpairs=2,mdts=7 --ns size=1G,null=1,latency-ns=200000 --module nvme "${share[@]}" \
		--add "$nvmescope:/usr/bin/nvmescope" --add "$(realpath "$workload"):/workload.fio" \
		-- "$@" >"$out/output.txt" 2>&1 || status=$?
	((status == 0)) || {
		tail -n 20 "$out/output.txt" >&2
		die "the guest of kernel $kernel failed with $status; its logs are in $out"
	}
}

rm -rf "$out"
mkdir -p "$out"
boot=0
for ((first = 1; first <= runs; first += per_boot)); do
	order=(a b)
	((boot++ % 2 == 0)) || order=(b a)
	last=$((first + per_boot - 1 < runs ? first + per_boot - 1 : runs))
	for side in "${order[@]}"; do
		kernel=kernel_$side
		say "runs $first to $last of $runs, $side: Linux ${!kernel} ($SECONDS s)"
		compare_guest "$out/$side/boot-$boot" "${!kernel}" \
			sh /src/tools/guest/compare-payload.sh runs "$first" "$last" "$driver" "$level" /workload.fio /modules
		mv "$out/$side/boot-$boot"/run-* "$out/$side/"
	done
done

# --- compare -------------------------------------------------------------------------

status=0
"$nvmescope" compare --threshold "$threshold" --html "$out/report.html" --text "$out/report.txt" "$out/a" "$out/b" || status=$?
((status < 2)) || exit "$status"
"$nvmescope" compare --threshold "$threshold" --json "$out/a" "$out/b" >"$out/report.json" || true
say "the whole report is in $out/report.html and $out/report.txt"
exit "$status"
