#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# moved.sh A.bench B.bench [PLOT.svg]: what an I/O costs more or less in B, by row, room and symbol: the
# table sorted by how much, at least MOVED (1) instructions. With PLOT, bars of each row's rooms.
set -euo pipefail
. "$(dirname "$0")/../../tools/guest/lib.sh"
(($# >= 2)) || die -2 "usage: moved.sh A.bench B.bench [PLOT.svg]"
for file in "$1" "$2"; do
	[[ $(head -n 1 "$file" 2>/dev/null) == "# nvmescope bench 1" ]] || die "$file is no bench file; make bench writes them into build/bench/"
done

# ROW ROOM MODULE SYMBOL A B B-A; our modules go by the names of the kernel's own, so that the drivers
# can be compared.
joined() {
	awk -v OFS=' ' '
		FNR == 1 { file++ }
		/^#/ { next }
		{ sub(/^nvmescope/, "nvme", $3); k = $1 " " $2 " " $3 " " $4; v[file, k] += $5; if (!seen[k]++) key[++n] = k }
		END { for (i = 1; i <= n; i++) { a = v[1, key[i]] + 0; b = v[2, key[i]] + 0; print key[i], a, b, b - a } }' "$1" "$2"
}

totals() { # column to group by besides the row: 1 (none) or 2 (room)
	joined "$1" "$2" | awk -v by="$3" '{ k = by == 2 ? $1 " " $2 : $1; a[k] += $5; b[k] += $6; if (!seen[k]++) key[++n] = k }
		END { for (i = 1; i <= n; i++) { k = key[i]; printf "%s %.2f %.2f %.2f\n", k, a[k], b[k], b[k] - a[k] } }'
}

printf '%-22s %9s %9s %9s %8s\n' 'instructions per I/O' A B change ''
totals "$1" "$2" 1 | awk '{ printf "%-22s %9.1f %9.1f %+9.1f %+7.2f%%\n", $1, $2, $3, $4, $2 ? 100 * $4 / $2 : 0 }'
echo
printf '%-22s %-22s %-16s %-36s %8s %8s %8s\n' row room module symbol A B change
joined "$1" "$2" | awk -v least="${MOVED:-1}" '{ d = $7 < 0 ? -$7 : $7; if (d >= least) print d, $0 }' | sort -k 1,1gr | cut -d' ' -f2- |
	awk '{ printf "%-22s %-22s %-16s %-36s %8.1f %8.1f %+8.1f\n", $1, $2, $3, $4, $5, $6, $7; n++ }
		END { if (!n) print "no symbol moved" }'

if [[ ${3-} ]]; then
	need gnuplot gnuplot-nox
	data=$(mktemp)
	trap 'rm -f "$data"' EXIT
	# A column for each room that moved, a line for each row: in percent of what the row cost in A, for the dearest
	# row costs a hundred times as much as the cheapest.
	totals "$1" "$2" 2 | awk '{ v[$1, $2] = $5; all[$1] += $3; if (!r[$1]++) row[++rows] = $1; if (!c[$2]++) room[++rooms] = $2 }
		function percent(i, j) { return all[row[i]] ? 100 * v[row[i], room[j]] / all[row[i]] : 0 }
		END { printf "row"; for (j = 1; j <= rooms; j++) { for (i = 1; i <= rows; i++) if (percent(i, j) >= 0.1 || percent(i, j) <= -0.1) use[j] = 1
			if (use[j]) printf " %s", room[j] }
			print ""; for (i = 1; i <= rows; i++) { printf "%s", row[i]; for (j = 1; j <= rooms; j++) if (use[j]) printf " %.2f", percent(i, j); print "" } }' >"$data"
	columns=$(awk 'NR == 1 { print NF }' "$data")
	if ((columns < 2)); then
		say "no room moved: there is nothing to draw"
	else
		gnuplot <<-EOG
			set terminal svg size 1300,620 font 'DejaVu Sans,13' background '#ffffff'
			set output '$3'
			set title 'instructions per I/O: what B has more (up) or less (down), in % of what A has in all, by part of the kernel' noenhanced
			set style data histogram
			set style histogram rowstacked
			set style fill solid noborder
			set boxwidth 0.7
			set grid ytics
			set format y '%g %%'
			set key outside right noenhanced
			set xtics rotate by -50 noenhanced
			set xzeroaxis lt -1
			set linetype 1 lc rgb '#0072B2'; set linetype 2 lc rgb '#E69F00'; set linetype 3 lc rgb '#009E73'; set linetype 4 lc rgb '#D55E00'
			set linetype 5 lc rgb '#CC79A7'; set linetype 6 lc rgb '#56B4E9'; set linetype 7 lc rgb '#F0E442'; set linetype 8 lc rgb '#666666'
			set linetype 9 lc rgb '#000000'; set linetype 10 lc rgb '#999933'; set linetype 11 lc rgb '#882255'
			plot for [i=2:$columns] '$data' using i:xtic(1) title columnheader(i)
		EOG
		say "$3"
	fi
fi
