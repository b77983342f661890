#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# browser.sh PAGE [PNG [STEP]]: opens a page of `nvmescope walkthrough` in headless Chromium and
# lets it test itself (tools/walkthrough/selftest.js): every step is gone to. Prints what it found,
# as one line of JSON. With PNG: draws the page at STEP (1) instead, SIZE (1500,1150) large.
# BROWSER=firefox-esr: in that one; no PNG.
#
# Exit: 0 all is well, 1 something is not (said on stderr), 2 usage, 77 no such browser here.
set -euo pipefail

page=${1:?usage: browser.sh PAGE [PNG [STEP]]}
[[ -e $page ]] || { echo "browser.sh: no $page" >&2; exit 2; }
browser=$(command -v "${BROWSER:-chromium}") || {
	echo "${BROWSER:-chromium} is not installed: make check-walkthrough installs it" >&2
	exit 77
}
work=$(mktemp -d "${TMPDIR:-/tmp}/nvmescope-browser.XXXXXX")
trap 'rm -rf "$work"' EXIT
url=file://$(realpath "$page")

# Each leaves the page's result in $work/out, and what its console had to say in $work/words.
chromium() {
	local options=(--headless=new --disable-gpu --user-data-dir="$work/profile" --hide-scrollbars --no-first-run --disable-extensions
		--disable-background-networking --disable-ipc-flooding-protection --enable-logging=stderr)

	# Its sandbox does not work for root, who runs tests in containers.
	((EUID)) || options+=(--no-sandbox)
	timeout 500 "$browser" "${options[@]}" "$@" >"$work/out" 2>"$work/log" || {
		echo "chromium failed: $(tail -n 3 "$work/log")" >&2
		exit 1
	}
	grep CONSOLE "$work/log" >"$work/words" || true
}

# It has no end of its own: over when the page says so.
firefox() {
	local pid try
	mkdir "$work/profile"
	printf 'user_pref("%s", %s);\n' browser.dom.window.dump.enabled true browser.shell.checkDefaultBrowser false \
		datareporting.policy.dataSubmissionEnabled false app.update.enabled false >"$work/profile/user.js"
	HOME=$work setsid timeout 500 "$browser" --headless --no-remote --profile "$work/profile" "$1" >"$work/out" 2>"$work/log" &
	pid=$!
	for ((try = 0; try < 1000; try++)); do
		if grep -q '^selftest ' "$work/out" || ! kill -0 "$pid" 2>/dev/null; then break; fi
		sleep 0.5
	done
	kill -TERM -- "-$pid" 2>/dev/null || true
	wait "$pid" || true
	grep 'JavaScript [a-z]*: file:' "$work/log" >"$work/words" || true
}

if [[ ${2-} ]]; then
	chromium --window-size="${SIZE:-1500,1150}" --virtual-time-budget=3000 --screenshot="$(realpath "$2")" "$url#step=${3:-1}"
	exit
fi
case $browser in
*firefox*) firefox "$url#selftest" ;;
*) chromium --dump-dom "$url#selftest" ;;
esac
result=$(grep -o 'selftest {"steps.*}' "$work/out" | head -n 1) || {
	echo "the page did not come to the end of its test; its words: $(head -n 5 "$work/words")" >&2
	exit 1
}
result=${result#selftest }
echo "$result"
if [[ -s $work/words ]]; then
	cat "$work/words" >&2
	exit 1
fi
[[ $result == *'"problems":[]'* ]] || { echo "problems: $result" >&2; exit 1; }
