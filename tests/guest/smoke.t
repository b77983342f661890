#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# In one boot what `make check` asks of a kernel that it does not test whole: the kernel's own driver
# and ours, each recorded from its first access to its last, with I/O that is verified, and each
# recording held against the device's log.
. "$(dirname "$0")/lib.sh"
not_sanitized
plan 12

guest both --smp 2 --nvme max_ioqpairs=2,mdts=7 --ns size=64M --module nvme --trace 'pci_nvme_*' -- smoke-guest.sh both
both=$logs/both
for who in inbox ours; do
	# Shadow doorbells cannot always be told from those of the driver that came after, in the same log.
	is "$who: the recording equals the device's log" \
		"$("$nvmescope" check --witness "$both/qemu.log" --json "$both/$who" |
			jq -c '[.checks[] | select(.name == "witness") | .rows[] | select(.verdict != "passed") | .what | select(test(" seen") | not)]')" "[]"
	is "$who: commands, completions and doorbells of each queue were held against it" \
		"$("$nvmescope" check --witness "$both/qemu.log" --json "$both/$who" |
			jq -c '[.checks[] | select(.name == "witness") | .rows[] | select(.what | test("commands|completions|SQ doorbells|CQ doorbells")) |
				select(.equal > 0) | .equal == .recorded] | (length >= 6 and all)')" true
	is "$who: nothing lost, nothing that the model cannot explain" \
		"$("$nvmescope" report --json "$both/$who" |
			jq -c '[.recording.lost.total, (.controllers[].queues[].trouble | add), (.unexplained | add)] | map(select(. != 0 and . != null))')" "[]"
done
