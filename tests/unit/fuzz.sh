#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# fuzz.sh: each fuzzer's seeds and what it found once, replayed without libFuzzer. TAP.
. ../../tools/guest/lib.sh
names=()
for f in ../fuzz/fuzz_*.c; do names+=("$(basename "$f" .c)"); done
echo "1..${#names[@]}"
n=0
for name in "${names[@]}"; do
	n=$((n + 1))
	if words=$("$NVMESCOPE_ROOT/build/unit/fuzz/$name" "../fuzz/found/${name#fuzz_}" 2>&1); then
		echo "ok $n - $name: $(tail -n 1 <<<"$words")"
	else
		echo "not ok $n - $name"
		tail -n 20 <<<"$words" | sed 's/^/# /'
	fi
done
