# shellcheck shell=bash disable=SC2034,SC2153,SC2154 # parts of labs/lab share its variables
# SPDX-License-Identifier: GPL-2.0
#
# What students get: this tree without tests, history, solutions and planted bugs' descriptions. Of
# the driver's files that a lab is about there is the starter, and for all other labs an object, for
# one release of the kernel: each lab builds with its own starter and the others' objects.

handout_files() {
	git -C "$NVMESCOPE_ROOT" ls-files |
		grep -vE '^(\.|tests/|docs/teaching\.md|labs/lib/(handout|selftest|regrade)\.sh|labs/[0-9][^/]*/(bugs/|solve$))'
	echo tests/guest/in-guest.sh
}

# Of all labs: "NUMBER FILE"
lab_files() {
	local n
	for n in $(lab_numbers); do
		open_lab "$n"
		((${#files[@]} == 0)) || printf "$n %s\n" "${files[@]}"
	done
}

# Lines of the solutions that stand nowhere else in the driver, nor within a line of it: none of them
# may be in a handout.
secret_lines() { # DIR, for its work
	local file line
	while read -r file; do cut_exercises <"$file"; done < <(ls "$NVMESCOPE_ROOT"/kmod/*.[ch]) >"$1/starters"
	while read -r _ file; do solution_text <"$NVMESCOPE_ROOT/kmod/$file"; done < <(lab_files) |
		sed -E 's/^[[:space:]]+//' | awk 'length >= 24 && !/^(\/?\*|return |if \(ret\))/' | sort -u |
		while IFS= read -r line; do
			grep -qF -- "$line" "$1/starters" || printf '%s\n' "$line"
		done
}

ship_objects() { # DIR BASE
	local file name
	mkdir -p "$1"/{objects,reference}
	kernel_release=$(<"$(kernel_dir)/release")
	echo "$kernel_release" >"$1/release"
	while read -r _ file; do
		name=${file%.c}
		strip -g -o "$1/objects/$name.o_shipped" "$2/$name.o"
		# versions of its symbols; modpost looks for these lines behind another
		{ echo; grep '^#SYMVER' "$2/.$name.o.cmd" || true; } >"$1/objects/$name.cmd"
	done < <(lab_files)
	for file in {nvmescope_core,nvmescope,clash}.ko; do strip -g -o "$1/reference/$file" "$2/$file"; done
}

handout() { # DIR
	local out=$1 base secrets found n
	shipped && die "this is a handout already"
	[[ ! -e $out || -e $out/labs/shipped/release ]] || die -2 "$out exists and is no handout: give another OUT="
	[[ ! $(lab_files | cut -d ' ' -f 2 | sort | uniq -d) ]] || die "two labs have the same file: $(lab_files | cut -d ' ' -f 2 | sort | uniq -d)"
	base=$(make_base)
	rm -rf "$out"
	mkdir -p "$out"
	handout_files | tar -c -C "$NVMESCOPE_ROOT" -T - | tar -x -C "$out"
	for n in $(lab_numbers); do
		open_lab "$n"
		starter_files "$out/kmod"
	done
	# What names the exercises elsewhere is cut as well.
	ship_objects "$out/labs/shipped" "$base"
	secrets=$(mktemp -d)
	secret_lines "$secrets" >"$secrets/lines"
	[[ -s $secrets/lines ]] || die "there are no solutions to look for: are the exercises still in kmod/?"
	if found=$(grep -rlaFf "$secrets/lines" "$out"); then
		rm -rf "$secrets" "$out"
		die "solutions are in the handout, in $(paste -sd ' ' <<<"$found"): not handed out"
	fi
	say "$out: $(wc -l <"$secrets/lines") lines of solutions are in none of its $(find "$out" -type f | wc -l) files; for Linux $(<"$out/labs/shipped/release")"
	rm -rf "$secrets"
	tar -czf "$out.tar.gz" -C "$(dirname "$out")" "$(basename "$out")"
	say "as one file: $out.tar.gz"
}
