#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Level io equals the device's log, request by request; level hist counts the same; filters let
# through what they should. Of both drivers.
. "$(dirname "$0")/lib.sh"
not_sanitized
plan 152

. "$(dirname "$0")/io-log.sh"

for provider in stock driver; do
	guest $provider --smp 2 --nvme max_ioqpairs=3,mdts=7 --ns size=64M --module nvme --trace 'pci_nvme_*' \
		-- levels-guest.sh $provider ways_recorded
	ios "$logs/$provider/$provider" >"$work/ios"
	check "$provider: each command of the device's log, in its order, and no other" same_ios "$logs/$provider/qemu.log" "$logs/$provider/$provider"
	is "$provider: there are enough, of all kinds" \
		"$(awk "$fields"' { n++; if (f("qid") == 0) admin++; if (f("opcode") == "0x99") failed++; if (f("batch") > 1) batched++
			if (f("why") == "poll") polled++ }
			END { print (n > 500), (admin > 10), failed, (batched > 50), (polled > 10) }' "$work/ios")" "1 1 1 1 1"
	is "$provider: times are in order, and none is missing" \
		"$(awk "$fields"' f("how") != "cancelled" && !((f("queued") + 0 <= f("setup") + 0) && (f("setup") + 0 <= f("bell") + 0) &&
			(f("bell") + 0 <= f("seen") + 0) && (f("seen") + 0 <= f("end") + 0)) { print }' "$work/ios" | head -n 3)" ""
	# All have the same time of it, but for a command that was found before that time: its own is earlier.
	is "$provider: each doorbell has as many commands as they say" \
		"$(awk "$fields"' f("batch") > 0 { print f("qid"), f("bell"), f("batch"), f("seen") }' "$work/ios" | sort -n -k1,1 -k2,2 |
			awk 'n && ($1 != qid || $3 != said) { print qid, n, said; n = 0 }
				{ qid = $1; bell[++n] = $2; said = $3; seen[n] = $4 }
				n == said { for (i = 1; i < n; i++) if (bell[i] != bell[n] && seen[i] >= bell[n]) print qid, bell[i], bell[n]; n = 0 }
				END { if (n) print qid, n, said }' | head -n 3)" ""
	is "$provider: the process, its name and its cgroup" \
		"$(awk "$fields"' f("comm0") == "0x6464" && f("bytes") == 4096 { print f("tgid"), f("cgroup") }' "$work/ios" | sort | uniq -c | tr -s ' ')" \
		" 50 $(cat "$logs/$provider/$provider.pid") $(cat "$logs/$provider/$provider.cgroup")"
	is "$provider: the model explains all" \
		"$("$nvmescope" report --json "$logs/$provider/$provider" | jq -c '[.recording.lost.total, (.unexplained | add)] | map(select(. != 0 and . != null))')" "[]"

	guest $provider-filters --deadline 900 --smp 2 --nvme max_ioqpairs=2,mdts=7 --ns size=64M --module nvme -- levels-guest.sh $provider filters wrong
	of() { # NAME EXPRESSION: how many of its records
		ios "$logs/$provider-filters/$1" | awk "$fields $2"' { n++ } END { print n + 0 }'
	}
	rest() { # what a filter lets through that it should not
		of "$1" "!($2)"
	}
	# shellcheck disable=SC2016
	for row in 'read f("op")=="read"' 'opcode f("opcode")=="0x1"||f("opcode")=="0x99"' 'small f("bytes")<4096' \
		'large f("bytes")==16384' 'error f("status")!="0x0"' 'admin f("qid")==0' 'comm f("comm0")=="0x656D766E"' 'pci f("op")=="read"'; do
		name=${row%% *} wanted=${row#* }
		is "$provider: filter $name lets nothing else through" "$(rest "$name" "$wanted")" 0
		is "$provider: filter $name: what is in the recording without it" \
			"$(of "$name" 'f("comm0")!="0x0"')" "$(of all "$wanted")"
	done
	is "$provider: filters that nothing passes" "$(for name in none nobody nowhere; do of $name 1; done | tr '\n' ' ')" "0 0 0 "
	is "$provider: one in many" "$(rest sample 'f("cid") % 4096 == 0')" 0
	is "$provider: what a filter leaves out is no loss" \
		"$(for name in all read opcode error sample none; do "$nvmescope" report --json "$logs/$provider-filters/$name" | jq .recording.lost.total; done | sort -u)" 0
	is "$provider: the filter is in the recording" \
		"$(sed -nE 's/^\s*filter = "(.*)";/\1/p' "$logs/$provider-filters/large/metadata")" "min-bytes=16384 max-bytes=16384"
	is "$provider: level events has the queues alone" \
		"$(events "$logs/$provider-filters/events" | sed -nE 's/^(rq_start|rq_complete|sq_doorbell|cqe) .*qid=0 .*/\1/p' | wc -l)" 0
	# The mix, counted: op, size, stage, requests
	counted() {
		events "$logs/$provider-filters/$1" | sed -nE 's/^hist_stage .* count=([0-9]+) .* op=([a-z_]+) size=([a-z0-9_]+) stage=([a-z]+)$/\2 \3 \4 \1/p' |
			awk -v stage="${2-total}" '$3 == stage { n[$1 " " $2] += $4 } END { for (k in n) print k, n[k] }' | sort | grep -v other
	}
	is "$provider: level hist counts what level io has" "$(counted hist | grep -E '^read upto_4k|^write upto_16k')" \
		"$(of all 'f("op")=="read"&&f("bytes")<=4096' | sed 's/^/read upto_4k /')
$(of all 'f("op")=="write"&&f("bytes")==16384' | sed 's/^/write upto_16k /')"
	for stage in driver device completion; do
		is "$provider: stage $stage has each of them" "$(counted hist $stage)" "$(counted hist)"
	done
	is "$provider: buckets add up to their stage" \
		"$(events "$logs/$provider-filters/hist" | awk "$fields"' /^hist_stage/ { if (n != said) print n, said; said = f("count"); n = 0 }
			/^hist_bucket/ { n += f("count") } END { if (n != said) print n, said }')" ""
	is "$provider: a histogram with a filter" "$(counted hist-write | cut -d' ' -f1 | sort -u)" write
	[[ $provider == driver ]] || is "one probe counts them, too" "$(counted one | grep -E '^read upto_4k|^write upto_16k')" \
		"$(counted hist | grep -E '^read upto_4k|^write upto_16k')"

	# A disk so slow that no tag is used twice while the programs are attached, ends first.
	guest $provider-between --smp 1 --nvme max_ioqpairs=1 --ns size=8M,null=1,latency-ns=2000000000 --module nvme -- levels-guest.sh $provider between
	is "$provider: begun before: their ends are counted" \
		"$("$nvmescope" report --json "$logs/$provider-between/between" | jq -c '.recording.environment.unmatched | tonumber | [. > 0, . <= 16]')" "[true,true]"
	is "$provider: begun before: all that began later is there" \
		"$(ios "$logs/$provider-between/between" | awk "$fields"' f("bell") == 0 || f("seen") == 0 { n++ } END { print (NR > 16), n + 0 }')" "1 0"
	# Not those that began before, and not what is left of another recording; in the end there are sixteen, as the disk always has.
	for name in between another; do
		is "$provider: $name: the queue's depth is of what began since" \
			"$(ios "$logs/$provider-between/$name" | awk "$fields"' f("depth") > most { most = f("depth") } END { print most }')" 16
	done
	for name in before amid; do
		is "$provider: top, begun $name the reads: how many are at the device, and that none is in the end" \
			"$(awk '/^device/ { n = 0 } $2 == "q1" { n += $5; if ($5 > most) most = $5 } END { print (most > 0), (most <= 16), n }' "$logs/$provider-between/$name.top")" "1 1 0"
	done
done
