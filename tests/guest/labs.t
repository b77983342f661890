#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Three labs in short: questions, a rewritten function, completions: their solutions have full
# marks, their starters have not.  All of it is `make check-labs`.
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2154 # lib.sh's
[[ $kernel == 6.12 ]] || { echo "1..0 # SKIP the labs are of 6.12"; exit; }
exec "$NVMESCOPE_ROOT/labs/lab" selftest --short 1 3 6
