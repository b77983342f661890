#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# lint.sh: what can be said of the sources without running them.  Ends with a line
# "N passed, N failed"; a failing check prints what it found.
set -uo pipefail
. "$(dirname "$0")/../tools/guest/lib.sh"
cd "$NVMESCOPE_ROOT" || exit 1

passed=0 failed=0
check() { # NAME COMMAND...
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then
		passed=$((passed + 1))
		echo "ok      $name"
	else
		failed=$((failed + 1))
		echo "not ok  $name"
		printf '%s\n' "$output" | head -n 60
	fi
}

shell_scripts() { git grep -lE '^#!/bin/(ba)?sh' -- ':!docs'; }
spdx() { # every file that can hold one
	! git ls-files | grep -vE '\.(md|svg|png|log|bin|json)$|^\.gitignore|/data/|/fuzz/found/' |
		while read -r f; do head -n 3 "$f" | grep -q SPDX-License-Identifier || echo "no SPDX line: $f"; done | grep .
}
no_python() { ! git ls-files | grep '\.py$' && ! git grep -nE '^#!.*python'; }
format() { git ls-files 'tools/*.[ch]' 'tests/*.[ch]' | xargs clang-format --dry-run -Werror; }

# The kernel's own judge of style comes with its source package, one file of which is kept.
checkpatch_file=$NVMESCOPE_CACHE/checkpatch.pl
fetch_checkpatch() {
	local tmp status=0
	[[ -e $checkpatch_file ]] && return
	tmp=$(mktemp -d)
	{ (cd "$tmp" && apt-get -q download linux-source-6.12) &&
		dpkg-deb --fsys-tarfile "$tmp"/*.deb | tar -xO ./usr/src/linux-source-6.12.tar.xz |
		tar -xJO linux-source-6.12/scripts/checkpatch.pl >"$tmp/checkpatch.pl" &&
		mv "$tmp/checkpatch.pl" "$checkpatch_file"; } || status=$?
	rm -rf "$tmp"
	((status == 0)) || echo "cannot get checkpatch.pl out of the package linux-source-6.12; is it in the package lists (apt-get update)?"
	return "$status"
}
# Not functions but rows of the event table, laid out by hand.
tables=CAMELCASE,BRACKET_SPACE,COMPLEX_MACRO,MACRO_ARG_REUSE,MACRO_ARG_PRECEDENCE,MULTISTATEMENT_MACRO_USE_DO_WHILE,TRAILING_SEMICOLON,MACRO_ARG_UNUSED,SPACING,LEADING_SPACE,CODE_INDENT,LINE_SPACING
# A uevent's strings are not const; PRP sizes are 32 bits, BIT() is not; a list has two types.
taste=STATIC_CONST_CHAR_ARRAY,BIT_MACRO,NEW_TYPEDEFS,SPDX_LICENSE_TAG,LONG_LINE_STRING
# BPF programs have neither the kernel's macros nor its zeroed globals.
bpf=VOLATILE,MACRO_WITH_FLOW_CONTROL,GLOBAL_INITIALISERS,PREFER_DEFINED_ATTRIBUTE_MACRO
checkpatch() { # TYPES-TO-IGNORE FILES
	local ignore=$1
	shift
	fetch_checkpatch || return
	perl "$checkpatch_file" --no-tree --terse --no-summary --strict --max-line-length=100 \
		--ignore "$ignore" -f "$@" 2> >(grep -vE 'No (typos|structs)' >&2)
}
sparse_kernel() { # KERNEL
	local kdir out=$NVMESCOPE_ROOT/build/sparse/$1 log
	kdir=$(tools/guest/kernel.sh "$1") || return
	make -s -C kmod KDIR="$kdir/build" OUT="$out" links "$out/compat_features.h" || return
	log=$(make -s -C "$kdir/build" M="$out" C=2 CF=-D__CHECK_ENDIAN__ modules 2>&1) || { echo "$log"; return 1; }
	! grep -E "^$out.*(warning|error)" <<<"$log"
}

mapfile -t scripts < <(shell_scripts)
check "shellcheck, ${#scripts[@]} scripts" shellcheck -x -P SCRIPTDIR "${scripts[@]}"
check "every file states its license" spdx
check "no Python" no_python
check "clang-format" format
mapfile -t kmod < <(git ls-files 'kmod/*.[ch]' | grep -v kmod/compat/)
mapfile -t programs < <(git ls-files 'bpf/*.[ch]')
check "checkpatch, modules" checkpatch "$tables,$taste" "${kmod[@]}"
check "checkpatch, BPF" checkpatch "$tables,$taste,$bpf" "${programs[@]}"
for k in 6.12 6.1; do check "sparse, kernel $k" sparse_kernel "$k"; done
echo "$passed passed, $failed failed"
((failed == 0))
