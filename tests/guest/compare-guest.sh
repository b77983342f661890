#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs of our driver, as it is and with regressions planted, in turn, so that all sets are of
# the same time and of the same guest.
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh

# Where a set's modules are, and what it does.
one() { # ROUND SET
	modules=/modules file=/src/tests/compare/short.fio
	case $2 in
	quick | slow) file=/src/tests/compare/$2.fio ;;
	base*) ;;
	*) modules=/planted/$2 ;;
	esac
	sh /src/tools/guest/compare-payload.sh run "$2/run-$1" nvmescope events "$file" "$modules"
}

# Forward and back: A B B A.
rounds() { # N SET...
	_n=$1 _round=1
	shift
	while [ $_round -le "$_n" ]; do
		for _set; do one $_round "$_set"; done
		_back=
		for _set; do _back="$_set $_back"; done
		# shellcheck disable=SC2086 # words
		set -- $_back
		_round=$((_round + 1))
	done
}

"$@"
