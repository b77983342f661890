#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# All that user space can do with the nodes and files of the driver, held against the in-box
# driver on the same device in the same guest: ioctls and io_uring commands by root and by nobody,
# sysfs, hwmon; and input that makes no sense, by chance from a seed.
. "$(dirname "$0")/lib.sh"
plan 26

gcc -O1 -D_GNU_SOURCE -Wall -Wextra -Werror -static -o "$work/interfaces" "$(dirname "$0")/interfaces.c" || exit
guest all --smp 2 --nvme max_ioqpairs=2 --ns size=64M --module nvme --add "$work/interfaces:/usr/bin/interfaces" \
	--deadline 600 -- full-interfaces-guest.sh main
out=$logs/all

# Where the outcomes differ: uid, node, mode, what was called: in-box's outcome -> ours.
calls() {
	paste -d '|' "$out/calls.inbox" "$out/calls.ours" | awk -F '|' '
		function squeezed(s) { gsub(/ +/, " ", s); return s }
		$1 != $2 {
			for (n = 1; substr($1, n, 1) == substr($2, n, 1);) n++
			# back to the column where outcomes begin
			n = 1 + match(substr($1, 1, n), / [^ ]*$/)
			print squeezed(substr($1, 1, n - 1)) "-> " squeezed(substr($2, n))
		}' | sed 's/ result.*//' | sort -u
}

# The in-box driver does not know the 32-bit structure of SUBMIT_IO on any of these kernels.
expected_calls() {
	local node mode call feature
	for node in ng0n1 nvme0n1 nvme0n1p1; do
		for mode in r w; do
			echo "0 $node $mode 32-bit SUBMIT_IO read -> 0"
			echo "65534 $node $mode 32-bit SUBMIT_IO read -> $([[ $node == *p1 ]] && echo EACCES || echo 0)"
		done
	done
	if [[ $kernel == 6.1 ]]; then
		# There SUBMIT_IO asks for no right at all: it writes through a node opened to read, and
		# reaches beyond a partition. Ours goes by the later kernels' rules.
		for call in write compare; do
			for node in ng0n1 nvme0n1; do echo "65534 $node r SUBMIT_IO $call -> EACCES"; done
		done
		for mode in r w; do
			for call in write read compare; do echo "65534 nvme0n1p1 $mode SUBMIT_IO $call -> EACCES"; done
		done
		# Features that the driver depends on: refused by the later kernels, and by ours on all.
		for feature in 07h 0ch 0dh 0fh 16h; do
			for mode in r w; do
				for node in nvme0 ng0n1 nvme0n1 nvme0n1p1; do
					echo "0 $node $mode ADMIN_CMD set features, $feature -> EACCES"
					echo "0 $node $mode ADMIN64_CMD set features, $feature -> EACCES"
				done
				echo "0 nvme0 $mode io_uring set features, $feature -> EACCES"
			done
		done
	else
		# There IO_CMD, unlike IO64_CMD, forgets that the node is a partition.
		for call in read 'beyond the end'; do echo "65534 nvme0n1p1 r IO_CMD $call -> EACCES"; done
		for call in read 'beyond the end' write compare flush 'write zeroes' deallocate; do
			echo "65534 nvme0n1p1 w IO_CMD $call -> EACCES"
		done
	fi
}

# A parameter of what is not there yet (HMB, CMB, APST, multipath) or of what ours does without;
# threads are a yes or no. And our own.
expected_parameters() {
	local pci=module/nvme/parameters core=module/nvme_core/parameters line
	for line in "apst_primary_latency_tol_us 644 15000" "apst_primary_timeout_ms 644 100" \
		"apst_secondary_latency_tol_us 644 100000" "apst_secondary_timeout_ms 644 2000" \
		"default_ps_max_latency_us 644 100000" "force_apst 644 N" "iopolicy 644 numa" "multipath 444 N"; do
		echo "< $core/$line"
	done
	[[ $kernel == 6.1 ]] || echo "< $core/disable_pi_offsets 444 N"
	for line in "max_host_mem_size_mb 444 128" "noacpi 444 N" "use_cmb_sqes 444 Y" \
		"use_threaded_interrupts 444 0"; do
		echo "< $pci/$line"
	done
	for line in "quirks 200" "shadow_doorbells 444 N" "use_threaded_interrupts 444 N"; do
		echo "> $pci/$line"
	done
	for line in "hold_ms 444 0" "own_names 444 N" "sequential_scan 644 N" "trace_init 444 N"; do
		echo "> $core/$line"
	done
}

