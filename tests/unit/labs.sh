#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What can be said of the labs without a guest: each is whole, its exercises can be cut, its bugs
# planted, its questions solved for any seed; and what is no submission is refused.  TAP.
# shellcheck disable=SC2034,SC2154 # variables of the parts
set -euo pipefail
. "$(dirname "$0")/../../tools/guest/lib.sh"
for part in common cut submission work selftest; do
	# shellcheck source=/dev/null
	. "$NVMESCOPE_ROOT/labs/lib/$part.sh"
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
words() { sort | paste -sd ' '; }

lacking() { # FILE TEXTS...: those that it has not
	local text
	for text in "${@:2}"; do grep -qF -- "$text" "$lab_dir/$1" || echo "$1: $text"; done
}

taken=''
for n in $(lab_numbers); do
	seed=unit
	open_lab "$n"
	missing=''
	for text in README.md README.zh.md guest.sh grade hints/{1,2,3}{,.zh}.md; do
		[[ -s $lab_dir/$text ]] || missing+=" $text"
	done
	is "lab $n: has all its texts" "$missing" ""
	worth=$(awk '/^(answer|check) / { n += $3 } END { print n }' "$lab_dir/grade")
	is "lab $n: its text has all parts, in English and in Chinese" \
		"$(lacking README.md '**Goal.**' "Expected time: $hours hour" "$worth points" Specification '## Background' '## What to do' '## Questions' '## Check')$(
		lacking README.zh.md '**目标。**' "预计用时：$hours 小时" "共 $worth 分" 规范 '## 背景' '## 步骤' '## 问题' '## 检查')" ""
	is "lab $n: each question stands there in Chinese, too" "$(grep -B 1 -E '^[a-z0-9_]+:' "$lab_dir/answers" | LC_ALL=C grep -c $'^#    .*[\200-\377]')" \
		"$(grep -cE '^[a-z0-9_]+:' "$lab_dir/answers")"
	is "lab $n: nothing is left in braces that is no parameter" \
		"$(cat "$lab_dir"/README*.md "$lab_dir"/answers 2>/dev/null | fill_in | grep -oE '\{[a-z_]+\}' | words)" ""
	asked=$(grep -oE '^[a-z0-9_]+:' "$lab_dir/answers" 2>/dev/null | tr -d : | words || true)
	is "lab $n: each question has a check" "$(sed -nE 's/^answer ([a-z0-9_]+) .*/\1/p' "$lab_dir/grade" | words)" "$asked"
	for seed in unit a 2026-0417; do
		read_conf
		is "lab $n, seed $seed: each question is solved" \
			"$(solved_answers | sed -nE 's/^([a-z0-9_]+): .+/\1/p' | words)" "$asked"
	done
	for file in "${files[@]}"; do
		is "lab $n: $file is cut" "$(cut_exercises <"$NVMESCOPE_ROOT/kmod/$file" | grep -c 'LAB(' || true)" 0
		is "lab $n: $file is of no other lab" "$(grep -c " $file " <<<"$taken " || true)" 0
		taken+=" $file "
	done
	mkdir -p "$dir/$n"
	for bug in "$lab_dir"/bugs/*.sed; do
		[[ -e $bug ]] || continue
		solution_files "$dir/$n"
		is "lab $n: the bug $(basename "$bug") can be planted" "$(plant "$bug" "$dir/$n" 2>&1 && echo yes)" yes
		check=$(sed -n 's/^# check: //p' "$bug")
		is "lab $n: and there is a check that is to find it" "$(grep -cE "^check $check " "$lab_dir/grade")" 1
	done
done
is "what is cut belongs to a lab" \
	"$(grep -lE 'LAB\([0-9]+\)' "$NVMESCOPE_ROOT"/kmod/*.c | xargs -n 1 basename | while read -r file; do
		[[ $taken == *" $file "* ]] || echo "$file"; done | words)" ""

# --- exercises that are not written right ------------------------------------------------

cut_says() { cut_exercises <<<"$1" 2>&1 >/dev/null || true; }
is "an exercise without an end" "$(cut_says '/* LAB(3): x.  Starter: y; */')" "an exercise has no end"
is "an end without an exercise" "$(cut_says '/* LAB(3) end */')" "an exercise ends in line 1 that did not begin"
is "one within another" "$(cut_says $'/* LAB(3): x. */\n/* LAB(3): y. */')" "two exercises begin in line 2"

# --- submissions -------------------------------------------------------------------------

refused() { # WHAT FILE WHY
	local why=accepted
	mkdir -p "$dir/in"
	why=$(open_submission "$2" "$dir/in") && why=accepted
	is "$1: refused" "$(grep -oE "$3" <<<"$why" || echo "$why")" "$3"
}
: >"$dir/empty"
refused "an empty file" "$dir/empty" "no gzipped tar archive"
head -c 5000 /dev/urandom >"$dir/random"
refused "random bytes" "$dir/random" "no gzipped tar archive"
head -c 5000000 /dev/zero | gzip >"$dir/bomb"
refused "what unpacks to far more" "$dir/bomb" "unpacks to more than"
ln -s /etc/passwd "$dir/link"
refused "a link" "$dir/link" "not a plain file"
echo 'nvmescope-submission 1' >"$dir/submission"
tar -czf "$dir/nobody" -C "$dir" submission
refused "one of nobody" "$dir/nobody" "names no lab or no seed"
printf 'nvmescope-submission 1\nlab 1\nseed x\ndigest 0\n' >"$dir/submission"
tar -czf "$dir/outside" -P -C "$dir" --transform 's,random,../../random,' submission random
refused "one that would be unpacked elsewhere" "$dir/outside" "which is no file of lab 1's"
echo x >"$dir/answers"
tar -czf "$dir/changed" -C "$dir" submission answers
refused "one that was changed" "$dir/changed" "digest does not fit"
echo "1..$points"
