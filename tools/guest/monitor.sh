# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# vm.sh's side of two lines: QEMU's machine protocol (QMP), and the port on which the
# guest's `host` command asks for things. Both are pairs of FIFOs in vm.sh's $run; vm.sh
# also owns $qemu, $scale, $traces, $plug_at and ${controller[@]}.
# shellcheck disable=SC2154

# What a guest that is not trusted may ask for in all: answers that nobody reads fill the port.
most_requests=100 requests=0

monitor_open() {
	mkfifo "$run"/{qmp,host}.{in,out}
	# Both ends open for both directions: neither side blocks in open, or dies of SIGPIPE.
	exec {qmp_in}<>"$run/qmp.in" {qmp_out}<>"$run/qmp.out"
	# shellcheck disable=SC2034 # vm.sh reads it
	exec {host_in}<>"$run/host.in" {host_out}<>"$run/host.out"
	events=() pending=''
}

# One line of QMP into $reply, within S seconds; events are put aside.  What is there of a
# line when read gives up waiting is kept: on a busy host lines come in pieces.
qmp_read() {
	local until=$((SECONDS + $1)) part
	while ((SECONDS <= until)) && kill -0 "$qemu" 2>/dev/null; do
		if ! read -r -t 0.5 -u "$qmp_out" part; then
			pending+=$part
			continue
		fi
		reply=$pending$part pending=''
		[[ $reply == *'"event": '* ]] && events+=("$reply")
		return 0
	done
	reply='{"error": {"desc": "no answer from QEMU"}}'
	return 1
}

# qmp JSON: sets $reply; fails if QEMU refuses or does not answer.
qmp() {
	printf '%s\n' "$1" >&"$qmp_in"
	while qmp_read 30; do
		case $reply in
		'{"return"'*) return 0 ;;
		'{"error"'*) return 1 ;;
		esac
	done
	return 1
}

# await S REGEX: an event since `events` was last emptied.
await() {
	local until=$((SECONDS + $1)) event
	while :; do
		for event in "${events[@]}"; do
			[[ $event =~ $2 ]] && return 0
		done
		((SECONDS <= until)) && kill -0 "$qemu" 2>/dev/null || return 1
		qmp_read 1 || true
	done
}

# hmp TEXT: sets $reply to what the human monitor prints.
hmp() {
	local text=${1//\\/\\\\}
	qmp "{\"execute\": \"human-monitor-command\", \"arguments\": {\"command-line\": \"${text//\"/\\\"}\"}}" || return
	reply=${reply#'{"return": "'}
	reply=${reply%'"}'*}
	reply=${reply//'\r\n'/$'\n'}
	reply=${reply//'\"'/\"}
	reply=${reply//"\\\\"/"\\"}
	reply=${reply%$'\n'}
}

# These print nothing when they work, so any words are a complaint.
hmp_quiet() { hmp "$1" && [[ -z $reply ]]; }

plug() {
	[[ ${controller[$1]-} ]] || { reply="no controller '$1' in this machine: there are ${!controller[*]}"; return 1; }
	hmp_quiet "device_add ${controller[$1]}" || return
	echo "+ $1" >&"$host_in" # one more for the guest to wait for
}

# Is it in its slot?  2: QEMU does not answer.
plugged() {
	qmp '{"execute": "qom-list", "arguments": {"path": "/machine/peripheral"}}' || return 2
	[[ $reply == *"\"name\": \"$1\""* ]]
}

unplug() {
	local until=$((SECONDS + 60 * scale)) status
	events=()
	hmp_quiet "device_del $1" || return
	while :; do
		plugged "$1" && status=0 || status=$?
		((status == 0)) || break
		((SECONDS <= until)) || { reply="the guest did not let go of $1 within $((60 * scale)) s"; return 1; }
		sleep 0.1
	done
	((status == 1)) || return 1
	# What is left of the device goes a little later, or not at all if QEMU had a command of it in hand.
	await $((5 * scale)) "\"DEVICE_DELETED\".*\"device\": \"$1\"" || true
	reply=
}

# throttle "DISK BPS": what a disk may move in a second; 0: no limit
throttle() {
	[[ $1 =~ ^(nvme[0-9]{1,2}n[0-9]{1,3})\ ([0-9]{1,12})$ ]] || { reply="throttle '$1': it is a disk (nvme0n1) and bytes a second"; return 1; }
	qmp "{\"execute\": \"block_set_io_throttle\", \"arguments\": {\"id\": \"${BASH_REMATCH[1]}\", \"bps\": ${BASH_REMATCH[2]}, \"bps_rd\": 0, \"bps_wr\": 0, \"iops\": 0, \"iops_rd\": 0, \"iops_wr\": 0}}" && reply=
}

# Before power-on: take out the nurseries (see vm.sh). A reset is what ejects them.
power_on() {
	local device
	for device; do hmp_quiet "device_del $device" || return; done
	events=()
	hmp_quiet system_reset && await 10 '"RESET"' || return
	# From here a reset by the guest is its end.
	qmp '{"execute": "set-action", "arguments": {"reboot": "shutdown"}}' && qmp '{"execute": "cont"}'
}

# The guest is up: from here its time counts as the payload's, and the device is logged.
ready() {
	booted
	local pattern c
	for pattern in "${traces[@]}"; do
		hmp_quiet "trace-event $pattern on" || return
	done
	[[ $plug_at == ready ]] || return 0
	for c in "${!nvme[@]}"; do plug "nvme$c" || return; done
}

# grant VERB WORDS: what the guest asked for; $reply has what is to be said of it.
grant() {
	# The monitor can run programs on the host, and who waits for a device to go looks at nothing else.
	if [[ $untrusted && ! $1 =~ ^(ready|throttle)$ ]]; then
		reply="'${1:0:40}' is not for an untrusted guest"
		return 1
	fi
	case $1 in
	ready)
		# It starts the payload's time.
		[[ $phase == boot ]] || { reply="the guest is up already"; return 1; }
		ready || machinery "cannot put the NVMe device into its slot: $reply"
		;;
	plug) plug "${2:-nvme0}" ;;
	unplug) unplug "${2:-nvme0}" ;;
	throttle) throttle "$2" ;;
	qmp | hmp) "$1" "$2" ;;
	*)
		reply="no such request '${1:0:40}': plug, unplug, throttle, qmp, hmp"
		return 1
		;;
	esac
}

# asked REQUEST: does it, and writes "= text" lines and ". status" back.
asked() {
	local verb=${1%% *} rest='' status=0 line
	requests=$((requests + 1))
	[[ ! $untrusted ]] || ((requests <= most_requests)) || return 0
	[[ $1 == *' '* ]] && rest=${1#* }
	reply=
	grant "$verb" "$rest" || status=1
	{
		if [[ $reply ]]; then
			while read -r line; do printf '= %s\n' "$line"; done <<<"$reply"
		fi
		printf '. %s\n' "$status"
	} >&"$host_in"
}
