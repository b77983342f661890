#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# vm.sh [OPTIONS] [--] PAYLOAD [ARGS...]: runs a command in a virtual machine with NVMe.
#
#   --kernel K         6.12 (default, or $KERNEL), 5.10, 6.1, 7.2, an exact release, one of your own
#   --smp N, --mem M   processors (2), memory (1G; 2G with sanitizers)
#   --nvme OPTS        a controller with these options of QEMU's nvme device, as
#                      max_ioqpairs=4,mdts=5; again for a second controller
#   --ns OPTS          a namespace of the last --nvme: size=512M (default), file=PATH, bad-sector=N or
#                      null=1[,latency-ns=N], and options of QEMU's nvme-ns device
#   --no-nvme          no controller (else: one, with one namespace)
#   --plug WHEN        ready: put in when the guest is up, before the payload (default);
#                      boot: there from power-on, as if soldered; later: by `host plug`
#   --out DIR          host directory, mounted read-write on /out; logs go there too
#   --share SRC[:DEST[:rw]]  another directory, read-only unless rw (the repository is on /src)
#   --add SRC[:DEST]   a program or file for the guest's root (see initramfs.sh)
#   --module NAME      another of the kernel's modules, for modprobe
#   --trace PATTERN    QEMU's own log of the device into DIR/qemu.log: 'pci_nvme_*'
#   --logs DIR2        the logs go here, and expectations come from here: the guest can write to DIR
#   --untrusted        what runs in the guest may be hostile: the repository is not on /src, links and
#                      devices that it makes in DIR are none here, it may ask for `host throttle` alone
#   --max-output MB    ends a guest whose logs, files in DIR and words outgrow this
#   --append WORDS     more kernel parameters
#   --qemu WORD        one more word for QEMU's command line
#   --icount           guest time counts instructions: slow, but repeatable
#   --deadline S       seconds the payload may take on a machine that boots in 6 s (300)
#   --name NAME        what to call this run in messages
#   --interactive      a shell on this terminal
#
# Exit: the payload's own status; 124 it hung, 125 the kernel complained or panicked,
# 126 the machine could not be run, 2 usage.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
. "$here/devices.sh"
. "$here/monitor.sh"
. "$here/verdict.sh"

usage() { sed -n '4,/^set/p' "$here/vm.sh" | sed -n 's/^# \?//p' >&2; exit 2; }

kernel=${KERNEL:-6.12} smp=2 mem='' out='' name=guest deadline=300 plug_at=ready
append='' icount='' interactive='' no_nvme='' logs='' max_output=0 security=none untrusted=''
nvme=() namespaces=() source=("$NVMESCOPE_ROOT:/src") shares=() traces=() root_options=() more_qemu=()

# QEMU itself needs to start no program, nor to become anybody else.
sandbox=(-sandbox "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny")
while (($#)); do
	option=$1 value=${2-}
	case $option in
	--) shift; break ;;
	--icount) icount=1; shift; continue ;;
	--interactive) interactive=1; shift; continue ;;
	--no-nvme) no_nvme=1; shift; continue ;;
	--untrusted) source=() security=mapped-file untrusted=1 more_qemu+=("${sandbox[@]}"); shift; continue ;;
	-h | --help) usage ;;
	--*) (($# > 1)) || die -2 "$option wants a value; see vm.sh --help" ;;
	*) break ;;
	esac
	case $option in
	--kernel) kernel=$value ;;
	--smp) smp=$value ;;
	--mem) mem=$value ;;
	--nvme) nvme+=("$value") ;;
	--ns) namespaces+=("$((${#nvme[@]} ? ${#nvme[@]} - 1 : 0)):$value") ;;
	--plug) plug_at=$value ;;
	--out) out=$value ;;
	--share) shares+=("$value") ;;
	--add | --module) root_options+=("$option" "$value") ;;
	--trace) traces+=("$value") ;;
	--logs) logs=$value ;;
	--max-output) max_output=$value ;;
	--append) append+=" $value" ;;
	--qemu) more_qemu+=("$value") ;;
	--deadline) deadline=$value ;;
	--name) name=$value ;;
	*) die -2 "unknown option $option; see vm.sh --help" ;;
	esac
	shift 2
