#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# inspect: devices, queues, vectors and attach points, held against what the kernel says of them.
. "$(dirname "$0")/lib.sh"
not_sanitized
plan 21

guest all --smp 2 --nvme max_ioqpairs=4,mdts=7,serial=abc --ns size=16M --module nvme --add setpriv -- inspect-guest.sh both

of() { jq -c --arg p "${3-}" "$2" "$logs/all/$1.json"; } # NAME FILTER [PROVIDER]
# shellcheck disable=SC2016 # jq's
level='.recording[] | select(.provider == $p and .level == "events")'
says() { check "$1" grep -qE -- "$3" "$logs/all/$2.txt"; }

is "stock: the device" "$(of stock '.devices[] | [.name, .serial, .driver, .state]')" '["nvme0","abc","nvme","live"]'
is "stock: kinds as blk-mq has them" "$(of stock '.devices[0].queues[1:][].kind' | tr -d '"')" "$(cat "$logs/all/types")"
is "stock: each queue's interrupt is the one that the kernel calls so" \
	"$(of stock '.devices[0].queues[] | select(.irq) | [.qid, .irq]' | tr -d '[]')" "$(cat "$logs/all/irqs")"
is "stock: a polled queue has none" "$(of stock '[.devices[0].queues[] | select(.kind == "poll" or .irq == null) | [.kind, .irq]]')" '[["poll",null]]'
is "stock: vectors are those of the table, from the admin queue's on" \
	"$(of stock '[.devices[0].queues[] | select(.irq) | .vector == .qid] | all')" true
is "stock: the CPU that is interrupted" "$(of stock '.devices[0].queues[] | select(.irq) | .irq_cpus' | tr -d '"')" "$(cat "$logs/all/affinity")"
is "stock: can be recorded" "$(of stock "$level | [.works, .why_not]" stock)" '[true,null]'
is "stock: ours cannot, and why" "$(of stock "$level | [.works, .why_not]" driver)" '[false,"module nvmescope is not loaded"]'
# A program can be found wanting for its function alone: record says each section, inspect too.
is "stock: what record could not attach to is what is missing" \
	"$(of stock "$level | .attach_points[] | select(.state != \"found\") | .section" stock | tr -d '"' | sort)" "$(cat "$logs/all/missing")"
is "stock: every point that is missing says what is lost" \
	"$(of stock "[$level | .attach_points[] | select(.state != \"found\") | .loss | length > 0] | all" stock)" true
says "stock: the text names the device and its driver" stock '^nvme0 +0000:.*the kernel.s own'

is "nobody: the device, all the same" "$(of nobody '.devices[] | [.name, .driver, (.queues | length)]')" "$(of stock '.devices[] | [.name, .driver, (.queues | length)]')"
is "nobody: kinds as far as they can be told" "$(of nobody '.devices[0].queues[] | select(.irq == null) | .kind')" '"poll"'
is "nobody: may not record, and why" "$(of nobody "$level | [.works, (.why_not | contains(\"CAP_BPF\"))]" stock)" '[false,true]'
says "nobody: what could not be seen is said" nobody '^Not seen: which functions can be traced'

is "hidden types: by tracepoints, and what these do not show" \
	"$(of hidden "$level | [.works, (.unseen | contains(\"doorbells\"))]" stock)" '[true,true]'
is "no driver: the device is there" "$(of none '.devices[] | [.driver, .name]')" '[null,null]'
is "ours: every tracepoint is there" "$(of ours "$level | [.works, ([.attach_points[].state] | unique)]" driver)" '[true,["found"]]'
is "ours: the device" "$(of ours '.devices[] | [.name, .driver, .state]')" '["nvme0","nvmescope","live"]'
