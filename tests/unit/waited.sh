#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# waited.sh: time in which a process waits for a processor is told from its own, for deadlines. TAP.
. ../../tools/guest/lib.sh
[[ -e /proc/self/schedstat ]] || { echo "1..0 # SKIP this kernel does not count it (CONFIG_SCHED_INFO)"; exit; }
echo 1..3

n=0
holds() { # WHAT CONDITION WORDS
	n=$((n + 1))
	if (($2)); then echo "ok $n - $1"; else echo "not ok $n - $1"; fi
	echo "# $3"
}

# Two that never sleep, on one processor.
cpu=$(taskset -cp $$ | sed -E 's/.*: *([0-9]+).*/\1/')
busy=()
for _ in 1 2; do
	taskset -c "$cpu" bash -c 'while :; do :; done' &
	busy+=($!)
done
sleep 1000 &
idle=$!
trap 'kill "${busy[@]}" $idle 2>/dev/null' EXIT

# Until one of them had to wait for two seconds.
for ((tries = 0; tries < 600; tries++)); do
	first=$(waited_ms "${busy[0]}") second=$(waited_ms "${busy[1]}")
	((first + second < 4000)) || break
	sleep 0.1
done
asleep=$(waited_ms $idle)
holds "of two on one processor each waits" "first > 500 && second > 500" "they waited $first and $second ms"
holds "who sleeps does not" "asleep < first + second - 2000" "it waited $asleep ms"
kill $idle
wait $idle 2>/dev/null
holds "nor who is gone" "$(waited_ms $idle) == 0" "nothing is left of it"
