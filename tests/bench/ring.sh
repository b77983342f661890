#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ring.sh: runs tests/bench/ring.c on this machine; its files go to memory, where there is some.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/guest/lib.sh

B=$PWD/build
((EUID == 0)) || die "BPF programs are loaded by root alone: run this as root"
make -s -C tests/bench B="$B" "$B/bench/ring"
dir=$B/bench
[[ ! -w /dev/shm ]] || dir=$(mktemp -d /dev/shm/nvmescope-ring.XXXXXX)
trap 'rm -rf "$dir/ring-recording"; rmdir "$dir" 2>/dev/null || true' EXIT
rm -rf "$dir/ring-recording"
"$B/bench/ring" "$dir/ring-recording"
