# shellcheck shell=bash disable=SC2034,SC2153,SC2154 # parts of labs/lab share its variables
# SPDX-License-Identifier: GPL-2.0
#
# A student's directory, $work: sources of the lab, answers, texts; recording/ after a run; .grade/
# with what the last grading saw.

# The questions, with this student's parameters for {name}.
fill_in() {
	local text name
	text=$(cat)
	for name in "${!p[@]}"; do text=${text//"{$name}"/${p[$name]}}; done
	printf '%s\n' "$text"
}

# What is there is a student's work: it is never overwritten.
fill_work() { # DIR
	local new text
	if [[ -e $1/.lab ]]; then
		# whose it is was said when it was made
		if [[ ! ${SEED-} && $(<"$1/.lab") == "$lab "* ]]; then
			read -r _ seed <"$1/.lab"
			read_conf
		fi
		[[ $(<"$1/.lab") == "$lab $seed" ]] ||
			die -2 "$1 belongs to lab and seed '$(<"$1/.lab")', not to '$lab $seed': give another WORK=, or that SEED="
	else
		[[ ! -e $1 || ! $(ls -A "$1") ]] || die -2 "$1 is not empty, and no directory of a lab: give another WORK="
		mkdir -p "$1"
		new=$(mktemp -d "$1/.new.XXXXXX")
		starter_files "$new"
		if [[ -e $lab_dir/answers ]]; then fill_in <"$lab_dir/answers" >"$new/answers"; fi
		mv "$new"/* "$1/"
		rmdir "$new"
		echo "$lab $seed" >"$1/.lab"
	fi
	for text in README.md README.zh.md; do fill_in <"$lab_dir/$text" >"$1/$text"; done
	rm -rf "$1/hints"
	cp -r "$lab_dir/hints" "$1/hints"
}

need_work() {
	[[ -e $work/.lab ]] || die -2 "there is no work in $work: make lab LAB=$lab first, or say WORK="
	read -r lab seed <"$work/.lab"
	read_conf
}

# runs_with RUN: does this lab have such a run?
runs_with() { [[ " ${runs[*]} " == *" $1 "* ]]; }

# The modules to look at: the student's, or the reference driver's where there is nothing to write.
current_modules() {
	if ((${#files[@]})); then
		build_student "$work" "$work/.build" || die "it does not build: $(<"$work/.build/why") (all of it: $work/.build/log)"
		echo "$work/.build"
	else
		make_base
	fi
}

setup_work() {
	local modules
	fill_work "$work"
	modules=$(current_modules)
	say "lab $lab, $title: read $work/README.md (中文: README.zh.md); hints are in $work/hints"
	((${#files[@]} == 0)) || say "your part of the driver: $(printf "$work/%s " "${files[@]}")(the rest of it: $NVMESCOPE_ROOT/kmod)"
	[[ ! -e $work/answers ]] || say "your answers go into $work/answers"
	if [[ -t 0 && -t 1 ]]; then
		say "in the guest: sh /lab/payload.sh steps loads the modules and does what the lab records; exit ends"
		boot "$work/.guest" "$modules" --interactive || true
	else
		say "no terminal here, so no guest is shown; make record LAB=$lab runs it"
	fi
	say "then: make record LAB=$lab, make grade LAB=$lab, make submit LAB=$lab${WORK:+, each with WORK=$WORK}"
}

# What was recorded goes to recording, device.log and kernel.log; that of another kernel's to recording-K and so on.
record_run() { # MODULES
	record_one "$1" ''
	if [[ $other_kernel ]]; then KERNEL=$other_kernel record_one "$1" "-$other_kernel"; fi
}
record_one() { # MODULES SUFFIX
	local from=$work/.guest$2 to=$work/recording$2 log=$work/device$2.log words=$work/kernel$2.log
	run_guest "$from" "$1"
	rm -rf "$to"
	# of a guest that did not come to its end there is the console alone
	cp "$from/host/dmesg.log" "$words" 2>/dev/null || cp "$from/host/console.log" "$words" 2>/dev/null || rm -f "$words"
	if [[ ! -e $from/out/recording ]]; then
		say "no recording: $(<"$from/outcome"); the kernel's log is $words"
		return 0
	fi
	cp -r "$from/out/recording" "$to"
	cp "$from/host/qemu.log" "$log"
	[[ ! -s $from/trouble ]] || say "$(<"$from/trouble")"
	say "recorded: build/nvmescope report $to; the device's own log is $log, the kernel's $words"
}

record_work() {
	local modules
	need_work
	# For questions on a driver that is not written yet, there is the reference.
	if [[ ${REFERENCE-} ]]; then modules=$(make_base); else modules=$(current_modules); fi
	record_run "$modules"
}

run_reference() {
	rm -rf "${work:?}"/reference*
	runs_with reference || return 0
	local base
	base=$(make_base)
	run_guest "$work/reference" "$base"
	if [[ $other_kernel ]]; then KERNEL=$other_kernel run_guest "$work/reference-$other_kernel" "$base"; fi
}

# run_student FROM: of the sources there
run_student() {
	rm -rf "${work:?}/student"
	runs_with student || return 0
	if build_student "$1" "$work/build"; then
		run_guest "$work/student" "$work/build"
	else
		mkdir -p "$work/student"
		echo "failed it does not build: $(<"$work/build/why")" >"$work/student/outcome"
	fi
}

graded() { # FILE.json: the exit status
	[[ $(jq -r .status "$1") == graded ]]
}

grade_work() {
	need_work
	local from=$work answers=$work/answers
	work=$work/.grade
	mkdir -p "$work"
	run_reference
	run_student "$from"
	judge >"$work/grade.json"
	if [[ ${JSON-} ]]; then cat "$work/grade.json"; else show_grade "$work/grade.json"; fi
	graded "$work/grade.json"
}
