#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kernel's own driver where the kernel says nothing of its types: 5.10, and, hidden from us, on
# the others. Commands and completions are held one for one against the device's log.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/io-log.sh"

held() { # LABEL
	local dir=$logs/$1
	is "$1: inspect says that each level works, by tracepoints" \
		"$(jq -c '[.recording[] | select(.provider == "stock") | [.works, (.unseen | contains("doorbells")), ([.attach_points[].state] | unique)]] | unique' \
			"$dir/inspect.json")" '[[true,true,["found"]]]'
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

# Lines of level hist: op, size, requests of a stage
counted() { # RECORDING STAGE
	events "$1" | awk "$fields"' /^hist_stage/ && f("stage") == "'"$2"'" && (f("op") == "read" || f("op") == "write") { n[f("op") " " f("size")] += f("count") }
		END { for (k in n) print k, n[k] }' | sort | tr '\n' ' '
}

levels() { # LABEL
	local dir=$logs/$1 mix="read upto_4k 20 write upto_16k 10 "
	guest "$1" --smp 2 --nvme max_ioqpairs=2,mdts=7 --ns size=64M --module nvme --trace 'pci_nvme_*' \
		--add "$mhd:$mhd" -- old-kernel-guest.sh levels
	ios "$dir/io" >"$work/ios"
	check "$1: io: each command of the device's log, and no other" same_ios "$dir/qemu.log" "$dir/io" unordered
	is "$1: io: times are in order, and none is missing but the doorbell's, which is the command's" \
		"$(awk "$fields"' !(f("queued") + 0 <= f("setup") + 0 && f("setup") == f("bell") && f("bell") + 0 <= f("seen") + 0 && f("seen") + 0 <= f("end") + 0) ||
			f("why") != "unseen" || f("batch") != 0 { print }' "$work/ios" | head -n 3)" ""
	is "$1: io: the process, and the read that failed" \
		"$(awk "$fields"' f("comm0") == "0x6464" && f("tgid") == "'"$(cat "$dir/pid")"'" { n++ } f("status") != "0x0" && f("op") == "drv_in" { failed++ }
			END { print n, failed }' "$work/ios")" "50 1"
	is "$1: io: nothing lost, nothing that the model cannot explain" \
		"$("$nvmescope" report --json "$dir/io" | jq -c '[.recording.lost.total, (.unexplained | add)] | map(select(. != 0 and . != null))')" "[]"
	is "$1: a filter: the writes alone" "$(ios "$dir/filter" | awk "$fields"' { print f("op"), f("bytes") }' | sort | uniq -c | tr -s ' ')" " 10 write 16384"
	is "$1: hist: each stage that is seen, and each request" \
		"$(for stage in queue driver device completion total; do counted "$dir/hist" $stage; echo; done)" "$mix

$mix
$mix
$mix"
	is "$1: one probe counts them, too" "$(counted "$dir/one" total)" "$mix"
	is "$1: top says so, too, and nothing of doorbells" \
		"$(awk '/^nvme0 +q[12] / { if ($3 > 0 && $6 == "-") seen = 1; if ($6 != "-") bells = 1 } END { print seen + 0, bells + 0 }' "$dir/top.txt")" "1 0"
	grew() { # SERIES
		awk -v s="$1" '$1 == s { n = $2 - n } END { print n }' "$dir/before" "$dir/after"
	}
	is "$1: serve counts them, too" \
		"$(for op in read write; do grew "nvmescope_request_duration_seconds_count{device=\"nvme0\",class=\"io\",operation=\"$op\",stage=\"total\"}"; done | tr '\n' ' ')" "20 10 "
	is "$1: serve: nothing of doorbells" "$(grep -c '^nvmescope_sq_doorbells' "$dir/after")" 0
}

not_sanitized
plan 33
if [[ $kernel == 5.* ]]; then which=old; else which=hidden; fi
old_kernel $which
levels $which-levels