done
[[ $interactive ]] || (($#)) || die -2 "no payload given; see vm.sh --help"
[[ $plug_at =~ ^(boot|ready|later)$ ]] || die -2 "--plug $plug_at: it is boot, ready or later"
[[ $deadline =~ ^[0-9]+$ ]] || die -2 "--deadline $deadline: it is a number of seconds"
[[ $max_output =~ ^[0-9]+$ ]] || die -2 "--max-output $max_output: it is a number of megabytes"

[[ $mem ]] || { mem=1G; [[ $kernel != *-sanitized ]] || mem=2G; }

need_status=126
need qemu-system-x86_64 qemu-system-x86

# --- what the machine is made of -----------------------------------------------------

kernel_dir=$("$here/kernel.sh" "$kernel") || exit 126
initramfs=$("$here/initramfs.sh" "${root_options[@]}" "$kernel_dir") || exit 126
accel=$("$here/accel.sh" "$kernel") || exit 126

keep_out=$out
run=$(mktemp -d "${TMPDIR:-/tmp}/nvmescope-vm.XXXXXX")
qemu='' output='' terminal=''
# shellcheck disable=SC2317 # the trap reaches it
discard() { [[ $keep_out || ! $out ]] || rm -rf "$out"; }
# shellcheck disable=SC2317 # the trap reaches it
cleanup() {
	local pid
	for pid in $qemu $output; do kill -KILL "$pid" 2>/dev/null || true; done
	if [[ $terminal ]]; then stty "$terminal"; fi
	rm -rf "$run"
}
trap cleanup EXIT
# Interrupted, nobody wants the logs of half a run.
trap 'discard; exit 130' INT
trap 'discard; exit 143' TERM

if [[ -z $out ]]; then
	# Nobody asked for the logs: they are kept only if there is something to see in them.
	mkdir -p "$NVMESCOPE_ROOT/build/vm"
	out=$(mktemp -d "$NVMESCOPE_ROOT/build/vm/$name.XXXXXX")
fi
mkdir -p "$out" || die -126 "cannot make the output directory $out"
out=$(cd "$out" && pwd)
logs=${logs:-$out}
mkdir -p "$logs" || die -126 "cannot make the directory for logs, $logs"
logs=$(cd "$logs" && pwd)
device_log=$logs/qemu.log
rm -f "$logs"/{console,dmesg,kmemleak,qemu,qemu-errors}.log

# What the guest and we tell each other in files: all of $run that it sees.
told=$run/told
mkdir "$told"
: >"$told/shares"
share run "$told" '' rw
share out "$out" /out rw
add_shares "${source[@]}" "${shares[@]}"
((${#nvme[@]})) || [[ $no_nvme ]] || nvme=('')
for c in "${!nvme[@]}"; do add_controller "$c" "${nvme[c]}"; done

if [[ $interactive ]]; then
	if ! (($#)); then
		set -- env "PS1=guest:\\w\\$ " bash --norc
		say "a shell in Linux $(<"$kernel_dir/release"), up in a few seconds; the repository is on /src (read-only), $out on /out"
		say "the NVMe device is in its slot: modprobe nvme, or insmod our modules; host plug|unplug moves it; exit ends"
	fi
	touch "$told/interactive"
	if [[ -t 0 ]]; then
		terminal=$(stty -g)
		# the guest cannot know the size of a serial line
		read -r rows columns < <(stty size)
		# a terminal that nobody looks at has no size
		((rows == 0)) || echo "stty rows $rows cols $columns" >"$told/payload"
	fi
	devices+=(-chardev "stdio,id=payload,signal=off" -device "virtconsole,chardev=payload,nr=1")
	deadline=0
else
	devices+=(-chardev "pipe,id=payload,path=$run/output" -device "virtserialport,chardev=payload,nr=1")
fi
printf '%q ' "$@" >>"$told/payload"
echo >>"$told/payload"

clock=(-accel "$accel")
if [[ $icount ]]; then
	clock=(-accel 'tcg,thread=single' -icount 'shift=0,sleep=on')
	append+=' guest.clock=instructions' # a recording says so
fi
# The kernel measures its clock by the PIT, unless that is not there: an emulated one, on a busy host, made
# 60 MHz of 2 GHz. 7.2 measures by the HPET, which errs less.
machine=q35,usb=off,vmport=off
[[ $kernel != 7.* ]] || machine+=,pit=off
cpu=max
[[ $accel == kvm ]] && cpu=host

# --- time ----------------------------------------------------------------------------

parameters=(
	console=ttyS0 quiet loglevel=4 log_buf_len=1M
	# every death is quick, and leaves all stacks on the console; an NMI is such a death
	panic=-1 oops=panic unknown_nmi_panic panic_print=0x41
	# without a PIT its port says that the NMI is of the bus
	sysctl.kernel.panic_on_io_nmi=1 sysctl.kernel.panic_on_unrecovered_nmi=1
	# the timer check counts ticks in a short time: on a busy host an emulated machine fails it
	no_timer_check
	# quicker under emulation; nothing here is worth attacking
	tsc=reliable mitigations=off cryptomgr.notests lsm=capability
	# the kernel's own driver: one node per namespace, though the controller has a subsystem
	nvme_core.multipath=N
)

# What a boot took last time scales every deadline, so that a slow machine is not taken
# for a hung guest; a first boot has two minutes, five if each instruction is counted. Time in which QEMU
# waits for a processor is no guest's.
boot_file=$NVMESCOPE_CACHE/boot-ms-${accel%%,*}-$kernel-$smp${icount:+-icount}
boot_ms=$(cat "$boot_file" 2>/dev/null || echo 0)
set_scale() { scale=$(((boot_ms + 5999) / 6000)); ((scale)) || scale=1; }
set_scale
now_ms() { local t=${EPOCHREALTIME/[.,]/}; echo $((t / 1000)); }
guest_ms() { echo $(($(now_ms) - $(waited_ms "$qemu"))); }
phase=boot
limit=120
[[ ! $icount ]] || limit=300
((!boot_ms)) || limit=$((60 * scale))
end_ms=$(($(now_ms) + limit * 1000))

booted() { # called by the monitor when the guest says so
	phase=payload
	boot_ms=$(($(now_ms) - start_ms))
	# a cache that somebody else owns may not be written: then this run just knows less
	{ echo "$boot_ms" >"$boot_file.$$" && mv "$boot_file.$$" "$boot_file"; } 2>/dev/null || true
	set_scale
	limit=$((deadline * scale))
	end_ms=$((deadline ? $(guest_ms) + limit * 1000 : 0))
}

# --- run -----------------------------------------------------------------------------

# What the payload prints, as far as it may print.
words() {
	((max_output)) || exec cat
	head -c $((max_output << 20))
	[[ $(head -c 1 | tr -c x x) ]] || return 0
	touch "$run/filled"
	cat >/dev/null
}

monitor_open
start_ms=$(now_ms)
mkfifo "$run"/output.{in,out}
words <"$run/output.out" &
output=$!
# qboot starts the kernel and nothing else: SeaBIOS would drive every NVMe device first.
qemu-system-x86_64 -name "$name" -M "$machine" "${clock[@]}" -cpu "$cpu" -smp "$smp" -m "$mem" \
	-nodefaults -no-user-config -display none -S -bios qboot.rom \
	-kernel "$kernel_dir/vmlinux" -initrd "$initramfs" \
	-append "${parameters[*]}$append" \
	-serial "file:$logs/console.log" -msg timestamp=on -D "$device_log" \
	-chardev "pipe,id=qmp,path=$run/qmp" -mon chardev=qmp,mode=control \
	-device virtio-serial-pci "${devices[@]}" \
	-chardev "pipe,id=host,path=$run/host" -device virtserialport,chardev=host,nr=2,name=nvmescope.host \
	"${more_qemu[@]}" \
	<&0 2>"$logs/qemu-errors.log" &
qemu=$!

machinery() {
	say "$name: $1; QEMU's words are in $logs/qemu-errors.log:"
	tail -n 5 "$logs/qemu-errors.log" >&2
	exit 126
}
qmp '{"execute": "qmp_capabilities"}' || machinery "QEMU did not start"
power_on "${nurseries[@]}" || machinery "cannot start the machine: $reply"

last_words() {
	hmp nmi || return 0
	local until=$((SECONDS + 10 * scale))
	while ((SECONDS < until)) && kill -0 "$qemu" 2>/dev/null; do sleep 0.2; done
}

request=''
hung=''
looked=$SECONDS
filled=''
has_filled() {
	local mb
	mb=$(du -smc "$out" "$logs" "$told" 2>/dev/null | tail -n 1 | cut -f 1)
	((mb > max_output)) || [[ -e $run/filled ]]
}
while kill -0 "$qemu" 2>/dev/null; do
	if read -r -t 0.1 -u "$host_out" part; then
		asked "$request$part"
		request=
	else
		request+=${part-}
		# no request is that long
		((${#request} < 65536)) || request=
	fi
	if ((max_output && SECONDS > looked)); then
		looked=$SECONDS
		if has_filled; then
			filled=1
			kill -KILL "$qemu" 2>/dev/null || true
			break
		fi
	fi
	if ((end_ms && $(now_ms) > end_ms && $(guest_ms) > end_ms)); then
		hung=$phase
		waited=$(waited_ms "$qemu")
		# The kernel's last words: the stacks of all tasks.
		last_words
		kill -KILL "$qemu" 2>/dev/null || true
		break
	fi
done
ended=0
wait "$qemu" 2>/dev/null || ended=$?
qemu=''
: <>"$run/output.out" # lets go of a cat that never saw QEMU
wait "$output" || true

verdict
[[ -s $device_log ]] || rm -f "$device_log"
[[ -s $logs/qemu-errors.log ]] || rm -f "$logs/qemu-errors.log"
((status)) || discard
exit "$status"
