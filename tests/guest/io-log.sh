# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Level io, held request by request against the device's log: for tests that source lib.sh.

# Lines of a recording's `io` records: time of the end, then NAME=VALUE...
ios() { babeltrace2 --clock-cycles "$1" | sed -nE 's/^\[0*([0-9]+)\] (\([^)]*\) )?io: /end=\1 /p' |
	sed -E 's/\( "([^"]*)" : container = [0-9]+ \)/\1/g; s/[{},]//g; s/ = /=/g; s/  +/ /g'; }
# shellcheck disable=SC2016,SC2034 # awk's; and of those who source this
fields='function f(name) { return v[name] } { for (i = 1; i <= NF; i++) { split($i, p, "="); v[p[1]] = p[2] } }'

# qid cid opcode of what the device completed, in the order that it took the commands: without
# event requests, which end when something happens, and up to mark_log()'s command.
logged() {
	awk '/pci_nvme_admin_cmd .*opc 0xc1 / { exit }
		/pci_nvme_(io|admin)_cmd / { for (i = 1; i < NF; i++) w[$i] = $(i + 1); k = w["sqid"] " " w["cid"]
			n++; key[n] = k " " tolower(w["opc"]); if (w["opc"] != "0xc") last[k] = n }
		/pci_nvme_enqueue_req_completion / { for (i = 1; i < NF; i++) w[$i] = $(i + 1); k = w["cqid"] " " w["cid"]
			if (k in last) { done[last[k]] = 1; delete last[k] } }
		END { for (i = 1; i <= n; i++) if (done[i]) print key[i] }' "$1" | sort -s -n -k1,1
}

# The same of what was recorded, with a number for each doorbell in front: those of one are in no order, for
# some kernels put a list into the ring the other way round than they built its commands.
recorded_ios() {
	ios "$1" | awk "$fields"' f("how") != "cancelled" { print f("qid"), f("bell"), f("setup"), f("cid"), tolower(f("opcode")) }' |
		sort -n -k1,1 -k2,2 -k3,3 | awk '{ if ($1 " " $2 != last) bell++; last = $1 " " $2; print bell, $1, $4, $5 }'
}

# LOG RECORDING: one for one, doorbell by doorbell, and not nothing. With "unordered", as where doorbells are not
# seen, queue by queue.
same_ios() {
	logged "$1" >"$work/logged" && recorded_ios "$2" | if [[ ${3-} ]]; then sed -E "s/^[0-9]+/1/"; else cat; fi |
		sort -n -k1,1 -k2,2 -k3,3 >"$work/recorded" || return 1
	[[ -s $work/logged ]] || { echo "no command in $1"; return 1; }
	# The log's commands get the doorbells' numbers by their place in the queue.
	awk 'NR == FNR { bell[$2, ++n[$2]] = $1; next } { b = bell[$1, ++m[$1]]; print b ? b : "none", $0 }' \
		"$work/recorded" "$work/logged" | sort -n -k1,1 -k2,2 -k3,3 >"$work/by-bell"
	diff "$work/by-bell" "$work/recorded" >"$work/diff" && return
	head -n 20 "$work/diff"
	wc -l "$work/diff"
	return 1
}
