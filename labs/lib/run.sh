# shellcheck shell=bash disable=SC2034,SC2153,SC2154 # parts of labs/lab share its variables
# SPDX-License-Identifier: GPL-2.0
#
# One run of a lab's guest, and how it ended.

# What a guest may write in all, in MB, before it counts as flooding.
MAX_OUTPUT=256

# What is in a guest beside the modules, read-only on /lab.
guest_files() { # DIR
	local name
	mkdir -p "$1"
	cp "$LABS/lib/payload.sh" "$NVMESCOPE_ROOT/tests/guest/in-guest.sh" "$lab_dir/guest.sh" "$1/"
	for name in "${!p[@]}"; do echo "p_$name=${p[$name]}"; done | sort >"$1/params"
}

boot() { # DIR MODULES [OPTIONS] [-- COMMAND]
	local dir=$1 modules=$2
	shift 2
	mkdir -p "$dir"/{out,host,modules}
	# The modules alone: what else a build leaves is none of the guest's business.
	cp "$modules"/{nvmescope_core,nvmescope,clash}.ko "$dir/modules/"
	guest_files "$dir/lab"
	# Children would wait for a lock of ours as long as the guest lives.
	"$NVMESCOPE_ROOT/tools/guest/vm.sh" --kernel "$KERNEL" --name "lab-$lab" --out "$dir/out" \
		--logs "$dir/host" --trace 'pci_nvme_*' --untrusted --max-output "$MAX_OUTPUT" \
		--share "$dir/lab:/lab" --share "$dir/modules:/modules" --add "$nvmescope:/usr/bin/nvmescope" \
		"${machine[@]}" "$@"
}

# Nothing that a guest left is read but plain files, and no more of them than a recording has.
tidy_output() { # DIR/out
	find "$1" -mindepth 1 \( -name .virtfs_metadata -prune -o ! -type f ! -type d \) -exec rm -rf {} + 2>/dev/null || true
}

# A processor was away for long: the driver's doing, or this machine's.
stall='rcu.*(stall|starved)|soft lockup'

# run_guest DIR MODULES: boots, records and reads the recording. DIR/outcome is then one of
#	ok
#	failed TEXT	there is nothing to read, by the driver's fault: TEXT says why
#	error TEXT	the machinery's fault, twice
# DIR/trouble says what else was wrong with a run that can be read: it hung, its kernel complained.
run_guest() {
	local dir=$1 modules=$2 try status words
	for try in 1 2; do
		rm -rf "$dir"
		mkdir -p "$dir"
		status=0
		boot "$dir" "$modules" --deadline "$deadline" -- sh /lab/payload.sh >"$dir/words" 2>&1 </dev/null || status=$?
		tidy_output "$dir/out"
		words=$(grep -m 1 "^vm.sh: " "$dir/words" | sed -E 's/^vm.sh: lab-[0-9]+: //; s/;.*//' | printable 300 || true)
		case $status in
		0) ;;
		124 | 125)
			[[ $status == 124 ]] || words+=" $(grep -A 1 "kernel complained" "$dir/words" | sed -n '2s/^\[[^]]*\] *//p' | printable 200 || true)"
			if ((try == 1)) && [[ $status == 125 && $words =~ $stall ]]; then
				say "lab $lab: $words; once more: a busy machine does that, too"
				continue
			fi
			echo "$words" >"$dir/trouble"
			;;
		126) ;;
		*) echo "its last command failed: $(tail -n 1 "$dir/words" | printable 200)" >"$dir/trouble" ;;
		esac
		if [[ $status == 126 ]]; then
			echo "error the machine could not be run: ${words:-see $dir/words}" >"$dir/outcome"
		elif read_recording "$dir"; then
			return 0
		elif [[ $(<"$dir/outcome") != error* ]]; then
			return 0
		fi
		say "lab $lab: $(<"$dir/outcome"); $( ((try == 1)) && echo "once more" || echo "given up")"
	done
}

# report.json, check.json and events.txt of the recording, which every check reads. It may be anybody's: reading
# it has its time.
read_recording() { # DIR
	local dir=$1 rec=$1/out/recording status
	if [[ ! -e $rec/metadata ]]; then
		if [[ -s $dir/trouble ]]; then
			echo "failed no recording came out of the guest: $(<"$dir/trouble")" >"$dir/outcome"
		else
			echo "error no recording came out of the guest: $(head -c 300 "$dir/out/said" 2>/dev/null | printable)" >"$dir/outcome"
		fi
		return 1
	fi
	status=0
	timeout 120 "$nvmescope" report --json "$rec" >"$dir/report.json" 2>"$dir/host/report.txt" || status=$?
	timeout 120 "$nvmescope" check --json --witness "$dir/host/qemu.log" "$rec" >"$dir/check.json" 2>"$dir/host/check.txt" || true
	events "$rec" >"$dir/events.txt" 2>/dev/null || true
	if ((status)) || ! jq -e . "$dir/report.json" "$dir/check.json" >/dev/null 2>&1; then
		echo "failed the recording cannot be read: $(head -n 1 "$dir/host/report.txt" "$dir/host/check.txt" | printable 300)" >"$dir/outcome"
		return 1
	fi
	if [[ $(jq .recording.lost.total "$dir/report.json") != 0 ]]; then
		echo "error the recording lost events: this machine was too busy" >"$dir/outcome"
		return 1
	fi
	echo ok >"$dir/outcome"
}
