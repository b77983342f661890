#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The order in which a controller comes up, in a recording that began before the modules
# were loaded; the same after a reset.
. "$(dirname "$0")/lib.sh"
plan 20

guest up --smp 2 --nvme max_ioqpairs=2 --ns size=64M --ns size=32M -- init-guest.sh main
events "$logs/up/rec" >"$work/events" 2>"$work/complaints"
is "babeltrace2 reads the recording without a word" "$(<"$work/complaints")" ""
check "nothing was lost" grep -q ' 0 lost' "$logs/up/rec.txt"

# Each outermost phase with those in it, as its thread went through them: name(child child).
awk '
	function value(key, i) {
		for (i = 2; i <= NF; i++) if (index($i, key "=") == 1) return substr($i, length(key) + 2)
		return ""
	}
	$1 == "phase_begin" {
		t = value("tid"); name = value("phase")
		if (depth[t] && value("parent") != stack[t, depth[t]])
			print "wrong parent of " name ": " value("parent")
		if (!depth[t]) { text[t] = ""; by[t] = value("parent") }
		text[t] = text[t] (text[t] == "" ? "" : text[t] ~ /\($/ ? "" : " ") name "("
		stack[t, ++depth[t]] = name
	}
	$1 == "phase_end" {
		t = value("tid")
		if (value("phase") != stack[t, depth[t]]) print "not nested: " $0
		if (value("result") != 0) print "failed: " $0
		depth[t]--
		text[t] = text[t] ")"
		if (!depth[t]) { gsub(/\(\)/, "", text[t]); print by[t] ": " text[t] }
	}
	END { for (t in depth) if (depth[t]) print "never ended: " stack[t, depth[t]] }
' "$work/events" >"$logs/phases"

admin='nvme_pci_enable nvme_pci_configure_admin_queue(nvme_disable_ctrl(nvme_wait_ready) nvme_enable_ctrl(nvme_wait_ready)) nvme_alloc_admin_tags nvme_init_identify'
queues='nvme_setup_io_queues(nvme_set_queue_count nvme_setup_irqs nvme_create_io_queues) nvme_dev_add nvme_start_ctrl(nvme_queue_scan)'
nth() { sed -n "$1p" < <(grep -- "$2" "$logs/phases"); }
is "core's init stands alone" "$(nth 1 nvme_core_init)" "none: nvme_core_init"
is "nvme_probe maps, makes pools, initialises, queues the reset and is done" "$(nth 1 'nvme_init(')" \
	"none: nvme_init(nvme_probe(nvme_dev_map nvme_setup_prp_pools nvme_init_ctrl nvme_reset_ctrl))"
is "nvme_reset_work, queued by nvme_reset_ctrl, brings it up" "$(nth 1 nvme_reset_work)" \
	"nvme_reset_ctrl: nvme_reset_work($admin $queues)"
is "nvme_scan_work, queued by nvme_queue_scan, makes both disks" "$(nth 1 nvme_scan_work)" \
	"nvme_queue_scan: nvme_scan_work(nvme_scan_ns_list(nvme_validate_ns(nvme_alloc_ns) nvme_validate_ns(nvme_alloc_ns)))"
# 3.7.2: the reset deletes the queues by itself
is "a reset takes the controller down first" "$(nth 2 nvme_reset_work)" \
	"nvme_reset_ctrl: nvme_reset_work(nvme_dev_disable(nvme_disable_ctrl(nvme_wait_ready)) ${admin/nvme_alloc_admin_tags /} $queues)"
is "the scan after it makes no disk anew" "$(nth 2 nvme_scan_work)" \
	"nvme_queue_scan: nvme_scan_work(nvme_scan_ns_list(nvme_validate_ns nvme_validate_ns))"
is "every phase ended, in its parent, with 0" "$(grep -E '^(wrong|not|failed|never)' "$logs/phases")" ""

is "states: new, resetting, connecting, live; the same in the reset; deleting" \
	"$(sed -nE 's/^ctrl_state .*old_state=(.*) new_state=(.*) changed=1$/\1>\2/p' "$work/events" | tr '\n' ' ')" \
	"new>resetting resetting>connecting connecting>live live>resetting resetting>connecting connecting>live live>deleting "

# 3.5.1: registers, between the begin and the end of the first nvme_pci_configure_admin_queue.
registers() {
	awk -v n="$1" '
		/^phase_begin .*phase=nvme_pci_configure_admin_queue/ && ++seen == n { on = 1 }
		/^phase_end .*phase=nvme_pci_configure_admin_queue/ { on = 0 }
		on && /^reg_(read|write)/ { print }' "$work/events" |
		sed -E 's/^(reg_[a-z]*) .*value=(0x[0-9A-F]*) offset=(0x[0-9A-F]*) .*/\1 \3 \2/' |
		while read -r what offset value; do
			case $what-$offset in
			reg_write-0x14) echo "CC.EN=$((value & 1))" ;;
			reg_read-0x1C) echo "CSTS.RDY=$((value & 1))" ;;
			reg_write-0x24) echo AQA ;;
			reg_write-0x28) echo ASQ ;;
			reg_write-0x2C) echo ASQ+4 ;;
			reg_write-0x30) echo ACQ ;;
			reg_write-0x34) echo ACQ+4 ;;
			reg_write-*) echo "$offset" ;;
			esac
		done | awk '{
			# of a wait, the end
			if (/^CSTS/ && last ~ /^CSTS/) { last = $0; next }
			if (NR > 1) printf "%s ", last
			last = $0
		} END { print last }'
}
wanted='CC.EN=0 CSTS.RDY=0 AQA ASQ ASQ+4 ACQ ACQ+4 CC.EN=0 CC.EN=1 CSTS.RDY=1'
is "registers: off, not ready, admin queue, settings, on, ready" "$(registers 1)" "$wanted"
is "registers after the reset" "$(registers 2)" "$wanted"

