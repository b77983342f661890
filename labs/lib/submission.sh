# shellcheck shell=bash disable=SC2034,SC2153,SC2154 # parts of labs/lab share its variables
# SPDX-License-Identifier: GPL-2.0
#
# A submission is a gzipped tar of plain files: `submission` (what it is, with a digest of the
# others), `answers`, and those of the lab's sources that it names. It is never unpacked: each
# member that is wanted is read by its name, and no other name may be in it.

MAX_SUBMISSION=$((512 * 1024))
MAX_UNPACKED=$((2 << 20))

digest_of() { # DIR FILES: of names and contents
	(cd "$1" && shift && sha256sum -- "$@" | sha256sum | cut -d ' ' -f 1)
}

submit_work() {
	need_work
	local out name members=() changed='' starter
	starter=$(mktemp -d)
	starter_files "$starter"
	for name in "${files[@]}"; do
		[[ -f $work/$name ]] || die "there is no $work/$name: it belongs to the lab"
		(($(stat -c %s "$work/$name") <= MAX_FILE)) || die "$work/$name has more than $MAX_FILE bytes"
		cmp -s "$work/$name" "$starter/$name" || changed+=" $name"
		members+=("$name")
	done
	if [[ -e $lab_dir/answers ]]; then
		[[ -f $work/answers ]] || die "there is no $work/answers"
		fill_in <"$lab_dir/answers" >"$starter/answers"
		cmp -s "$work/answers" "$starter/answers" || changed+=" answers"
		members+=(answers)
	fi
	rm -rf "$starter"
	[[ $changed ]] || die "nothing has been done yet: neither sources nor answers in $work differ from what make lab put there"
	out=$work/lab-$lab-$seed.tar.gz
	cat >"$work/submission" <<-END
		nvmescope-submission 1
		lab $lab
		seed $seed
		kernel $KERNEL
		digest $(digest_of "$work" "${members[@]}")
	END
	tar -czf "$out" -C "$work" --owner=0 --group=0 --sort=name submission "${members[@]}"
	rm "$work/submission"
	say "changed:$changed"
	say "hand in $out ($(stat -c %s "$out") bytes)"
}

# member FILE NAME: its text, as much as a member may have
member() { gzip -dc "$1" 2>/dev/null | head -c "$MAX_UNPACKED" | tar -xO -f - -- "$2" 2>/dev/null | head -c $((MAX_FILE + 1)); }

# open_submission FILE DIR: its members into DIR, its lab and seed into $lab and $seed.
# Returns 1, with the reason on stdout, if it is none.
open_submission() {
	local file=$1 dir=$2 list line name type allowed said
	[[ -f $file && ! -L $file ]] || { echo "not a plain file"; return 1; }
	(($(stat -c %s "$file") <= MAX_SUBMISSION)) || { echo "larger than $MAX_SUBMISSION bytes, which no submission is"; return 1; }
	(($(gzip -dc "$file" 2>/dev/null | head -c $((MAX_UNPACKED + 1)) | wc -c) <= MAX_UNPACKED)) ||
		{ echo "unpacks to more than $MAX_UNPACKED bytes, which no submission does"; return 1; }
	list=$(gzip -dc "$file" 2>/dev/null | tar -tv --numeric-owner -f - 2>/dev/null) || list=''
	[[ $list ]] || { echo "not a submission: no gzipped tar archive, or a broken one"; return 1; }
	said=$(member "$file" submission)
	[[ $(head -n 1 <<<"$said") == 'nvmescope-submission 1' ]] || { echo "not a submission: it has no file 'submission' of make submit's"; return 1; }
	name=$(sed -nE 's/^lab ([0-9]{1,2})$/\1/p' <<<"$said")
	seed=$(sed -nE 's/^seed ([A-Za-z0-9._@-]{1,64})$/\1/p' <<<"$said")
	if ! [[ $name && $seed ]] || ! grep -qx "$name" <<<"$(lab_numbers)"; then
		echo "its file 'submission' names no lab or no seed"
		return 1
	fi
	open_lab "$name"
	allowed=" submission ${files[*]} "
	[[ ! -e $lab_dir/answers ]] || allowed+="answers "
	while IFS= read -r line; do
		type=${line:0:1}
		name=$(awk '{ $1 = $2 = $3 = $4 = $5 = ""; sub(/^ */, ""); print }' <<<"$line")
		[[ $type == - && $allowed == *" $name "* ]] || { echo "has '$(printable 80 <<<"$name")', which is no file of lab $lab's: refused"; return 1; }
	done <<<"$list"
	for name in $allowed; do
		member "$file" "$name" >"$dir/$name"
		(($(stat -c %s "$dir/$name") <= MAX_FILE)) || { echo "its $name has more than $MAX_FILE bytes"; return 1; }
	done
	name=$(sed -nE 's/^digest ([0-9a-f]{64})$/\1/p' <<<"$said")
	allowed=${allowed/ submission / }
	# shellcheck disable=SC2086 # names of ours
	[[ $name == "$(digest_of "$dir" $allowed)" ]] || { echo "its digest does not fit its files: damaged, or changed after make submit"; return 1; }
}