# Ours has what the later kernels have, on all; its own quirks; and no multipath, so no policy.
expected_attributes() {
	local line
	expected_parameters
	if [[ $kernel == 7.* ]]; then
		# new there: how many queues of which nodes, timeouts of each controller, and quirks as a parameter
		for line in numa_nodes queue_depth; do echo "< block/nvme0n1/$line 444"; done
		echo "< module/nvme/parameters/quirks 444"
		echo "< module/nvme_core/parameters/multipath_always_on 444 N"
		echo "< nvme/nvme0/admin_timeout 644 60000"
		echo "< nvme/nvme0/io_timeout 644 30000"
	else
		echo "> nvme/nvme0/quirks 444 bogus_nid"
	fi
	echo "< nvme-subsystem/nvme-subsys0/iopolicy 644 numa"
	[[ $kernel == 6.1 ]] || return 0
	echo "> nvme/nvme0/passthru_err_log_enabled 644 off"
	echo "> block/nvme0n1/csi 444 0"
	echo "> block/nvme0n1/metadata_bytes 444 0"
	echo "> block/nvme0n1/nuse 444 131072"
	echo "> block/nvme0n1/passthru_err_log_enabled 644 off"
}

is "the calls were made" "$(($(grep -c . "$out/calls.inbox") == $(grep -c . "$out/calls.ours"))) \
$(($(grep -c ' 0 result' "$out/calls.ours") > 300)) $(grep -c 'exit\|open:' "$out/calls.ours")" "1 1 0"
is "ioctls and io_uring, by root and by nobody: as in-box, but for what is listed" "$(calls)" "$(expected_calls | sort)"
is "sysfs, hwmon and nodes: as in-box, but for what is listed" \
	"$(diff "$out/attributes.inbox" "$out/attributes.ours" | sed -n 's/ *$//; /^[<>]/p' | sort)" "$(expected_attributes | sort)"

# Calls that no program should make, 6400 of them.
seed=${SEED:-20261121}
gcc -O1 -D_GNU_SOURCE -Wall -Wextra -Werror -static -o "$work/badinput" "$(dirname "$0")/badinput.c" || exit
guest bad --smp 2 --nvme max_ioqpairs=2 --ns size=64M --ns size=64M,ms=8 --module nvme --add "$work/badinput:/usr/bin/badinput" \
	--add "$work/interfaces:/usr/bin/interfaces" -- full-interfaces-guest.sh bad "$seed" "${CALLS:-800}"
bad=$logs/bad
is "metadata: written each way and read each way, it is the same" \
	"$(grep -vc "^written by [^ ]* 0, read by [^ ]* 0: blocks same, metadata same$" "$bad/metadata.ours") $(grep -c . "$bad/metadata.ours")" "0 25"
outcomes='0 EFAULT EINVAL ENOTTY EOPNOTSUPP 0x40'
is "bad input, seed $seed: there was every kind of outcome" \
	"$(for outcome in $outcomes; do grep -qe "-> $outcome" "$bad/bad.ours" && printf '%s ' "$outcome"; done)" "$outcomes "
# The in-box driver of 7.2 is not asked for what it would take all memory for: 2 GiB and more.
made() { awk 'NR == FNR { if (/-> not made$/) left_out[FNR]; next } !(FNR in left_out)' "$bad/bad.inbox" "$bad/bad.$1"; }
same_outcomes() {
	made inbox >"$work/inbox" && made ours >"$work/ours" && [[ -s $work/inbox ]] || return
	[[ $kernel != 7.* ]] || as_prps
	diff "$work/inbox" "$work/ours"
}
# From 6.13 on the in-box driver describes a user's memory by SGLs, from whose length the device sees that it is
# less than a block (Data SGL Length Invalid, 0Fh); ours by PRPs, which have none. So that, and only there:
# a read of a block into less, whose outcome is the only difference.
as_prps() {
	sed -i -E 's/^(.* IO(64)?_CMD op 0x2 .*\/0x([0-9a-f]|[0-9a-f]{2}|1[0-9a-f]{2}) meta .* -> )0x400f 0$/\10 0/
		s/^(.* IO64_CMD_VEC vectors .* -> )0x400f 0$/\10 0/' "$work/inbox"
}
if [[ $kernel == 6.1 ]]; then
	skip "metadata: as with the in-box driver" "that of 6.1 dies of metadata through io_uring"
	skip "bad input: outcomes are the in-box driver's" "that of 6.1 does not survive it"
else
	check "metadata: as with the in-box driver" diff "$bad/metadata.inbox" "$bad/metadata.ours"
	check "bad input: outcomes are the in-box driver's, call for call" same_outcomes
fi
