# shellcheck shell=bash disable=SC2034,SC2153,SC2154 # parts of labs/lab share its variables
# SPDX-License-Identifier: GPL-2.0
#
# Many submissions, unattended: each in its own guests, each graded for itself.

# One submission, in a process of its own: DIR gets grade.json.
regrade_one() { # FILE DIR
	local file=$1 why answers
	work=$2
	rm -rf "$work"
	mkdir -p "$work/files"
	run_id=$(date -u +%Y%m%dT%H%M%S)-$(basename "$work")
	lab=0
	if ! why=$(open_submission "$file" "$work/files" && echo "$lab $seed" >"$work/who"); then
		jq -n --arg file "$(basename "$file" | printable 100)" --arg why "$why" --arg run "$run_id" \
			'{schema: "nvmescope-lab/1", file: $file, lab: null, run_id: $run, kernel: null, qemu: null, seed: null, status: "refused",
			  points: 0, max: null, tests: [{id: "submission", points: 0, max: 0, status: "fail", evidence: $why,
			  hint: "make submit makes submissions"}]}' >"$work/grade.json"
		return
	fi
	read -r lab seed <"$work/who"
	open_lab "$lab"
	answers=$work/files/answers
	run_reference
	run_student "$work/files"
	judge | jq --arg file "$(basename "$file" | printable 100)" '{schema, file: $file} + .' >"$work/grade.json"
	rm -rf "$work/build"
}

# regrade DIR: exits with 0 if each was graded or refused
regrade() {
	local dir=$1 out file n=0 jobs
	[[ -d $dir ]] || die -2 "DIR='$dir' is no directory: make regrade DIR=where the submissions are"
	out=$(realpath -m "${OUT:-$NVMESCOPE_ROOT/build/regrade}")
	rm -rf "$out"
	mkdir -p "$out"
	export STRANGERS=1 SHOW_KEYS=1
	have_sandbox || die "submissions of others are built in a sandbox only: bwrap does not work here (apt-get install bubblewrap; user namespaces)"
	make_base >"$out/base"
	jobs=${JOBS:-$(jobs_that_fit)}
	while IFS= read -r -d '' file; do
		n=$((n + 1))
		printf '%s\0%s\0' "$file" "$out/$(printf '%04d' $n)"
	done < <(find "$dir" -mindepth 1 -maxdepth 1 ! -name '.*' -print0 | sort -z) >"$out/list"
	[[ -s $out/list ]] || die "there is nothing in $dir"
	say "$(($(tr -cd '\0' <"$out/list" | wc -c) / 2)) submissions, $jobs at a time; logs will be in $out"
	xargs -0 -a "$out/list" -n 2 -P "$jobs" "$LABS/lab" --one || true
	# One that came to no end at all is an error of ours.
	jq -s 'map(.)' "$out"/[0-9]*/grade.json >"$out/grades.json"
	if [[ ${JSON-} ]]; then cat "$out/grades.json"; else show_table "$out/grades.json"; fi
	[[ $(jq 'length' "$out/grades.json") == $(($(tr -cd '\0' <"$out/list" | wc -c) / 2)) ]] ||
		die "not all were graded: see $out"
	[[ $(jq 'any(.[]; .status == "error")' "$out/grades.json") == false ]]
}

# A guest has a gigabyte, and a processor while it is emulated.
jobs_that_fit() {
	local jobs
	jobs=$(awk '/^MemAvailable/ { print int($2 / 1300000) }' /proc/meminfo)
	((jobs <= $(nproc))) || jobs=$(nproc)
	((jobs)) || jobs=1
	echo "$jobs"
}

show_table() {
	jq -r '(["file", "lab", "seed", "points", "status", "failed"] | @tsv),
		(.[] | [.file, .lab // "-", .seed // "-", (if .max then "\(.points)/\(.max)" else "0" end), .status,
			([.tests[] | select(.status != "pass") | .id] | join(",") | if . == "" then "-" else . end),
			(if .status == "refused" then .tests[0].evidence else "" end)] | @tsv)' "$1" | column -t -s $'\t'
	# Answers go with a seed: two of one seed may be one of them twice.
	jq -r 'map(select(.seed)) | group_by([.lab, .seed])[] | select(length > 1) |
		"lab \(.[0].lab): seed \(.[0].seed) was handed in \(length) times: \(map(.file) | join(", "))"' "$1"
}
