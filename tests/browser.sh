#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# browser.sh PAGE [PNG [STEP]]: opens a page of `nvmescope walkthrough` in headless Chromium and
# lets it test itself (tools/walkthrough/selftest.js): every step is gone to. Prints what it found,
# as one line of JSON. With PNG: draws the page at STEP (1) instead, SIZE (1500,1150) large.
#
# Exit: 0 all is well, 1 something is not (said on stderr), 2 usage, 77 no Chromium here.
set -euo pipefail

page=${1:?usage: browser.sh PAGE [PNG [STEP]]}
[[ -e $page ]] || { echo "browser.sh: no $page" >&2; exit 2; }
browser=$(command -v chromium || command -v chromium-browser) || {
	echo "chromium is not installed: make check-walkthrough installs it" >&2
	exit 77
}
work=$(mktemp -d "${TMPDIR:-/tmp}/nvmescope-browser.XXXXXX")
trap 'rm -rf "$work"' EXIT
options=(--headless=new --disable-gpu --user-data-dir="$work/profile" --hide-scrollbars --no-first-run --disable-extensions
	--disable-background-networking --disable-ipc-flooding-protection --enable-logging=stderr)
# Its sandbox does not work for root, who runs tests in containers.
((EUID)) || options+=(--no-sandbox)
url=file://$(realpath "$page")

if [[ ${2-} ]]; then
	timeout 120 "$browser" "${options[@]}" --window-size="${SIZE:-1500,1150}" --virtual-time-budget=3000 \
		--screenshot="$(realpath "$2")" "$url#step=${3:-1}" >"$work/out" 2>"$work/log"
	exit
fi

timeout 500 "$browser" "${options[@]}" --dump-dom "$url#selftest" >"$work/dom" 2>"$work/log" || {
	echo "chromium failed: $(tail -n 3 "$work/log")" >&2
	exit 1
}
result=$(grep -o 'selftest {"steps.*}' "$work/dom" | head -n 1) || {
	echo "the page did not come to the end of its test; its words: $(grep CONSOLE "$work/log" | head -n 5)" >&2
	exit 1
}
result=${result#selftest }
echo "$result"
if grep CONSOLE "$work/log" >&2; then exit 1; fi
[[ $result == *'"problems":[]'* ]] || { echo "problems: $result" >&2; exit 1; }
