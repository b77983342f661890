# shellcheck shell=bash disable=SC2034,SC2153,SC2154 # parts of labs/lab share its variables
# SPDX-License-Identifier: GPL-2.0
#
# Exercises are cut out of the real driver, between two comments of their own:
#
#	/* LAB(3): map BAR0.  Starter: return -ENODEV; */
#	...the solution...
#	/* LAB(3) end */
#
# In a starter they are a TODO and the code behind "Starter:", which compiles and is harmless.

# cut_exercises <FILE: the starter
cut_exercises() {
	awk '
	match($0, /\/\* LAB\([0-9]+\): /) && / \*\/$/ {
		if (inside) { print "two exercises begin in line " NR >"/dev/stderr"; failed = 1; exit 1 }
		inside = 1
		indent = substr($0, 1, RSTART - 1)
		text = substr($0, RSTART + RLENGTH)
		sub(/ \*\/$/, "", text)
		code = ""
		if ((at = index(text, "  Starter: "))) {
			code = substr(text, at + 11)
			text = substr(text, 1, at - 1)
		}
		print indent "/* TODO: " text " */"
		if (code != "") print indent code
		next
	}
	/\/\* LAB\([0-9]+\) end \*\/$/ {
		if (!inside) { print "an exercise ends in line " NR " that did not begin" >"/dev/stderr"; failed = 1; exit 1 }
		inside = 0
		next
	}
	!inside
	END { if (inside && !failed) { print "an exercise has no end" >"/dev/stderr"; exit 1 } exit failed }'
}

# solution_text <FILE: the lines that a starter does not have, without the comments' own
solution_text() {
	awk '/\/\* LAB\([0-9]+\): / { inside = 1; next } /\/\* LAB\([0-9]+\) end/ { inside = 0 } inside'
}

# plant BUG DIR: applies labs/NN/bugs/NAME.sed to the file that it names, in DIR
plant() {
	local file
	file=$(sed -n 's/^# file: //p' "$1")
	[[ $file ]] || die "$1: has no line '# file: NAME.c'"
	cp "$2/$file" "$2/$file.before"
	sed -E -i -f "$1" "$2/$file"
	if cmp -s "$2/$file" "$2/$file.before"; then
		rm "$2/$file.before"
		die "$1: changes nothing in $file: the driver has moved on, the bug has not"
	fi
	rm "$2/$file.before"
}

# starter_files DIR: this lab's files, cut, with the bugs that a student is to find
starter_files() {
	local file bug
	for file in "${files[@]}"; do
		cut_exercises <"$NVMESCOPE_ROOT/kmod/$file" >"$1/$file"
	done
	# a handout's kmod/ has them already
	for bug in "$lab_dir"/bugs/*.sed; do
		if grep -qs '^# planted: yes' "$bug"; then plant "$bug" "$1"; fi
	done
}

solution_files() { # DIR
	local file
	for file in "${files[@]}"; do cp "$NVMESCOPE_ROOT/kmod/$file" "$1/"; done
}
