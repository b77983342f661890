# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# How a run of vm.sh ended: sets $status, and says on stderr whatever was not well.
# shellcheck disable=SC2154 # vm.sh owns $run, $out, $name, $hung, $filled, $max_output and $limit

# What the kernel says when something is wrong with it.
complaint='(BUG|WARNING): |Oops|kernel BUG at|general protection fault|Kernel panic'
complaint+='|INFO: task .* blocked for more than|rcu.*(stall|starved)|soft lockup|hard LOCKUP'
complaint+='|(circular|recursive) locking|inconsistent lock|lock held when returning'
complaint+='|refcount_t:|list_(add|del) corruption|(KASAN|UBSAN|KCSAN|DMA-API): '
complaint+='|kmemleak: [0-9]+ new suspected'
complaint+='|sleeping function called|scheduling while atomic'

# Is each of the leaks that kmemleak found one of those foretold?
leaks_expected() {
	[[ -s $out/expected-leaks && -s $out/kmemleak.log ]] &&
		awk -v RS='unreferenced object' -v expected="$(paste -sd '|' "$out/expected-leaks")" \
			'NR > 1 && $0 !~ expected { exit 1 }' "$out/kmemleak.log"
}

# Only what came after the guest was up, and what nobody foretold.
complaints() {
	local mark='nvmescope: guest is up'
	[[ -e $out/dmesg.log ]] || return 0
	# A log so long that the mark has dropped out of it is the payload's doing altogether.
	if grep -q "$mark" "$out/dmesg.log"; then sed "1,/$mark/d" "$out/dmesg.log"; else cat "$out/dmesg.log"; fi |
		grep -E "$complaint" |
		if [[ -s $out/expected-complaints ]]; then grep -vEf "$out/expected-complaints"; else cat; fi |
		if leaks_expected; then grep -v 'kmemleak: [0-9]* new suspected'; else cat; fi |
		head -n 5
}

verdict() {
	local words
	status=126
	[[ ! -e $run/status ]] || status=$(<"$run/status")
	[[ ! -e $run/dmesg.log ]] || cp --remove-destination "$run/dmesg.log" "$out/dmesg.log"
	[[ ! -s $run/kmemleak.log ]] || cp --remove-destination "$run/kmemleak.log" "$out/kmemleak.log"

	if [[ $filled ]]; then
		status=124
		say "$name: flooded: its logs and files outgrew $max_output MB; they are in $out"
	elif [[ $hung ]]; then
		status=124
		say "$name: hung: the $hung was not over after $limit s; the stacks of all tasks are in $out/console.log"
	elif [[ -e $run/status ]]; then
		words=$(complaints || true)
		[[ $words ]] || return 0
		say "$name: the guest's kernel complained (payload's status: $status):"
		printf '%s\n' "$words" >&2
		say "$name: its log is in $out/dmesg.log"
		status=125
	else
		words=$(grep -m 1 -E "$complaint" "$out/console.log" || true)
		if [[ $words ]]; then
			status=125
			say "$name: the guest's kernel died: ${words#*] }"
			say "$name: its console is in $out/console.log"
		else
			say "$name: the guest ended before its payload did; see $out/console.log and $out/qemu-errors.log"
			tail -n 5 "$out/qemu-errors.log" >&2
		fi
	fi
}
