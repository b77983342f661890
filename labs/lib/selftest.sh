# shellcheck shell=bash disable=SC2034,SC2153,SC2154 # parts of labs/lab share its variables
# SPDX-License-Identifier: GPL-2.0
#
# The labs' own test, as TAP: each solution, starter, planted bug and wrong answer is graded.

# Other students whose parameters are graded as well: between them, most ranges' ends.
other_seeds=${SEEDS-ben tom}

# --short: solutions and starters alone, of one student
selftest() { # [--short] LABS...
	local n short=''
	if [[ ${1-} == --short ]]; then short=1; shift; fi
	(($#)) || mapfile -t < <(lab_numbers)
	(($#)) || set -- "${MAPFILE[@]}"
	for n; do test_lab "$n"; done
	echo "1..$points"
	((failed == 0 && points > 0))
}

# One line of TAP
points=0 failed=0
is() { # WHAT GOT WANTED
	points=$((points + 1))
	if [[ $2 == "$3" ]]; then
		echo "ok $points - $1"
	else
		failed=$((failed + 1))
		printf 'not ok %s - %s\n# got:    %s\n# wanted: %s\n' "$points" "$1" "$2" "$3"
	fi
}

point() { # WHAT GOT WANTED
	is "lab $lab: $1" "$2" "$3"
	[[ $2 == "$3" ]] ||
		jq -r '.tests[] | select(.status != "pass") | "# \(.id) \(.status): \(.evidence)"' "$work/grade.json"
}
grade_here() { judge >"$work/grade.json"; jq -r '"\(.status) \(.points)/\(.max)"' "$work/grade.json"; }
failing() { jq -r '[.tests[] | select(.status != "pass") | .id] | join(" ")' "$work/grade.json"; }

# The right answers, told from the parameters and the specification, not from a recording.
# shellcheck source=/dev/null
solved_answers() { if [[ -e $lab_dir/solve ]]; then (. "$lab_dir/solve"); fi; }

test_lab() {
	local got max bug from answers main=${SEED:-selftest}
	open_lab "$1"
	work=$NVMESCOPE_ROOT/build/test/labs/$lab
	from=$work/from answers=$work/answers
	rm -rf "$work"
	mkdir -p "$from"
	run_id=selftest-$lab

	solution_files "$from"
	[[ $short ]] || for seed in $other_seeds; do test_solution ", for $seed"; done
	seed=$main
	test_solution
	test_wrong_answers

	if ((${#files[@]})); then
		for bug in "$lab_dir"/bugs/*.sed; do [[ $short || ! -e $bug ]] || test_bug "$bug"; done
		starter_files "$from"
		run_student "$from"
	fi
	: >"$answers"
	got=$(grade_here)
	point "its starter has what is stated" "$got" "graded $floor/$max"
}

# As $seed: a student's sizes, counts and numbers
test_solution() { # [WHOSE]
	local name said=''
	read_conf
	for name in "${!p[@]}"; do said+=" $name=${p[$name]}"; done
	solved_answers >"$answers"
	run_reference
	run_student "$from"
	got=$(grade_here)
	max=$(jq .max "$work/grade.json")
	point "its solution has full marks${1-} (${said# })" "$got" "graded $max/$max"
}

test_wrong_answers() {
	local id right
	right=$(<"$answers")
	for id in $(grep -oE "^[a-z0-9_]+" "$answers"); do
		sed -E "s/^$id:.*/$id: 987654321/" <<<"$right" >"$answers"
		grade_here >/dev/null
		point "a wrong answer to $id costs that and no more" "$(failing)" "$id"
	done
	printf '%s\n' "$right" >"$answers"
}

test_bug() { # FILE.sed
	solution_files "$from"
	plant "$1" "$from"
	run_student "$from"
	grade_here >/dev/null
	point "the planted bug $(basename "$1" .sed) is found, by its own check alone" "$(failing)" "$(sed -n 's/^# check: //p' "$1")"
}
