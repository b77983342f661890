# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What compare.sh and the tests of compare share: a guest whose runs are to be compared.
#
# compare_guest OUT KERNEL DRIVER LEVEL FIO-FILE NAME [-- COMMAND...]: boots, and leaves the
#   recording in OUT/run; with COMMAND runs that in the guest instead (see compare-payload.sh).
#   ${compare_options[@]} are more options of vm.sh, ${compare_modules} where our modules are.
# compare_report OUT OPTIONS...: OUT/a against OUT/b: prints the text and leaves OUT/report.*;
#   its status is that of `nvmescope compare`.

# The null device takes no time of its own: each read is waited for asleep all the same, since
# a fifth of a millisecond of the host's passes first.
compare_namespace=size=1G,null=1,latency-ns=200000
compare_options=()
compare_modules=''

compare_guest() {
	local out=$1 kernel=$2 driver=$3 level=$4 file=$5 name=$6 log
	shift 6
	if (($#)); then
		shift
	else
		set -- sh /src/tools/guest/compare-payload.sh run run "$driver" "$level" /workload.fio /modules
	fi
	local share=()
	if [[ $driver == nvmescope ]]; then
		share=(--share "${compare_modules:-$NVMESCOPE_ROOT/build/kmod/$kernel}:/modules")
	fi
	mkdir -p "$out"
	log=$out/output.txt
	"$NVMESCOPE_ROOT/tools/guest/vm.sh" --kernel "$kernel" --name "compare-$name" --icount --smp 2 --deadline 1200 --out "$out" \
		--nvme max_ioqpairs=2,mdts=7 --ns "$compare_namespace" --module nvme "${share[@]}" "${compare_options[@]}" \
		--add "$NVMESCOPE_ROOT/build/nvmescope:/usr/bin/nvmescope" --add "$(realpath "$file"):/workload.fio" \
		-- "$@" >"$log" 2>&1 || {
		local status=$?
		tail -n 20 "$log" >&2
		die "the guest of kernel $kernel failed with $status; its logs are in $out"
	}
}

compare_report() {
	local out=$1 status=0
	shift
	"$NVMESCOPE_ROOT/build/nvmescope" compare "$@" --html "$out/report.html.new" --text "$out/report.txt" "$out/a" "$out/b" || status=$?
	((status < 2)) || return "$status"
	"$NVMESCOPE_ROOT/build/nvmescope" compare "$@" --json "$out/a" "$out/b" >"$out/report.json" || true
	mv "$out/report.html.new" "$out/report.html"
	say "the whole report is in $out/report.html and $out/report.txt"
	return "$status"
}
