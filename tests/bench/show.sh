#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# show.sh BENCH: a bench file as a table: instructions for each I/O, by room; and the most expensive
# symbols that belong to none.
set -euo pipefail
awk '
	/^# kernel/ { print substr($0, 3) }
	/^#/ { next }
	{
		if (!seen[$1]++) row[++rows] = $1
		if (!known[$2]++) room[++rooms] = $2
		sum[$1, $2] += $5
		total[$1] += $5
		if ($2 == "other") other[$4] = $5 > other[$4] ? $5 : other[$4]
	}
	END {
		printf "%-22s %8s", "instructions per I/O", "all"
		for (r = 1; r <= rooms; r++) printf " %11.11s", room[r]
		print ""
		for (i = 1; i <= rows; i++) {
			printf "%-22s %8.0f", row[i], total[row[i]]
			for (r = 1; r <= rooms; r++) printf " %11.1f", sum[row[i], room[r]]
			print ""
		}
		for (s in other) if (other[s] >= 20) line = line sprintf(" %s %.0f", s, other[s])
		if (line) print "Of no room, 20 or more:" line
	}' "$1"
