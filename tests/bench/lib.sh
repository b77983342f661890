# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What benches that count instructions share, after tools/guest/lib.sh.
#
# bench_programs            builds the plugin that counts and iobench, into $results
# by_symbol KALLSYMS COUNTS IOS [MODULE-REGEX]   "MODULE SYMBOL INSTRUCTIONS" for each I/O, of
#     modules that match (nvme); the kernel's own symbols are of module "kernel", user space is
#     "user -", code of no symbol "kernel ?"
# tick_share OUT            of what tracing.sh measured in OUT: what a tick costs, by what only a tick runs
# without_time SHARE        what by_symbol says, as it comes, and behind it as "kernel time" what is to be taken off for
#     time that has gone by, whatever was done: ticks, by the SHARE of tick_share, and the averaging of loads

results=build/bench

bench_programs() {
	mkdir -p "$results"
	gcc -O2 -Wall -Wextra -Werror -shared -fPIC -fvisibility=hidden -o "$results/insncount.so" tests/bench/insncount.c
	gcc -O2 -Wall -Wextra -Werror -static -o "$results/iobench" tests/bench/iobench.c -luring ||
		die "iobench needs the package liburing-dev; run tools/guest/packages.sh bench"
}

# What only the timer's tick runs, by the names of 6.1 and 6.12; and what is reckoned once for so much time that has
# gone by: how loaded tasks and processors are.
ticking='^(timekeeping_advance|timekeeping_update|update_vsyscall|update_fast_timekeeper|update_process_times|scheduler_tick|sched_tick|tick_sched_timer|tick_nohz_handler|rcu_sched_clock_irq|run_posix_cpu_timers|calc_global_load|perf_event_task_tick|hrtimer_interrupt)$'
averaging='^__update_load_avg_(se|cfs_rq)$'

tick_share() {
	local row n=0
	while read -r _ row _; do
		n=$((n + 1))
		[[ $row == idle ]] || continue
		by_symbol "$1/kallsyms.in-box" "$1/insns.$n" 1 '' |
			awk -v ticking="$ticking" '{ all += $3 } $2 ~ ticking { own += $3 } END { if (!own) exit 1; printf "%.3f", all / own }' ||
			die "what a tick costs is not known: in row \"idle\" of $1/runs none of the functions ran that only a tick runs ($ticking); has this kernel other names for them?"
		return
	done <"$1/runs"
	die "what a tick costs was not measured: $1/runs has no row \"idle\""
}

without_time() {
	awk -v share="$1" -v ticking="$ticking" -v averaging="$averaging" '
		{ print }
		$2 ~ ticking { time += share * $3 }
		$2 ~ averaging { time += $3 }
		END { print "kernel time", -time }'
}

by_symbol() {
	# Symbols and counted blocks in the order of their addresses: a block belongs to the
	# last symbol before it. Addresses of user space come before the first.
	sort -m -k 1,1 <(grep -i ' t ' "$1" | awk '{ print $1, "s", $3, $4 }' | sort -k 1,1 -s) \
		<(awk '{ print $1, "~", $2 }' "$2" | sort -k 1,1) |
		awk -v ios="$3" -v wanted="${4-nvme}" '
			$2 == "s" && $1 >= "ffff" { symbol = $3; module = $4 == "" ? "kernel" : substr($4, 2, length($4) - 2) }
			$2 == "~" {
				m = $1 < "8" ? "user" : symbol == "" ? "kernel" : module
				if (m ~ wanted) sum[m " " ($1 < "8" ? "-" : symbol == "" ? "?" : symbol)] += $3
			}
			END { for (s in sum) printf "%s %.2f\n", s, sum[s] / ios }' | sort
}
