#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# help.sh: the man page and bash's completion say the same as --help. TAP.
. ../../tools/guest/lib.sh
nvmescope=$NVMESCOPE_ROOT/build/nvmescope
echo 1..5

n=0
is() { # WHAT GOT WANTED
	n=$((n + 1))
	if [[ $2 == "$3" ]]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf '# got:    %s\n# wanted: %s\n' "${2//$'\n'/$'\n# '}" "${3//$'\n'/$'\n# '}"
	fi
}

mapfile -t commands < <("$nvmescope" --help | sed -nE '/^Commands:/,/^$/s/^  ([a-z]+) .*/\1/p')
options() { # COMMAND: its long options as --help has them
	"$nvmescope" "$1" --help | sed -nE '/^Options:/,/^$/s/^  .{4}--([a-z-]+).*/\1/p'
}
page=$("$nvmescope" help --man)
in_page() { # COMMAND: the same from the page
	sed -nE "/^\.SS nvmescope $1 /,/^\.S[SH] /s/^\.B .*\\\\-\\\\-([a-z\\\\-]+).*/\1/p" <<<"$page" | tr -d '\134'
	echo help # which every command has
}
eval "$("$nvmescope" help --completion)"
complete_words() { # WORDS: what bash would offer for the last one
	COMP_WORDS=(nvmescope "$@") COMP_CWORD=$# COMPREPLY=()
	_nvmescope
	printf '%s\n' "${COMPREPLY[@]}"
}

wanted=$(for c in "${commands[@]}"; do options "$c" | sed "s/^/$c /"; done | sort)
is "the man page: every option of ${#commands[@]} commands" \
	"$(for c in "${commands[@]}"; do in_page "$c" | sed "s/^/$c /"; done | sort)" "$wanted"
is "bash completion: every option" \
	"$(for c in "${commands[@]}"; do complete_words "$c" -- | sed "s/^--/$c /"; done | sort)" "$wanted"
is "bash completion: a command, an option, its choices" \
	"$(complete_words timel) $(complete_words record --ring) $(complete_words timeline --format p)" \
	"timeline --ring-size png"
need groff groff-base
is "the man page has no fault" "$(groff -man -ww -Tutf8 <<<"$page" 2>&1 >/dev/null)" ""
"$nvmescope" help --nothing 2>/dev/null
is "help with another word is wrong usage" $? 2
