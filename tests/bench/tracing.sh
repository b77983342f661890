#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tracing.sh KERNEL...: what recording costs: instructions that the whole guest executes for
# each 4 KiB read, recorder and its writing included, above those of the same reads untraced.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/guest/lib.sh

(($#)) || die -2 "usage: tracing.sh KERNEL..."
results=build/bench
mkdir -p "$results"
gcc -O2 -Wall -Wextra -Werror -shared -fPIC -fvisibility=hidden -o "$results/insncount.so" tests/bench/insncount.c
gcc -O2 -Wall -Wextra -Werror -static -o "$results/iobench" tests/bench/iobench.c -luring ||
	die "iobench needs the package liburing-dev; run tools/guest/packages.sh bench"

run() { # KERNEL
	local out=$results/tracing-$1
	rm -rf "$out"
	mkdir -p "$out"
	tools/guest/vm.sh --kernel "$1" --name "tracing-$1" --icount --smp 1 --mem 3G --deadline 1500 --out "$out" --append nokaslr \
		--nvme max_ioqpairs=1,mdts=7 --ns size=8G,null=1,latency-ns=200000 --ns size=8G,null=1 --module nvme \
		--share "build/kmod/$1:/modules" --add "$PWD/$results/iobench:/usr/bin/iobench" --add "$PWD/build/nvmescope:/usr/bin/nvmescope" \
		--qemu -plugin --qemu "$PWD/$results/insncount.so,out=$PWD/$out/insns" \
		-- sh /src/tests/bench/tracing-guest.sh all >"$out/output.txt" 2>&1 || {
		tail -n 20 "$out/output.txt" >&2
		die "the guest of kernel $1 failed; see $out"
	}
}

# Instructions per read of run N
total() { awk -v reads="$2" '{ n += $2 } END { printf "%.0f", n / reads }' "$1"; }

table() { # KERNEL
	local out=$results/tracing-$1 label row reads n=0
	declare -A untraced=()
	printf '\n%-6s %-14s %-9s %9s %9s\n' kernel recorder row 'per read' added
	while read -r label row reads; do
		local all base
		n=$((n + 1)) all=$(total "$out/insns.$n" "$reads")
		case $label in in-box | ours) untraced[$row]=$all ;; esac
		base=${untraced[$row]}
		printf '%-6s %-14s %-9s %9s %9s\n' "$1" "$label" "$row" "$all" "$((all - base))"
	done <"$out/runs"
	grep -h 'lost' "$out"/*-events.txt
}

for kernel; do
	run "$kernel"
	table "$kernel"
done
