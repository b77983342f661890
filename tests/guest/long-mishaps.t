#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# mishaps.t at three times as many steps; its logs are in mishaps/.
POINTS=12 exec "$(dirname "$0")/mishaps.t"
