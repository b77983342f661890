#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The ways in which a controller comes up, and what may happen to it while it is up.
. "$(dirname "$0")/lib.sh"
plan 10

guest quirks -- full-init-guest.sh quirky
