#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a guest that is not trusted (vm.sh --untrusted: the labs') can ask of the host, write there,
# and make the host believe.
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2154 # lib.sh's
[[ $kernel == 6.12 ]] || { echo "1..0 # SKIP the host's side is the same for each kernel"; exit; }
plan 16

vm() { # LABEL OPTIONS...
	local label=$1
	shift
	"$NVMESCOPE_ROOT/tools/guest/vm.sh" --kernel "$kernel" --name "untrusted-$label" --out "$logs/$label" \
		--logs "$logs/$label-logs" --untrusted "$@"
}

# --- what it asks ------------------------------------------------------------------------

cat >"$work/asks" <<-'END'
	ask() { said=$(host "$@"); echo "$1: $said, $?"; }
	ask hmp 'migrate "exec:touch /out/escaped"'
	ask qmp '{"execute": "quit"}'
	ask plug
	ask unplug
	ask ready
	ask nonsense
	ask throttle 'nvme0n1 1000000'
	ask throttle '"}, {"execute": "quit"} 1'
	[ -e /src ] || echo "no sources"
	ls /run/vm
	ln -s /etc/passwd /out/link
	mknod /out/device b 7 0
	# What we would believe of a guest of our own
	echo . >/out/expected-complaints
	echo 'WARNING: CPU: 0 PID: 1 at nowhere.c:1' >/dev/kmsg
	# Nobody reads the answers.
	yes 'hmp info version' | head -n 5000 >/dev/vport0p2
	head -c 1000000 /dev/zero | tr '\0' x >/dev/vport0p2
	exit 126
END
status=0
said=$(vm asks --share "$work:/steps" -- sh /steps/asks 2>"$work/words") || status=$?
for verb in hmp qmp plug unplug nonsense; do
	is "$verb is refused" "$(grep "^$verb:" <<<"$said")" "$verb: '$verb' is not for an untrusted guest, 1"
done
is "a second ready, which would start its time anew, is refused" "$(grep '^ready:' <<<"$said")" "ready: the guest is up already, 1"
is "throttle is granted" "$(grep '^throttle:' <<<"$said" | head -n 1)" "throttle: , 0"
is "but to a disk alone" "$(grep '^throttle:' <<<"$said" | grep -c 'it is a disk')" 1
is "it sees no sources" "$(grep -c '^no sources' <<<"$said")" 1
is "of the runner's files it sees what it is told, and no others" "$(ls "$logs/asks-logs")$(grep -xE '(qmp|host|output)\..*|.*img' <<<"$said")" \
	"$(printf '%s\n' console.log dmesg.log)"
is "its links and devices are none here" "$(find "$logs/asks" ! -type f ! -type d)" ""
is "what it expects does not hide what its kernel complains of; answers that it does not read stop nobody" \
	"$status $(grep -c 'nowhere.c:1' "$work/words")" "125 1"

# --- how it ends -------------------------------------------------------------------------

fails "it switches itself off: its own doing, not the machine's" 125 'switched itself off' vm off --no-nvme -- reboot -f
fails "a status of ours is not its to give" 1 '' vm status --no-nvme -- sh -c 'exit 126'
fails "it prints without end" 124 flooded vm prints --no-nvme --max-output 8 -- cat /dev/zero
fails "it fills the runner's directory" 124 flooded vm fills --no-nvme --max-output 8 -- sh -c 'cat /dev/zero >/run/vm/big'
