# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the tests of compare share, after tests/guest/lib.sh.
#
# compare_runs LABEL ROUNDS SET...   a guest that makes $logs/LABEL/SET/run-1 ... of each set: a
#     regression that plant.sh knows; base*, our modules as they are; quick and slow, disks.
#     One point, and one for each set that is planted.
# compare_on=(OPTIONS)   what that guest is to vm.sh: one CPU whose clock counts instructions, a disk of 0.2 ms
# names WHAT SET WHERE FIGURE [BASE]   compare says that SET is worse than BASE (base) in that
#     figure, exits with 1, and puts it before all that is less
# unnamed WHAT SET BASE              compare names no regression
# unconfirmed WHAT ROUNDS SET BASE   the same, or none that it names again of as many fresh runs: of twenty comparisons
#     of what is alike one may name a figure (--alpha), as it says itself
# shellcheck disable=SC2154 # lib.sh's

planted=$NVMESCOPE_ROOT/build/plant/$kernel
compare_on=(--icount --smp 1 --nvme "max_ioqpairs=2,mdts=7" --ns "size=1G,null=1,latency-ns=200000")

compare_runs() { # LABEL ROUNDS SET...
	local label=$1 rounds=$2 set
	shift 2
	for set; do
		case $set in
		base* | quick | slow) ;;
		*) check "a driver with $set planted" "$NVMESCOPE_ROOT/tests/compare/plant.sh" "$kernel" "$set" ;;
		esac
	done
	mkdir -p "$planted"
	guest "$label" "${compare_on[@]}" --deadline 3000 --share "$planted:/planted" \
		-- compare-guest.sh rounds "$rounds" "$@"
	compared=$logs/$label
}

# A figure's verdict and change, of the last comparison.
said() { # WHERE FIGURE FIELD
	jq -r --arg where "$1" --arg figure "$2" ".figures[] | select(.where == \$where and .figure == \$figure) | .$3" "$work/compared.json"
}
worse() { jq -r '[.figures[] | select(.verdict == "worse")][:5][] | "\(.where), \(.figure): \(if .change_percent then "\(.change_percent * 100 | round / 100) %" else "from 0" end)"' "$work/compared.json"; }

names() { # WHAT SET WHERE FIGURE [BASE]
	local status=0
	"$nvmescope" compare --json "$compared/${5-base}" "$compared/$2" >"$work/compared.json" || status=$?
	is "$1" "$status $(said "$3" "$4" verdict)" "1 worse"
	diag "$3, $4: $(said "$3" "$4" a.median) -> $(said "$3" "$4" b.median), $(said "$3" "$4" change_percent) %"
	diag "$(worse)"
}

unnamed() { # WHAT SET BASE
	local status=0
	"$nvmescope" compare --json "$compared/$3" "$compared/$2" >"$work/compared.json" || status=$?
	is "$1" "$status $(worse)" "0 "
}

worse_figures() { jq -r '.figures[] | select(.verdict == "worse") | "\(.where), \(.figure)"' "$work/compared.json" | sort; }

unconfirmed() { # WHAT ROUNDS SET BASE
	local status=0 named=
	"$nvmescope" compare --json "$compared/$4" "$compared/$3" >"$work/compared.json" || status=$?
	if ((status == 1)); then
		status=0 named=$(worse_figures)
		diag "named at first: $(worse)"
		(compare_runs fresh "$2" "$4" "$3") >"$work/fresh.tap"
		"$nvmescope" compare --json "$logs/fresh/$4" "$logs/fresh/$3" >"$work/compared.json" || status=$?
		((status != 1)) || status=0
		named=$(comm -12 <(printf '%s\n' "$named") <(worse_figures))
		! grep -q '^not ok' "$work/fresh.tap" || named="the guest of the fresh runs failed: $logs/fresh"
	fi
	is "$1" "$status $named" "0 "
}
