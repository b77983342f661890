#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# fuzz.sh [SECONDS [NAME...]]: each fuzzer for so long (600), one after the other, on one processor.
#
# Begins with the seeds that a fuzzer makes itself, what was ever found (found/NAME), and what the
# runs before came upon (build/fuzz/corpus/NAME). An input that crashes, hangs, leaks or breaks what
# a fuzzer demands ends its run and is kept in build/fuzz/findings/. Exit status 1 if there is any.
set -euo pipefail
cd "$(dirname "$0")"
build=$(cd ../.. && pwd)/build
. ../../tools/guest/lib.sh

seconds=${1:-600}
[[ $seconds =~ ^[1-9][0-9]*$ ]] || die -2 "fuzz.sh [SECONDS [NAME...]]: '$seconds' is no number of seconds"
shift || true
names=("$@")
((${#names[@]})) || mapfile -t names < <(basename -s .c fuzz_*.c | sed s/^fuzz_//)

make --no-print-directory -s -j "$(nproc)" B="$build" "${names[@]/#/$build/fuzz/fuzz_}"
make --no-print-directory -s -j "$(nproc)" -C ../unit B="$build" "${names[@]/#/$build/unit/fuzz/fuzz_}"

findings=0
mkdir -p "$build/fuzz/findings"
for name in "${names[@]}"; do
	corpus=$build/fuzz/corpus/$name log=$build/fuzz/$name.log
	mkdir -p "$corpus" "$build/fuzz/made/$name"
	"$build/unit/fuzz/fuzz_$name" --seeds "$build/fuzz/made/$name"
	known=("$build/fuzz/made/$name")
	[[ ! -d found/$name ]] || known+=("found/$name")
	options=(-max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1
		-max_len=32768 -artifact_prefix="$build/fuzz/findings/$name-")
	[[ ! -e $name.dict ]] || options+=(-dict="$name.dict")
	status=0
	ASAN_OPTIONS=quarantine_size_mb=8:malloc_context_size=4 nice -n 10 "$build/fuzz/fuzz_$name" "${options[@]}" \
		"$corpus" "${known[@]}" >"$log" 2>&1 || status=$?
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	covered=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
	if ((status == 0)); then
		say "$name: $runs inputs in $seconds s, $covered places of the code reached, no finding"
	else
		findings=$((findings + 1))
		say "$name: FOUND something after ${runs:-?} inputs; $log says:"
		grep -aE 'ERROR|SUMMARY|runtime error|Test unit written|fit for|no JSON' "$log" || tail -n 5 "$log"
	fi
done
((findings == 0))
