#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every doorbell, command, completion and register write of a recording is in QEMU's log of
# the device too, one for one and in order: for the demo's workload, for rings so short
# that they wrap all the time, for one queue, and for one pin-based interrupt.
. "$(dirname "$0")/lib.sh"
plan 31

# held LABEL QUEUES MINIMUM: each I/O queue 1 to QUEUES has at least MINIMUM commands.
held() {
	local dir=$logs/$1 queues
	queues=$(seq -s ' ' 1 "$2")
	check "$1: the recording equals the device's log" \
		"$nvmescope" check --witness "$dir/qemu.log" "$dir/rec"
	"$nvmescope" check --witness "$dir/qemu.log" --json "$dir/rec" >"$work/witness.json"
	is "$1: nothing recorded that the device has not logged, nor the other way" \
		"$(jq -r '.checks[] | select(.name == "witness") | .rows[] |
			select(.recorded != .equal or .logged != .equal or .verdict != "passed") |
			"queue \(.queue) \(.what): \(.recorded) recorded, \(.logged) logged, \(.equal) equal"' "$work/witness.json")" ""
	is "$1: each rule of the specification is kept, and can be told" \
		"$(jq -c '[(.rules | length) > 50, (.rules[] | select(.verdict | test("FAILED|cannot")) | .name)]' "$work/witness.json")" "[true]"
	is "$1: every I/O queue had at least $3 commands, and doorbells enough" \
		"$(jq -r --argjson least "$3" '[.checks[].rows[] | select(.queue > 0 and
			.equal >= (if .what | test("doorbells") then $least / 20 else $least end))] |
			group_by(.queue) | map(select(length == 4) | .[0].queue) | join(" ")' "$work/witness.json")" "$queues"
	is "$1: no event lost, none that the model cannot explain" \
		"$("$nvmescope" report --json "$dir/rec" | jq -c '[.recording.lost.total, .recording.cut,
			(.controllers[].queues[].trouble | add), (.unexplained | add)] | map(select(. != 0 and . != null))')" "[]"
}

guest demo --smp 4 --nvme max_ioqpairs=4,mdts=8 --ns size=1G --ns size=512M --trace 'pci_nvme_*' \
	-- witness-guest.sh run demo
held demo 4 500
# that equality can be missed
sed "0,/pci_nvme_mmio_doorbell_cq.*cqid 3 /{/pci_nvme_mmio_doorbell_cq.*cqid 3 /d}" "$logs/demo/qemu.log" >"$work/short.log"
is "demo: one line of the log is gone" "$(($(wc -l <"$logs/demo/qemu.log") - $(wc -l <"$work/short.log")))" 1
"$nvmescope" check --witness "$work/short.log" --json "$logs/demo/rec" >"$work/short.json"
is "demo: and exactly that is found" "$? $(jq -r '.checks[].rows[] | select(.verdict != "passed") | "\(.queue) \(.what)"' "$work/short.json")" "1 3 CQ doorbells"
is "demo: in words: that queue by itself, the others in one row" \
	"$("$nvmescope" check --witness "$work/short.log" "$logs/demo/rec" | awk '/^ +[a-z0-9]+ CQ doorbells / { print $1, $NF }' | tr '\n' ' ')" "rest passed 3 FAILED "

# a device that takes its time, or a slow driver would never have all slots at it
guest wrap --smp 2 --nvme max_ioqpairs=2,mdts=7 --ns size=64M,null=1,latency-ns=100000000 --trace 'pci_nvme_*' \
	-- witness-guest.sh run wrap io_queue_depth=16
held wrap 2 300
is "wrap: rings of 16 entries, all of them used, and the phase changed at least 20 times" \
	"$("$nvmescope" report --json "$logs/wrap/rec" | jq -r '.controllers[0].queues[] | select(.qid > 0) |
		select(.sq_depth == 16 and .cq_depth == 16 and .peak_depth == 15 and .completions > 320) | .qid' | tr '\n' ' ')" "1 2 "

guest one-queue --smp 2 --nvme max_ioqpairs=1,mdts=7 --trace 'pci_nvme_*' \
	-- witness-guest.sh run wrap
held one-queue 1 600

guest pin --smp 2 --nvme max_ioqpairs=2,mdts=7 --trace 'pci_nvme_*' --append pci=nomsi \
	-- witness-guest.sh run wrap
held pin 1 600
check "pin: there was no message-signalled interrupt" \
	grep -q pci_nvme_irq_pin "$logs/pin/qemu.log"
is "pin: and QEMU logged none" "$(grep -c pci_nvme_irq_msix "$logs/pin/qemu.log")" 0
is "pin: both queues on vector 0" \
	"$(events "$logs/pin/rec" | sed -nE 's/^queue_create .*ring=cq .*(vector=[0-9]+).*/\1/p' | sort -u)" vector=0
