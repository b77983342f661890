#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# packages.sh [--check | --list] [GROUP...]: the one owner of the Debian packages we use.
#
# Names what is missing of the given groups (all, if none is given) and installs it, with
# sudo when not root.
#   --check  only name what is missing; exit 1 if anything is
#   --list   only list the groups' packages
#   --yes    the default: nothing is ever asked (sudo may ask for a password)
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# A|B: B will do where it is there already, else A is installed.
declare -A group=(
	# the modules, the BPF programs and the tools; the kernel's packages and headers
	[build]="make gcc gcc-12 libc6-dev pkg-config clang llvm libbpf-dev bpftool libelf-dev
		zlib1g-dev libxxhash-dev libjansson-dev libncurses-dev libmicrohttpd-dev dwarves kmod zstd xz-utils"
	# the virtual machine and what goes into it
	[guest]="qemu-system-x86 busybox-static|busybox cpio socat kmod fio nvme-cli e2fsprogs"
	[draw]="gnuplot-nox|gnuplot-qt|gnuplot-x11 librsvg2-bin"
	[test]="groff-base libcmocka-dev babeltrace2 shellcheck sparse clang-format perl jq procps"
)
# only for make check-sanitized, which builds a kernel, make bench-driver, make fuzz and make check-long
group[sanitized]="bc bison flex libssl-dev rsync"
group[bench]="liburing-dev trace-cmd linux-perf bpftrace blktrace libbpf-tools babeltrace2"
group[fuzz]="libclang-rt-dev"
group[browser]="chromium firefox-esr"
group[labs]="bubblewrap babeltrace2 jq perl"
group[long]="xfsprogs fdisk parted dmsetup mdadm smartmontools udev"
order=(build guest draw test)

action=install
wanted=()
for arg; do
	case $arg in
	--check | --list) action=${arg#--} ;;
	--yes) ;;
	build | guest | draw | test | sanitized | bench | fuzz | long | browser | labs) wanted+=("$arg") ;;
	*) die -2 "unknown argument '$arg'; usage: packages.sh [--yes|--check|--list] [${order[*]} sanitized bench browser labs long]" ;;
	esac
done
((${#wanted[@]})) || wanted=("${order[@]}")

# Each package once, in the groups' order.
packages=()
declare -A seen=()
for g in "${wanted[@]}"; do
	for p in ${group[$g]}; do
		[[ ${seen[$p]-} ]] || packages+=("$p")
		seen[$p]=1
	done
done

if [[ $action == list ]]; then
	printf '%s\n' "${packages[@]%%|*}"
	exit
fi

command -v dpkg-query >/dev/null ||
	die "this machine has no dpkg: on another system than Debian, install what these packages hold: ${packages[*]%%|*}"

find_missing() {
	local p alternative status name names
	read -ra names <<<"${packages[*]//|/ }"
	declare -A have=()
	missing=()
	while read -r status name; do
		[[ $status == installed ]] && have[$name]=1
	done < <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${names[@]}" 2>/dev/null)
	for p in "${packages[@]}"; do
		for alternative in ${p//|/ }; do
			[[ ${have[$alternative]-} ]] && continue 2
		done
		missing+=("${p%%|*}")
	done
}

find_missing
((${#missing[@]})) || exit 0
if [[ $action == check ]]; then
	printf '%s\n' "${missing[@]}"
	exit 1
fi

# --- install --------------------------------------------------------------------

say "installing missing Debian packages: ${missing[*]}"
root=()
if ((EUID)); then
	command -v sudo >/dev/null ||
		die "neither root nor sudo here; as root: apt-get install ${missing[*]}"
	root=(sudo)
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Another apt may be at work (unattended-upgrades on a fresh machine): wait for it.
apt() {
	"${root[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1
}
install() { apt install --no-install-recommends "${missing[@]}"; }

# apt touches this directory whenever it fetches lists.
lists=/var/lib/apt/lists/partial
updated=
if [[ ! $(find "$lists" -maxdepth 0 -mtime -1 2>/dev/null) ]]; then
	say "the package lists are missing or more than a day old: apt-get update"
	apt update || say "apt-get update failed; trying with the lists there are"
	updated=1
fi
if ! install && [[ ! $updated ]]; then
	say "that failed: apt-get update, and once more"
	apt update || true
	install || true
fi

find_missing
((${#missing[@]})) || exit 0
cat "$log" >&2
for p in "${missing[@]}"; do
	if apt-cache show --no-all-versions "$p" 2>/dev/null | grep -q ^Filename:; then
		say "$p could not be installed: apt's words are above"
	else
		say "$p is in none of this machine's apt sources: see /etc/apt/sources.list (Debian 12, main)"
	fi
done
exit 1
