#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Kinds of queues and of pointers to data: queues for reads alone, polled queues, completions
# in threads, shadow doorbells, SGLs. Data verified, and the recording equal to the device's log.
. "$(dirname "$0")/lib.sh"
plan 24

recorded() { events "$logs/$1/rec"; }
held() { check "$1: the recording equals the device's log" "$nvmescope" check --witness "$logs/$1/qemu.log" "$logs/$1/rec"; }

guest kinds --smp 2 --nvme max_ioqpairs=4,mdts=7 --trace 'pci_nvme_*' -- queues-guest.sh run kinds
held kinds
# the polled one is the last; its CQ has no interrupt, and looks that found something are recorded
is "kinds: polled commands completed by looks at queue 4 alone" \
	"$(recorded kinds | sed -nE 's/^cq_enter .* qid=([0-9]+) .*why=poll .*/\1/p' | sort -u)" 4
is "kinds: reads went to the queues for reads, writes to the one for writes" \
	"$(recorded kinds | awk '/^rq_start / && !/ qid=0 / && !/ qid=4 / { match($0, / qid=[0-9]+/); q = substr($0, RSTART + 5, RLENGTH - 5)
		match($0, / op=[a-z]+/); op = substr($0, RSTART + 4, RLENGTH - 4); if (op == "write" && q != 1 || op == "read" && q == 1) wrong++; n[op]++ }
		END { print wrong + 0, (n["read"] > 100), (n["write"] > 100) }')" "0 1 1"

guest threads --smp 2 --nvme max_ioqpairs=2,mdts=7 --trace 'pci_nvme_*' -- queues-guest.sh run threads
held threads

guest shadow --smp 2 --nvme max_ioqpairs=2,mdts=7 --trace 'pci_nvme_*' -- queues-guest.sh run shadow
held shadow
is "shadow: nothing lost, nothing that the model cannot explain" \
	"$("$nvmescope" report --json "$logs/shadow/rec" | jq -c '[.recording.lost.total, (.controllers[].queues[].trouble | add), (.unexplained | add)] | map(select(. != 0 and . != null))')" "[]"
is "shadow: doorbells of both ways" \
	"$(recorded shadow | sed -nE 's/^sq_doorbell .* how=([a-z]+).*/\1/p' | sort -u | tr '\n' ' ')" "mmio shadow "
is "shadow: each value that the device found in its page is one that was recorded, in order" \
	"$(for q in 1 2; do
		recorded shadow | sed -nE "s/^sq_doorbell .* qid=$q .*new_tail=([0-9]+) .*/\1/p" >"$work/rung"
		sed -nE "s/.*pci_nvme_shadow_doorbell_sq sqid $q new_shadow_doorbell ([0-9]+).*/\1/p" "$logs/shadow/qemu.log" | uniq |
			awk -v rung="$work/rung" '{
				while ((found = (getline value <rung) > 0) && value != $1) ;
				if (!found) { print "line " NR ": " $1 " was not rung"; exit }
			} END { if (NR < 20) print "only " NR " looks" }'
	done)" ""

guest sgl --smp 2 --nvme max_ioqpairs=2,mdts=8 --trace 'pci_nvme_*' -- queues-guest.sh run sgl
held sgl
is "sgl: lists, single descriptors and PRPs" \
	"$(recorded sgl | sed -nE 's/^cmd_map .* how=([a-z0-9_]+) entries=([0-9]+) .*/\1 \2/p' |
		awk '$1 == "sgl" { if ($2 == 1) one = 1; else list = 1 } $1 ~ /prp/ { prp = 1 } END { print one, list, prp }')" "1 1 1"
