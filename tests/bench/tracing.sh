#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tracing.sh [--only LABEL]... KERNEL...: what recording costs: instructions that the whole guest executes for
# each 4 KiB read, recorder and its writing included, above those of the same reads untraced;
# and, in the same run, of the tools that there are today.
#
# Whether a processor that goes idle stops its tick, and then brings the kernel's statistics of
# memory up to date, is a matter of which timer came first: some hundreds of instructions more or less
# for a read at depth 1, traced or not. So ticks go on (nohz=off), for every row alike. How many come while a
# read is waited for, and how long loads are averaged over, depends on how fast the machine is: so
# what time alone costs is taken off.
#
# Files go to a disk of their own, with ext4. Prints a table for each kernel (--only: of rows with these
# labels); a row over its target says so, and is no failure: the
# table is to be read. Exits 1 if something could not be measured.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/guest/lib.sh
. tests/bench/lib.sh

only=()
while [[ ${1-} == --only ]]; do
	(($# > 1)) || die -2 "--only wants the label of a row; see $0"
	only+=("$2")
	shift 2
done
(($#)) || die -2 "usage: tracing.sh [--only LABEL]... KERNEL..."
bench_programs

# The rows: label, what it is, untraced row to compare with, targets at depth 32 and 1.
rows=(
	"ftrace-2|ftrace, 2 nvme events|in-box||"
	"ftrace-3|ftrace, 3 nvme events|in-box||"
	"trace-cmd|trace-cmd record, 3 nvme events|in-box||"
	"perf|perf record, 3 nvme events|in-box||"
	"bpftrace|bpftrace, a histogram|in-box||"
	"blktrace|blktrace, issue and complete|in-box||"
	"biolatency|biolatency (libbpf-tools)|in-box||"
	"stock-hist-one|in-box: hist, one probe|in-box|220|250"
	"stock-hist|in-box: hist, stages|in-box|500|780"
	"stock-io|in-box: io|in-box|900|1200"
	"stock-events|in-box: events|in-box|1300|2000"
	"driver-hist|ours: hist, stages|ours|500|780"
	"driver-io|ours: io|ours|900|1200"
	"driver-events|ours: events|ours|2200|2800"
)

for label in "${only[@]}"; do
	printf '%s\n' "${rows[@]}" | grep -q "^$label|" ||
		die -2 "no row $label; there are: $(printf '%s\n' "${rows[@]}" | cut -d'|' -f1 | tr '\n' ' ')"
done

# Programs of others, as they are packaged, with what they are linked with.
rivals=(/usr/bin/trace-cmd /usr/bin/perf /usr/bin/bpftrace /usr/sbin/blktrace /usr/sbin/biolatency)

run() { # KERNEL
	local out=$results/tracing-$1 add=() rival disk=$PWD/$results/tracing-$1.img
	rm -rf "$out"
	mkdir -p "$out"
	rm -f "$disk"
	truncate -s 2G "$disk"
	mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$disk"
	for rival in "${rivals[@]}"; do
		[[ -x $rival ]] || die "no $rival; run tools/guest/packages.sh bench"
		add+=(--add "$rival:/usr/bin/${rival##*/}")
	done
	tools/guest/vm.sh --kernel "$1" --name "tracing-$1" --icount --smp 1 --mem 4G --deadline 3600 --out "$out" --append nokaslr --append nohz=off \
		--nvme max_ioqpairs=1,mdts=7 --ns size=8G,null=1,latency-ns=200000 --nvme max_ioqpairs=1,mdts=7 --ns size=8G,null=1 \
		--module nvme --module virtio_blk \
		--qemu -drive --qemu "file=$disk,if=none,id=files,format=raw,cache=unsafe" \
		--qemu -device --qemu virtio-blk-pci,drive=files \
		--share "build/kmod/$1:/modules" --add "$PWD/$results/iobench:/usr/bin/iobench" \
		--add "$PWD/build/nvmescope:/usr/bin/nvmescope" "${add[@]}" \
		--qemu -plugin --qemu "$PWD/$results/insncount.so,out=$PWD/$out/insns" \
		-- sh /src/tests/bench/tracing-guest.sh all "${only[@]}" >"$out/output.txt" 2>&1 || {
		tail -n 20 "$out/output.txt" >&2
		die "the guest of kernel $1 failed; see $out"
	}
	rm -f "$disk"
}

# Median of the instructions per read of the runs of LABEL and ROW, without what time alone costs; nothing, if there
# are fewer than three.
per_read() { # OUT LABEL ROW
	local label row reads n=0
	while read -r label row reads; do
		n=$((n + 1))
		[[ $label == "$2" && $row == "$3" ]] || continue
		by_symbol "$1/kallsyms.$label" "$1/insns.$n" "$reads" '' | without_time "$tick" | awk '{ n += $3 } END { printf "%.0f\n", n }'
	done <"$1/runs" | sort -n | awk '{ v[NR] = $1 } END { if (NR >= 3) print v[int((NR + 1) / 2)] }'
}

added() { # OUT LABEL ROW UNTRACED
	local all base
	all=$(per_read "$1" "$2" "$3") base=$(per_read "$1" "$4" "$3")
	[[ ! $all || ! $base ]] || echo $((all - base))
}

verdict() { # ADDED TARGET
	[[ ! $2 ]] || { (($1 <= $2)) && echo pass || echo "over by $(($1 - $2))"; }
}

wanted() { ((! ${#only[@]})) || [[ " ${only[*]} " == *" $1 "* ]]; } # LABEL

missing=0
table() { # KERNEL
	local out=$results/tracing-$1 item label what untraced target32 target1 at32 at1 lost
	printf '\nkernel %s, untraced at depth 32: in-box %s, ours %s; at depth 1: %s, %s\n' "$1" \
		"$(per_read "$out" in-box depth-32)" "$(per_read "$out" ours depth-32)" \
		"$(per_read "$out" in-box depth-1)" "$(per_read "$out" ours depth-1)"
	printf '%-33s %8s %7s %-13s %8s %7s %-13s %s\n' 'added per 4 KiB read' 'depth 32' target '' 'depth 1' target '' lost
	for item in "${rows[@]}"; do
		IFS='|' read -r label what untraced target32 target1 <<<"$item"
		wanted "$label" || continue
		at32=$(added "$out" "$label" depth-32 "$untraced") at1=$(added "$out" "$label" depth-1 "$untraced")
		if [[ ! $at32 || ! $at1 ]]; then
			missing=$((missing + 1))
			printf '%-33s not measured: %s\n' "$what" "$(sed -nE "s/^($label|$untraced) //p" "$out/skipped" 2>/dev/null)"
			continue
		fi
		lost=$(sed -n "s/^$label //p" "$out/lost")
		printf '%-33s %8s %7s %-13s %8s %7s %-13s %s\n' "$what" "$at32" "$target32" "$(verdict "$at32" "$target32")" \
			"$at1" "$target1" "$(verdict "$at1" "$target1")" "$lost"
	done
}

for kernel; do
	run "$kernel"
	tick=$(tick_share "$results/tracing-$kernel")
	table "$kernel"
	echo
	tests/bench/where.sh "$kernel"
done
((missing == 0)) || say "$missing rows not measured"
((missing == 0))