register() { sed -nE "s/^reg_write .*value=(0x[0-9A-F]*) offset=$1 .*/\1/p" "$work/events" | head -n 1; }
queue() { sed -nE "s/^queue_create .*qid=$1 .*addr=(.*) ring=$2 depth=(.*) vector.*status=(.*)/\1 \2 \3/p" "$work/events" | head -n 1; }
read -r address depth _ < <(queue 0 sq)
is "AQA and ASQ say where the admin queue is and how long" \
	"$(($(register 0x28) | $(register 0x2C) << 32)) $(($(register 0x24) & 0xfff))" "$((address)) $((depth - 1))"

# what the device is asked before it is live: opcode, and which feature or structure
is "admin commands of the first start, in order" "$(awk '
		/^ctrl_state .*new_state=live/ { exit }
		/^cmd_setup .* qid=0 / { split($0, f, "opcode="); split(f[2], o, " "); split($0, g, "cdw10="); split(g[2], c, " ")
			printf "%s%s ", o[1], o[1] ~ /0x(6|9)$/ ? "/" c[1] : "" }' "$work/events")" \
	"0x6/0x1 0x2 0x9/0xE 0x9/0x16 0x2 0x9/0x7 0x5 0x1 0x5 0x1 0x9/0xB "

is "no I/O queue is used before the controller is live" "$(awk '
		/new_state=live/ { live = 1 } /new_state=(resetting|connecting|deleting) / { live = 0 }
		/^sqe / && !/ qid=0 / { if (live) n++; else print "too early: " $0 }
		END { if (n < 10) print "only " n " I/O commands at all" }' "$work/events")" ""
is "each I/O queue: CQ, then SQ, then its interrupt, then commands; twice" "$(awk '
		function qid() { match($0, / qid=[0-9]+/); return substr($0, RSTART + 5, RLENGTH - 5) }
		/^phase_end .*nvme_disable_ctrl/ { for (i in step) step[i] = 0 }
		{ q = qid() } q == 0 { next }
		/^queue_create .*ring=cq/ { if (step[q]) print "CQ again: " $0; step[q] = 1 }
		/^queue_create .*ring=sq/ { if (step[q] != 1) print "SQ before CQ: " $0; step[q] = 2 }
		/^irq_setup/ { if (step[q] != 2) print "early interrupt: " $0; step[q] = 3; made[q]++ }
		/^sqe/ { if (step[q] != 3) print "early command: " $0 }
		/^queue_delete .*ring=sq/ { step[q] = 4 }
		/^queue_delete .*ring=cq/ { if (step[q] != 4) print "CQ deleted before SQ: " $0; step[q] = 0 }
		END { if (made[1] != 2 || made[2] != 2) print "made " made[1] " and " made[2] " times" }
	' "$work/events")" ""
is "namespaces found: number, size, result" \
	"$(sed -nE 's/^ns_found .*blocks=(.*) nsid=(.*) lba_size=(.*) disk=.*result=(.*)/\2:\1x\3:\4/p' "$work/events" | sort | tr '\n' ' ')" \
	"1:131072x512:0 2:65536x512:0 "
is "down again: disks, queues, the controller's shutdown" "$(grep -o 'nvme_exit(.*' "$logs/phases")" \
	"nvme_exit(nvme_remove(nvme_remove_namespaces(nvme_ns_remove nvme_ns_remove) nvme_dev_disable(nvme_delete_io_queues nvme_shutdown_ctrl(nvme_wait_ready))))"
is "each rule of the specification is kept, and can be told" \
	"$("$nvmescope" check --json "$logs/up/rec" |
		jq -c '[(.rules | length) > 50, (.rules[] | select(.verdict | test("FAILED|cannot")) | .name)]')" "[true]"
