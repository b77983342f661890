# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What benches that count instructions share, after tools/guest/lib.sh.
#
# bench_programs            builds the plugin that counts and iobench, into $results
# by_symbol KALLSYMS COUNTS IOS [MODULE-REGEX]   "MODULE SYMBOL INSTRUCTIONS" for each I/O, of
#     modules that match (nvme); the kernel's own symbols are of module "kernel", user space is
#     "user -", code of no symbol "kernel ?"
# tick_costs OUT            instructions of a tick of an idle processor, of what tracing.sh measured in OUT

results=build/bench

bench_programs() {
	mkdir -p "$results"
	gcc -O2 -Wall -Wextra -Werror -shared -fPIC -fvisibility=hidden -o "$results/insncount.so" tests/bench/insncount.c
	gcc -O2 -Wall -Wextra -Werror -static -o "$results/iobench" tests/bench/iobench.c -luring ||
		die "iobench needs the package liburing-dev; run tools/guest/packages.sh bench"
}

tick_costs() {
	local row ticks n=0
	while read -r _ row _ ticks; do
		n=$((n + 1))
		[[ $row == idle ]] || continue
		awk -v ticks="$ticks" '{ n += $2 } END { printf "%.0f", n / ticks }' "$1/insns.$n"
		return
	done <"$1/runs"
	die "what a tick costs was not measured: $1/runs has no row \"idle\""
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
