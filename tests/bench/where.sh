#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# where.sh KERNEL [LABEL...]: of what tracing.sh measured last, where the instructions of our rows went:
# for each read, above those of the reads untraced.
#
#   programs   BPF programs and trampolines
#   to them    the kernel's way to them and back, and the driver's to its tracepoints
#   clock      reading it
#   task       who submits; and calls that read memory, where a program cannot (before 6.2)
#   recorder   the recorder itself
#   copy       bytes that the kernel copies, into files for the most part
#   clear      pages that it clears before it hands them out
#   rest       what else is more or less than untraced: files, memory, timers, who runs when
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/guest/lib.sh
. tests/bench/lib.sh

(($#)) || die -2 "usage: where.sh KERNEL [LABEL...]"
kernel=$1
out=$results/tracing-$kernel
shift
labels=("$@")
((${#labels[@]})) || labels=(stock-hist-one stock-hist stock-io stock-events driver-hist driver-io driver-events)

# Symbols of all runs of LABEL and ROW, each with so many instructions for a read, times FACTOR; what time alone costs is taken
# off.
symbols() { # LABEL ROW FACTOR
	local label row reads n=0 runs
	runs=$(grep -c "^$1 $2 " "$out/runs") || true
	while read -r label row reads; do
		n=$((n + 1))
		[[ $label == "$1" && $row == "$2" ]] || continue
		by_symbol "$out/kallsyms.$1" "$out/insns.$n" "$reads" '' | without_time "$tick" |
			awk -v f="$3" -v runs="$runs" '{ print $1, $2, $3 * f / runs }'
	done <"$out/runs"
}

by_room() {
	awk '
		function room(module, symbol) {
			if (module == "bpf") return "programs"
			if (module == "user") return "recorder"
			if (symbol ~ /^(bpf_trace_run|__bpf_trace_|__bpf_prog_|__bpf_tramp_|migrate_|__rcu_read_|trace_|nvme_level_|(nvme|nvmescope)_(tell_|trace_|steps_|keep_)|tell_steps|mend_times)/) return "to them"
			if (symbol ~ /^(nvme_setup_cmd|nvme_complete_batch_req|nvmescope_setup_cmd|nvmescope_complete_batch_req|process_cq|nvme_irq|take_polled|ring_sq|ring_cq|submit_batch|nvme_unmap_data|nvme_queue_rq|nvme_queue_rqs|nvme_pci_complete_rq|nvme_pci_complete_batch|__handle_irq_event_percpu)$/) return "to them"
			if (symbol ~ /^(ktime_get_mono_fast_ns|bpf_ktime_get_ns|read_tsc)$/) return "clock"
			if (symbol ~ /^(bpf_get_current_.*|strnlen|sized_strscpy|bpf_probe_read_kernel|copy_from_kernel_nofault.*)$/) return "task"
			if (symbol ~ /^(rep_movs_alternative$|copy_user_)/) return "copy"
			return symbol ~ /^clear_page/ ? "clear" : "rest"
		}
		{ sum[room($1, $2)] += $3; all += $3 }
		END { printf "%d %d %d %d %d %d %d %d %d\n", all, sum["programs"], sum["to them"], sum["clock"], sum["task"], sum["recorder"], sum["copy"], sum["clear"], sum["rest"] }'
}

tick=$(tick_share "$out")
printf '%-24s %8s %8s %8s %8s %8s %8s %8s %8s %8s\n' "kernel $kernel" added programs 'to them' clock task recorder copy clear rest
for label in "${labels[@]}"; do
	untraced=in-box
	[[ $label != driver-* ]] || untraced=ours
	for row in depth-32 depth-1; do
		grep -q "^$label $row " "$out/runs" || continue
		# shellcheck disable=SC2046,SC2183 # nine numbers
		printf '%-24s %8s %8s %8s %8s %8s %8s %8s %8s %8s\n' "$label $row" \
			$({ symbols "$label" "$row" 1 && symbols "$untraced" "$row" -1; } | by_room)
	done
done
