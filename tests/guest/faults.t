#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What goes wrong while the recorder is at it costs no more than it must, and is said.
. "$(dirname "$0")/lib.sh"
not_sanitized
plan 36

guest all --smp 3 --nvme max_ioqpairs=3,mdts=7 --ns size=64M --module nvme -- faults-guest.sh all

count() { events "$logs/$1" | grep -cE "$2"; }
report() { "$nvmescope" report --json "$logs/$1"; }
is "killed: no event that was written is missing" "$(($(count all/killed '^cmd_sent .* qid=[1-9].* opcode=0x2') >= 2000))" 1
check "disk full: what was written is whole" report all/full
is "disk full: what could not be written is counted" \
	"$(report all/full | jq -c '[.recording.lost.by_cause[] | select(.cause == "unwritten") | .count > 0]')" "[true]"
is "processors: what the one that came did is there, and nothing is lost" \
	"$(($(count all/processors '^cmd_sent cpu_id=2 .* qid=[1-9].* opcode=0x2') >= 90)) $(report all/processors | jq .recording.lost.total)" "1 0"
is "the device that went: its removal, and its bring-up" \
	"$(events "$logs/all/removed" | sed -nE 's/^phase_begin .*phase=(nvme_remove|nvme_enable_ctrl|nvme_scan_work) .*/\1/p' | tr '\n' ' ')" \
	"nvme_remove nvme_enable_ctrl nvme_scan_work "
is "and its commands, before and after" \
	"$(($(count all/removed '^cmd_sent .* qid=[1-9].* opcode=0x2') >= 50))" 1
is "two recorders: the inner one's events are the outer one's" \
	"$(comm -23 <(events "$logs/all/inner" | grep -E '^cmd_sent .* qid=[1-9]' | sed 's/cpu_id=[0-9]* //' | sort -u) <(events "$logs/all/outer" | grep ^cmd_sent | sed 's/cpu_id=[0-9]* //' | sort -u) | wc -l) $(($(count all/inner '^cmd_sent .* qid=[1-9]') >= 500))" "0 1"

guest begin --smp 2 --nvme max_ioqpairs=2,mdts=7 --ns size=64M --module nvme --add setpriv -- faults-guest.sh begin

is "our module that went: its end, and its beginning" \
	"$(events "$logs/begin/reload" | sed -nE 's/^phase_begin .*phase=(nvme_remove|nvme_init|nvme_probe|nvme_scan_work) .*/\1/p' | tr '\n' ' ')" \
	"nvme_remove nvme_init nvme_probe nvme_scan_work "
is "there before the module: from probe to scan" \
	"$(events "$logs/begin/first" | sed -nE 's/^phase_begin .*phase=(nvme_probe|nvme_enable_ctrl|nvme_init_identify|nvme_scan_work|nvme_validate_ns) .*/\1/p' | tr '\n' ' ')" \
	"nvme_probe nvme_enable_ctrl nvme_init_identify nvme_scan_work nvme_validate_ns "
is "a user's recording is as good as root's" "$(report begin/user | jq -c '[.recording.lost.total, .recording.events_by_name.cmd_sent >= 20, .recording.events_by_name.sq_doorbell >= 20]')" "[0,true,true]"
is "waited for the module alone: what came later is there" "$(report begin/late | jq -c '.recording.events_by_name.cmd_sent >= 20')" true
