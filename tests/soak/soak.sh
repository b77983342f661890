#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# soak.sh: verified I/O while everything that can happen to a controller happens to it, in
# random order: resets, lost power of bus mastering, unplugging, timeouts, processors that go...
#
#   MINUTES=30  how long          SEED=N  where the order begins (default: the time)
#   KERNEL=6.12 whose guest       ROUND=120  seconds of trouble in one guest
#
# Each round is a guest of its own with a seed of its own, so that a failing one is repeated
# by SEED=its seed MINUTES=1. It is recorded, and held against the device's log.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/guest/lib.sh

minutes=${MINUTES:-30} seed=${SEED:-$(date +%s)} kernel=${KERNEL:-6.12} round=${ROUND:-120}
[[ $minutes$seed$round =~ ^[0-9]+$ ]] || die -2 "MINUTES, SEED and ROUND are numbers"
logs=build/soak/$kernel
nvmescope=build/nvmescope
rm -rf "$logs"
mkdir -p "$logs"
gcc -O2 -Wall -Wextra -Werror -pthread -static tests/soak/ledger.c -o "$logs/ledger"

end=$((SECONDS + minutes * 60)) passed=0 failed=0
point() { # STATUS WHAT
	if (($1)); then failed=$((failed + 1)); echo "not ok - $2"; else passed=$((passed + 1)); echo "ok - $2"; fi
}

run() { # SEED
	local out=$logs/$1 status=0 line
	echo "==> seed $1"
	tools/guest/vm.sh --kernel "$kernel" --name "soak-$1" --smp 4 --mem 2G --out "$out" --deadline $((round + 300)) \
		--share "build/kmod/$kernel:/modules" --add "$PWD/$nvmescope:/usr/bin/nvmescope" --add "$PWD/$logs/ledger:/usr/bin/ledger" \
		--nvme max_ioqpairs=4,mdts=5 --ns size=64M --ns size=32M --ns size=32M,bad-sector=2048 --trace 'pci_nvme_*' \
		-- sh /src/tests/soak/soak-guest.sh "$1" "$round" >"$out.txt" 2>&1 || status=$?
	while read -r line; do
		case $line in
		'ok - '*) point 0 "${line#ok - }" ;;
		'not ok - '*) point 1 "${line#not ok - }" ;;
		*) echo "$line" ;;
		esac
	done < <(cat "$out/points" 2>/dev/null)
	point $status "seed $1: the guest came to its end, its kernel without complaint"
	((!status)) || tail -n 20 "$out.txt"
	sed 's/^/  /' "$out/ledger.txt" || true
	cut -d ' ' -f 2 "$out/trouble.txt" | sort | uniq -c | tr '\n' ' ' || true
	echo
	status=0
	"$nvmescope" check --witness "$out/qemu.log" "$out/rec" >"$out/witness.txt" 2>&1 || status=$?
	point $status "seed $1: the recording is what the device's log says"
	((!status)) || tail -n 20 "$out/witness.txt"
	((failed)) || rm -rf "$out/rec" "$out/qemu.log"
}

while :; do
	run "$seed"
	seed=$((seed + 1))
	((SECONDS < end)) || break
done
((!failed)) || echo "logs: $logs/SEED"
echo "$passed passed, $failed failed"
((!failed))
