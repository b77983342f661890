# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# How a run of vm.sh ended: sets $status, and says on stderr whatever was not well.
# shellcheck disable=SC2154 # vm.sh owns $told, $out, $logs, $name, $phase, $hung, $ended, $filled, $max_output, $limit and $waited

# What the kernel says when something is wrong with it.
complaint='(BUG|WARNING): |Oops|kernel BUG at|general protection fault|Kernel panic'
complaint+='|INFO: task .* blocked for more than|rcu.*(stall|starved)|soft lockup|hard LOCKUP'
complaint+='|(circular|recursive) locking|inconsistent lock|lock held when returning'
complaint+='|refcount_t:|list_(add|del) corruption|(KASAN|UBSAN|KCSAN|DMA-API): '
complaint+='|kmemleak: [0-9]+ new suspected'
complaint+='|sleeping function called|scheduling while atomic'

# Is each of the leaks that kmemleak found one of those foretold?
leaks_expected() {
	[[ -s $logs/expected-leaks && -s $logs/kmemleak.log ]] &&
		awk -v RS='unreferenced object' -v expected="$(paste -sd '|' "$logs/expected-leaks")" \
			'NR > 1 && $0 !~ expected { exit 1 }' "$logs/kmemleak.log"
}

# Only what came after the guest was up, and what nobody foretold.
complaints() {
	local mark='nvmescope: guest is up'
	[[ -e $logs/dmesg.log ]] || return 0
	# A log so long that the mark has dropped out of it is the payload's doing altogether.
	if grep -q "$mark" "$logs/dmesg.log"; then sed "1,/$mark/d" "$logs/dmesg.log"; else cat "$logs/dmesg.log"; fi |
		grep -E "$complaint" |
		if [[ -s $logs/expected-complaints ]]; then grep -vEf "$logs/expected-complaints"; else cat; fi |
		if leaks_expected; then grep -v 'kmemleak: [0-9]* new suspected'; else cat; fi |
		head -n 5
}

# The guest's word for it; what is ours to say is not a stranger's.
payloads_status() {
	local said
	said=$(head -c 16 "$told/status")
	[[ $said =~ ^[0-9]{1,3}$ ]] || said=1
	[[ ! $untrusted ]] || ((10#$said < 124)) || said=1
	echo "$said"
}

verdict() {
	local words
	status=126
	[[ ! -f $told/status ]] || status=$(payloads_status)
	[[ ! -f $told/dmesg.log ]] || cp --remove-destination "$told/dmesg.log" "$logs/dmesg.log"
	[[ ! -s $told/kmemleak.log ]] || cp --remove-destination "$told/kmemleak.log" "$logs/kmemleak.log"

	if [[ $filled ]]; then
		status=124
		say "$name: flooded: its logs, files and words outgrew $max_output MB; they are in $logs and $out"
	elif [[ $hung ]]; then
		status=124
		say "$name: hung: the $hung was not over after $limit s (and $((waited / 1000)) in which QEMU waited for a processor); the stacks of all tasks are in $logs/console.log"
	elif [[ -f $told/status ]]; then
		words=$(complaints || true)
		[[ $words ]] || return 0
		say "$name: the guest's kernel complained (payload's status: $status):"
		printf '%s\n' "$words" >&2
		say "$name: its log is in $logs/dmesg.log"
		status=125
	else
		words=$(grep -m 1 -E "$complaint" "$logs/console.log" || true)
		if [[ $words ]]; then
			status=125
			say "$name: the guest's kernel died: ${words#*] }"
			say "$name: its console is in $logs/console.log"
		elif [[ $phase == payload && $ended == 0 ]]; then
			# QEMU was content.
			status=125
			say "$name: the guest switched itself off before its payload was over; its console is in $logs/console.log"
		else
			say "$name: the guest ended before its payload did; see $logs/console.log and $logs/qemu-errors.log"
			tail -n 5 "$logs/qemu-errors.log" >&2
		fi
	fi
}
