#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# driver.sh KERNEL...: instructions for each read, of our modules and of the kernel's own
# driver's (nvme and nvme_core), by symbol; same guest, same reads, tracepoints compiled in and off.
#
# A counting plugin in QEMU and a clock that counts instructions (-icount) make the figures
# those of the code, not of this machine. Exits 1 if ours is above the other in any row.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/guest/lib.sh
. tests/bench/lib.sh

(($#)) || die -2 "usage: driver.sh KERNEL..."
rows=(depth-1 depth-32 128K-PRP 128K-SGL polled)
bench_programs

run() { # KERNEL
	local out=$results/$1
	rm -rf "$out"
	mkdir -p "$out"
	# Two queue pairs: one with an interrupt, one to poll.
	tools/guest/vm.sh --kernel "$1" --name "bench-$1" --icount --smp 1 --deadline 900 --out "$out" --append nokaslr \
		--nvme max_ioqpairs=2,mdts=7 --ns size=8G,null=1,latency-ns=200000 --nvme max_ioqpairs=2,mdts=7 --ns size=8G,null=1 --module nvme \
		--share "build/kmod/$1:/modules" --add "$PWD/$results/iobench:/usr/bin/iobench" \
		--qemu -plugin --qemu "$PWD/$results/insncount.so,out=$PWD/$out/insns" \
		-- sh /src/tests/bench/driver-guest.sh >"$out/output.txt" 2>&1 || {
		tail -n 20 "$out/output.txt" >&2
		die "the guest of kernel $1 failed; see $out"
	}
}

tables() { # KERNEL
	local out=$results/$1 driver row reads n=0
	declare -A runs=()
	while read -r driver row reads; do
		n=$((n + 1)) runs[$driver.$row]=$((${runs[$driver.$row]-0} + 1))
		by_symbol "$out/kallsyms.$driver" "$out/insns.$n" "$reads" >"$out/$row.$driver.${runs[$driver.$row]}"
	done <"$out/runs"
	for row in "${rows[@]}"; do
		echo
		echo "$1, $row: instructions per read"
		paste -d ' ' <(shown "$out/$row.in-box.1") <(shown "$out/$row.ours.1") |
			sed 's/^ /                                                  /'
	done
}
shown() { sort -k 3,3nr "$1" | awk '{ printf "%9.2f %-36s\n", $3, $2 } END { while (NR++ < 22) printf "%9s %-36s\n", "", "" }'; }

sum() { awk '{ s += $3 } END { printf "%.2f", s }' "$1"; }

# The last table: KERNEL ROW in-box ours ratio, and by how much a second run differed.
summary() {
	local kernel row out inbox ours again above=0
	printf '\n%-6s %-9s %9s %9s %6s   %s\n' kernel row in-box ours ratio 'second run'
	for kernel; do
		out=$results/$kernel
		for row in "${rows[@]}"; do
			inbox=$(sum "$out/$row.in-box.1") ours=$(sum "$out/$row.ours.1")
			again="$(sum "$out/$row.in-box.2") $(sum "$out/$row.ours.2")"
			[[ $again != "$inbox $ours" ]] || again=same
			printf '%-6s %-9s %9s %9s %6s   %s\n' "$kernel" "$row" "$inbox" "$ours" \
				"$(awk -v a="$ours" -v b="$inbox" 'BEGIN { printf "%.3f", a / b }')" "$again"
			awk -v a="$ours" -v b="$inbox" 'BEGIN { exit !(a > b) }' && above=$((above + 1))
		done
	done
	((above == 0)) || say "$above rows above the in-box driver"
	((above == 0))
}

for kernel; do
	run "$kernel"
	tables "$kernel"
done
summary "$@"
