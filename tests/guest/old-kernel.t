#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kernel's own driver where the kernel says nothing of its types: 5.10, and, hidden from us, on
# the others. Commands and completions are held one for one against the device's log.
. "$(dirname "$0")/lib.sh"

held() { # LABEL
	local dir=$logs/$1
	is "$1: inspect says that it works, by tracepoints" \
		"$(jq -c '.recording[] | select(.provider == "stock" and .level == "events") |
			[.works, (.unseen | contains("doorbells")), ([.attach_points[].state] | unique)]' "$dir/inspect.json")" \
		'[true,true,["found"]]'
	check "$1: commands and completions equal the device's log" "$nvmescope" check --witness "$dir/qemu.log" "$dir/recording"
	is "$1: of each queue that was used, and some were" \
		"$("$nvmescope" check --witness "$dir/qemu.log" --json "$dir/recording" |
			jq -c '[.checks[] | select(.name == "witness") | .rows[] | select(.what == "commands" or .what == "completions") |
				select(.equal > 0) | .equal == .recorded] | (length >= 4 and all)')" true
	is "$1: nothing lost, nothing that the model cannot explain" \
		"$("$nvmescope" report --json "$dir/recording" |
			jq -c '[.recording.lost.total, (.controllers[].queues[].trouble | add), (.unexplained | add)] | map(select(. != 0 and . != null))')" "[]"
	is "$1: the command that failed, and its status" \
		"$(events "$dir/recording" | grep -c '^rq_complete .*status=0x[1-9A-F]')" 1
	is "$1: every SQ head is there" \
		"$(events "$dir/recording" | grep -c ^sq_head)" "$(events "$dir/recording" | grep -c ^rq_complete)"
}

old_kernel() { # LABEL
	guest "$1" --smp 2 --nvme max_ioqpairs=2,mdts=7 --ns size=64M --module nvme --trace 'pci_nvme_*' -- old-kernel-guest.sh recorded
	held "$1"
}

not_sanitized
plan 13
if [[ $kernel == 5.* ]]; then old_kernel old; else old_kernel hidden; fi
