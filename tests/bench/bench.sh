#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bench.sh KERNEL [inbox|nvmescope [MODULES [OUT]]]: what an I/O costs: instructions by symbol and by room, of
# the whole kernel, for each way to send one. Writes build/bench/KERNEL-DRIVER.bench (or OUT).
#
# A counting plugin in QEMU and a clock that counts instructions (-icount), one CPU, a device that
# moves no data: the figures are the code's, not this machine's. Where many are sent at
# once, the program waits for them awake, in user space, which does not count: when they come, and
# thus how often it would sleep, depends on the host. Each row runs five times; the run with the fewest
# instructions is the one that counts, for what the host adds is ticks of its clock.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/guest/lib.sh
. tests/bench/lib.sh

kernel=${1:?usage: bench.sh KERNEL [inbox|nvmescope [MODULES [OUT]]]} driver=${2:-inbox}
[[ $driver =~ ^(inbox|nvmescope)$ ]] || die -2 "DRIVER=$driver: it is inbox (the kernel's own) or nvmescope (ours)"
modules=${3:-build/kmod/$kernel}
bench=${4:-$results/$kernel-$driver.bench}
out=$bench.d

share=()
[[ $driver == inbox ]] || share=(--share "$modules:/modules")
bench_programs
rm -rf "$out"
mkdir -p "$out"
tools/guest/vm.sh --kernel "$kernel" --name "bench-$kernel" --icount --smp 1 --mem 2G --deadline 1200 --out "$out" --append nokaslr \
	--nvme max_ioqpairs=2,mdts=7 --ns size=8G,null=1,latency-ns=200000 --nvme max_ioqpairs=2,mdts=7 --ns size=8G,null=1 --module nvme \
	"${share[@]}" --add "$PWD/$results/iobench:/usr/bin/iobench" \
	--qemu -plugin --qemu "$PWD/$results/insncount.so,out=$PWD/$out/insns" \
	-- sh /src/tests/bench/bench-guest.sh all "$driver" >"$out/output.txt" 2>&1 || {
	tail -n 20 "$out/output.txt" >&2
	die "the guest of kernel $kernel failed; see $out"
}

# ROW NUMBER IOS SLEPT of the run of each row with the fewest of the kernel's instructions.
chosen() {
	local row ios slept n=0
	while read -r row ios slept; do
		n=$((n + 1))
		echo "$row $n $ios $slept $(awk '$1 >= "8" { sum += $2 } END { printf "%.0f", sum }' "$out/insns.$n")"
	done <"$out/runs" | sort -k 1,1 -k 5,5n | awk '!seen[$1]++' | sort -k 2,2n | cut -d' ' -f1-4
}

# Adds its room to each line of by_symbol's, and the row before it; the program itself is left out.
with_rooms() { # ROW
	awk -v row="$1" 'FILENAME ~ /rooms$/ { if (!/^#/ && NF == 3) { n++; m[n] = "^(" $1 ")$"; s[n] = "^(" $2 ")$"; r[n] = $3 } next }
		$1 == "user" { next }
		{ room = "other"; for (i = 1; i <= n; i++) if ($1 ~ m[i] && $2 ~ s[i]) { room = r[i]; break }
			print row, room, $1, $2, $3 }' tests/bench/rooms -
}

{
	echo "# nvmescope bench 1"
	echo "# kernel $(<"$out/release") driver $driver"
	echo "# row room module symbol instructions-per-I/O; lines '# slept ROW N' are sleeps per 1000 I/Os"
	while read -r row n ios slept; do
		echo "# slept $row $((1000 * slept / ios))"
		by_symbol "$out/kallsyms" "$out/insns.$n" "$ios" . | with_rooms "$row"
	done < <(chosen)
} >"$bench.new"
mv "$bench.new" "$bench"
rm -f "$out"/insns.*
tests/bench/show.sh "$bench"
