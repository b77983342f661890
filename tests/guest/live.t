#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# top and serve, of both drivers: what they counted is what was done.
. "$(dirname "$0")/lib.sh"
not_sanitized
plan 49

guest all --smp 2 --nvme max_ioqpairs=2,mdts=7 --ns size=64M --module nvme --add "$mhd:$mhd" -- live-guest.sh both

# All that top counted: each interval's title has its length, its lines have rates.
counted() {
	awk '/not counted:/ { for (i = 1; i <= NF; i++) if ($i == "s;") span = $(i - 1) }
		$2 ~ /^q[1-9]/ { n += $3 * span } END { printf "%d\n", n }' "$logs/all/$1"
}
# What a metric grew by between the two scrapes
grew() { # LABEL METRIC{LABELS}
	awk -v metric="$2" 'index($0, metric " ") == 1 { n = $NF - n } END { print n + 0 }' "$logs/all/$1.before" "$logs/all/$1.after"
}
family=nvmescope_request_duration_seconds

for label in stock ours; do
	# to the rounding of rates and lengths
	is "$label: top counted the reads" \
		"$(counted $label.top | awk '{ print ($1 > 2850 && $1 < 3150) ? "about 3000" : $1 }')" "about 3000"
	# of one interval it may be less than one: what was rung in it ended in the next
	is "$label: several commands to a doorbell" \
		"$(awk '$2 ~ /^q[1-9]/ && $6 != "-" { n++; if ($6 > 1.5) many++ } END { print (n > 0), (many > 0) }' "$logs/all/$label.top")" "1 1"
	is "$label: completions to an interrupt" \
		"$(awk '$2 ~ /^q[1-9]/ && $7 != "-" { n++ } END { print (n > 0) }' "$logs/all/$label.top")" 1
	is "$label: percentiles in order, of the total and no less than the device's" \
		"$(awk -v t=0 'function ns(w) { return w + 0 * t ? w * (w ~ /us$/ ? 1e3 : w ~ /ms$/ ? 1e6 : w ~ /[0-9]s$/ ? 1e9 : 1) : 0 }
			$2 ~ /^q[1-9]/ && $3 > 0 { n++; if (ns($9) > ns($10) || ns($10) > ns($11) || ns($14) > ns($10)) bad++ }
			END { print (n > 0), bad + 0 }' "$logs/all/$label.top")" "1 0"
	is "$label: nothing is left uncounted" "$(grep -c 'not counted: 0$' "$logs/all/$label.top")" "$(grep -c 'not counted:' "$logs/all/$label.top")"
	is "$label: by device, one line" "$(grep -cE '^(nvme|nvs)0 ' "$logs/all/$label.once")" 1
	is "$label: metrics: reads, in every stage" \
		"$(for stage in queue driver device completion total; do
			grew $label "${family}_count{device=\"nvme0\",class=\"io\",operation=\"read\",stage=\"$stage\"}"
		done | sort -u)" 500
	is "$label: metrics: bytes" "$(grew $label 'nvmescope_request_bytes_total{device="nvme0",class="io",operation="read"}')" $((500 * 4096))
	is "$label: metrics: writes" "$(grew $label "${family}_count{device=\"nvme0\",class=\"io\",operation=\"write\",stage=\"total\"}")" 20
	is "$label: metrics: the one that failed" "$(grew $label 'nvmescope_requests_failed_total{device="nvme0",class="io",operation="other"}')" 1
	is "$label: metrics: a doorbell for each, one by one" \
		"$(($(grew $label 'nvmescope_sq_doorbells_total{device="nvme0",class="io"}') >= 521))" 1
	is "$label: metrics: the buckets' last is the count" \
		"$(grep -F 'le="+Inf"' "$logs/all/$label.after" | sed 's/_bucket//; s/,le="+Inf"//' | sort)" \
		"$(grep "^${family}_count" "$logs/all/$label.after" | sed 's/_count//' | sort)"
	is "$label: metrics: nothing is left uncounted" \
		"$(awk '/^nvmescope_not_counted_total.*(unmatched_start|stale_tag|no_place|skipped)/ { n += $NF } END { print n + 0 }' "$logs/all/$label.after")" 0
done
