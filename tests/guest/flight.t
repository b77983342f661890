#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The flight recorder: what is saved, why, and within which bounds; and --strict.
. "$(dirname "$0")/lib.sh"
not_sanitized
plan 25

guest all --smp 2 --nvme max_ioqpairs=2,mdts=7 --ns size=64M --module nvme -- flight-guest.sh all

saved() { "$nvmescope" report --json "$logs/all/$1"; }
# The trigger's request is in it: what came before, and its own end
is "the slow request is in what was saved, and hundreds before it" \
	"$(saved lat/trigger-0001 | jq -c '[.recording.lost.total, .recording.events_by_name.rq_complete > 200,
		([.controllers[].queues[].latency.total.max_ns] | max) > 400000000]')" "[0,true,true]"
is "level io: what was saved are requests" "$(saved io/trigger-0001 | jq -c '.recording.events_by_name.io > 0')" true
is "each of many is a recording that can be read" \
	"$(for d in "$logs"/all/bounded/trigger-*; do "$nvmescope" report --json "$d" | jq -c '.recording.events > 1000'; done | sort -u)" true
is "a recording that rotated is read, and says where it begins" \
	"$("$nvmescope" report "$logs/all/rotated" | grep -m 1 -cE '^  begins at [0-9.]+ s: [0-9 ]+ earlier events were dropped')" 1
is "nothing between its beginning and its end is missing" \
	"$(saved rotated | jq -c '[.recording.lost.total, .recording.events + (.recording.environment.dropped_events | tonumber) == (.recording.environment.events | tonumber)]')" "[0,true]"
check "babeltrace2 reads it" bash -c "babeltrace2 '$logs/all/rotated' | tail -n 1 | grep -q ."
fails "report --strict: losses are a failure" 1 "" "$nvmescope" report --strict "$logs/all/strict"
check "report --strict: none is none" "$nvmescope" report --strict "$logs/all/sound"
