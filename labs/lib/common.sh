# shellcheck shell=bash disable=SC2034,SC2153,SC2154 # parts of labs/lab share its variables
# SPDX-License-Identifier: GPL-2.0
#
# What all parts of the labs share: which lab, whose parameters, which kernel.

LABS=$NVMESCOPE_ROOT/labs
KERNEL=${KERNEL:-6.12}
nvmescope=$NVMESCOPE_ROOT/build/nvmescope

# The largest source file and the largest answers that are read from anybody.
MAX_FILE=$((256 * 1024))

# open_lab N: its directory into $lab_dir, its lab.conf read with the parameters of $seed:
# $title, $hours, $floor, ${files[@]}, ${runs[@]}, ${machine[@]}, ${p[name]}
open_lab() {
	local found
	[[ ${1-} =~ ^0*([1-9][0-9]?)$ ]] || die -2 "LAB='${1-}': it is a number, as in make lab LAB=1; there are $(lab_numbers | paste -sd ' ')"
	lab=${BASH_REMATCH[1]}
	found=("$LABS/$(printf '%02d' "$lab")"-*/lab.conf)
	[[ -e ${found[0]} ]] || die -2 "there is no lab $lab; there are $(lab_numbers | paste -sd ' ')"
	lab_dir=${found[0]%/lab.conf}
	read_conf
}

# Again after $seed has changed.
read_conf() {
	declare -gA p=()
	title='' hours=0 floor=0 other_kernel='' deadline=45 files=() runs=() machine=()
	# shellcheck source=/dev/null
	. "$lab_dir/lab.conf"
}

lab_numbers() {
	local conf name
	for conf in "$LABS"/[0-9][0-9]-*/lab.conf; do
		name=$(basename "$(dirname "$conf")")
		echo $((10#${name%%-*}))
	done
}

# param NAME FIRST LAST [STEP]: one of these numbers, by lab, seed and name, as ${p[NAME]}
param() {
	local hash count=$((($3 - $2) / ${4:-1} + 1))
	hash=$(printf '%s/%s/%s' "$lab" "$seed" "$1" | sha256sum | head -c 8)
	p[$1]=$(($2 + 16#$hash % count * ${4:-1}))
}

# A seed is whatever tells students apart, and goes into file names.
check_seed() {
	[[ $1 =~ ^[A-Za-z0-9._@-]{1,64}$ ]] || die -2 "SEED='$1': up to 64 letters, digits and . _ @ -"
}

# The kernel as it is, not as it was asked for: objects fit one release.
kernel_dir() {
	"$NVMESCOPE_ROOT/tools/guest/kernel.sh" "$KERNEL" ||
		die "no kernel $KERNEL: its packages could not be had (see above)"
}

# Text of somebody else's, made fit to be shown: one line of printable characters.
printable() { tr '\t\n' '  ' | LC_ALL=C tr -cd '\40-\176\200-\377' | LC_ALL=C cut -b "-${1:-1000}" | sed 's/ *$//'; }

# A handout has no solutions, but objects made of them: see handout.sh
shipped() { [[ -d $LABS/shipped ]]; }
