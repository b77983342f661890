#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kernel's own driver, recorded without a module of ours, and held against the device's log.
. "$(dirname "$0")/lib.sh"
not_sanitized
plan 42

recorded() { events "$logs/$1/$1"; }
held() {
	check "$1: the recording equals the device's log" "$nvmescope" check --witness "$logs/$1/qemu.log" "$logs/$1/$1"
	is "$1: nothing lost, nothing that the model cannot explain" \
		"$("$nvmescope" report --json "$logs/$1/$1" | jq -c '[.recording.lost.total, (.controllers[].queues[].trouble | add), (.unexplained | add)] | map(select(. != 0 and . != null))')" "[]"
}

# Of the values that the device saw of these queues' doorbells, the share that was recorded: docs/check.md has
# the table. What is missing it saw between the doorbells of two CPUs that are told as one.
share() { # WHAT LABEL RECORDING QUEUES: a condition on .queue
	diag "doorbells $kernel: $1: $("$nvmescope" check --witness "$logs/$2/qemu.log" --json "$logs/$2/$3" |
		jq -r --arg what "$1" '[.checks[] | select(.name == "witness") | .rows[] | select(.recorded > 0 and ('"$4"'))] as $rows
			| [["S", "SQ doorbells|SQ tails seen"], ["C", "CQ doorbells|CQ heads seen"]][] as $ring
			| [$rows[] | select(.what | test($ring[1]))] | (map(.logged - .after) | add) as $seen | (map(.equal) | add) as $equal
			| "\($ring[0])Q rung \(map(.recorded) | add) seen \($seen) recorded \($equal) \(10000 * $equal / $seen | floor / 100) %"' | tr '\n' ';')"
}

# Where CPUs share a queue, two of them may tell of it at the same instant; a processor that is
# taken away from an emulated CPU in the middle of that stamps a step or two out of order.
# Nothing is missing all the same: one for one with the log, and no more than a few such.
nearly() {
	is "$1: commands, completions and doorbells equal the device's log" \
		"$("$nvmescope" check --witness "$logs/$1/qemu.log" --json "$logs/$1/$1" |
			jq -c '[.checks[] | select(.name == "witness") | .rows[] | select(.verdict != "passed") | .what]')" "[]"
	is "$1: nothing lost, no more than a few steps out of order" \
		"$("$nvmescope" report --json "$logs/$1/$1" |
			jq -c '[.recording.lost.total, ([.controllers[].queues[].trouble | add] | add) <= 6]')" "[0,true]"
}

guest life --smp 2 --nvme max_ioqpairs=2,mdts=7 --ns size=64M --module nvme --trace 'pci_nvme_*' -- stock-guest.sh life
held life
# 6.1 probes in reset_work, later ones in nvme_probe; what follows is the same
is "life: the phases of a start, of a reset and of the end" \
	"$(recorded life | sed -nE 's/^phase_begin .*phase=(nvme_(enable_ctrl|init_identify|set_queue_count|start_ctrl|scan_work|validate_ns|dev_disable|remove_namespaces)) .*/\1/p' | tr '\n' ' ')" \
	"nvme_enable_ctrl nvme_init_identify nvme_set_queue_count nvme_start_ctrl nvme_scan_work nvme_validate_ns $(
	)nvme_dev_disable nvme_enable_ctrl nvme_init_identify nvme_set_queue_count nvme_start_ctrl nvme_scan_work nvme_validate_ns $(
	)nvme_remove_namespaces nvme_dev_disable "
is "life: every phase that began ended" \
	"$(recorded life | awk '/^phase_begin/ { n++ } /^phase_end/ { n-- } END { print n }')" 0
is "life: states" "$(recorded life | sed -nE 's/^ctrl_state .*new_state=([a-z_]+) changed=1.*/\1/p' | tr '\n' ' ')" \
	"$([[ $kernel != 6.1 ]] || echo "resetting ")connecting live resetting connecting live deleting deleting_noio "
is "life: the read of a user's is there: of one block, at 0, and its memory is named" \
	"$(recorded life | grep -cE '^cmd_sent .* dptr1=0x[1-9A-F][0-9A-F]* .* cdw10=0x0 cdw11=0x0 cdw12=0x0 .* opcode=0x2 ')" 1

share "admin queue, by register" life life ".queue == 0"
share "lists and single requests, by shadow page, across a reset" life life ".queue > 0"

guest kinds --smp 2 --nvme max_ioqpairs=4,mdts=7 --ns size=64M --module nvme --trace 'pci_nvme_*' -- stock-guest.sh kinds
nearly kinds
is "kinds: polled commands completed by looks at the last queue alone" \
	"$(recorded kinds | sed -nE 's/^cq_enter .* qid=([0-9]+) .*why=poll .*/\1/p' | sort -u | wc -l)" 1

check "scheduled: the recording equals the device's log" "$nvmescope" check --witness "$logs/kinds/qemu.log" "$logs/kinds/scheduled"
share "lists (queue_rqs)" kinds kinds ".queue > 0 and .queue < 4"
share "polled" kinds kinds ".queue == 4"
share "one by one, with commit_rqs (mq-deadline)" kinds scheduled ".queue > 0"

guest shared --smp 4 --nvme max_ioqpairs=1,mdts=7 --ns size=64M --module nvme --trace 'pci_nvme_*' -- stock-guest.sh shared
nearly shared

share "four CPUs, one queue of 16" shared shared ".queue == 1"

guest threaded --smp 2 --nvme max_ioqpairs=2,mdts=7 --ns size=64M --module nvme --trace 'pci_nvme_*' -- stock-guest.sh threaded
held threaded

guest filtered --smp 2 --nvme max_ioqpairs=2 --ns size=8M --nvme max_ioqpairs=2 --ns size=8M --module nvme -- stock-guest.sh one_of_two
is "one of two: its commands, and nothing of the other" \
	"$(recorded filtered | sed -nE 's/^cmd_sent .* ctrl=([0-9]+) .*/\1/p' | sort | uniq -c | tr -s ' ')" " 100 1"

guest losses --smp 2 --nvme max_ioqpairs=2 --ns size=16M --module nvme -- stock-guest.sh losses
# EVENT: how often it is in the recording, and how often the recording says that it was lost
lost() {
	sed -nE 's/^\s*lost_cpu[0-9]+ = "(.*)";/\1/p' "$logs/losses/losses/metadata" | tr ',' '\n' |
		awk -v event="$1" '$1 == event { n += $2 } END { print n + 0 }'
}
there() { recorded losses | grep -c "^$1 .* qid=[1-9]"; }
is "losses: each step of 2000 reads is recorded or counted as lost" \
	"$(for event in rq_start cmd_sent cqe rq_complete; do echo $(($(there $event) + $(lost $event))); done | tr '\n' ' ')" \
	"2000 2000 2000 2000 "
is "losses: and there were some" "$((($(lost cmd_sent) + $(lost cqe)) > 0))" 1
