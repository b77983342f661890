# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# vm.sh's machine: its shared directories and its NVMe controllers, as QEMU's options in
# ${devices[@]}; what can be plugged in later is in ${controller[@]}.
# shellcheck disable=SC2154 # vm.sh owns $run, $told, $plug_at, $security and the options it read

devices=() nurseries=()
declare -A controller=()

share() { # TAG SRC DEST MODE: a host directory; no DEST if the guest knows what to do with it
	local readonly=on options=ro,cache=loose
	# mmap: a recorder in the guest may map the files it writes.
	[[ $4 == rw ]] && readonly=off options=rw,cache=mmap
	[[ -d $2 ]] || die -126 "cannot share $2: no such directory"
	# A comma in a path would end the option.
	devices+=(-fsdev "local,id=$1,path=${2//,/,,},security_model=$([[ $readonly == on ]] && echo none || echo "$security"),multidevs=remap,readonly=$readonly"
		-device "virtio-9p-pci,fsdev=$1,mount_tag=$1")
	[[ ! $3 ]] || echo "$1 $3 $options" >>"$told/shares"
}

add_shares() { # SRC[:DEST[:rw]]...
	local item src dest mode n=0
	for item; do
		IFS=: read -r src dest mode <<<"$item"
		src=$(realpath "$src")
		share "share$n" "$src" "${dest:-$src}" "${mode:-ro}"
		n=$((n + 1))
	done
}

# A sector of 512 B that can be neither read nor written.
bad_sector() {
	local i=0 iotype
	for iotype in read write; do
		printf ',file.inject-error.%d.event=none,file.inject-error.%d.iotype=%s,file.inject-error.%d.sector=%s' \
			$i $i $iotype $i "$1"
		i=$((i + 1))
	done
}

add_namespace() { # ID BUS OPTS
	local size=512M file='' null='' latency=0 bad='' rest='' word words drive
	IFS=, read -ra words <<<"$3"
	for word in "${words[@]}"; do
		case $word in
		size=*) size=${word#*=} ;;
		file=*) file=${word#*=} ;;
		null=*) null=1 ;;
		latency-ns=*) latency=${word#*=} ;;
		bad-sector=*) bad=${word#*=} ;;
		# QEMU wants the physical size named with the logical one
		logical_block_size=*) rest+=",$word,physical_block_size=${word#*=}" ;;
		*) rest+=",$word" ;;
		esac
	done
	if [[ $null ]]; then
		drive=driver=null-co,read-zeroes=on,size=$size,latency-ns=$latency
	else
		if [[ -z $file ]]; then
			file=$run/$1.img
			truncate -s "$size" "$file" || die -126 "--ns $3: cannot make a disk of size $size"
		fi
		# Flushes reach the device's log, not this machine's disk.
		drive=file.driver=file,file.filename=${file//,/,,}
		# raw above blkdebug, whose errors the device passes on to the guest
		[[ ! $bad ]] || drive=file.driver=blkdebug,file.image.driver=file,file.image.filename=${file//,/,,}$(bad_sector "$bad")
		drive=driver=raw,$drive,discard=unmap,cache.no-flush=on
	fi
	devices+=(-drive "if=none,id=$1-disk,$drive" -device "nvme-ns,id=$1,drive=$1-disk,bus=$2$rest")
}

# A namespace cannot be put into a running machine, but one that belongs to a subsystem
# outlives its controller: so each subsystem starts with a "nursery" controller that the
# namespaces are created on, taken out again while the machine is still paused, so that the
# guest never sees it. Whatever is plugged in later with the same subsystem has the
# namespaces, as often as it is unplugged and plugged again.
add_controller() { # NUMBER OPTS
	local c=$1 item n=0 serial=nvmescope$1 bus=nvme$1 description own=()
	[[ ,$2 =~ ,serial=([^,]*) ]] && serial=${BASH_REMATCH[1]} # a subsystem has one for all
	description="nvme,id=nvme$c,bus=port$c,serial=$serial${2:+,$2}"
	devices+=(-device "pcie-root-port,id=port$c,chassis=$((c + 1)),slot=$((c + 1))")
	if [[ $plug_at == boot ]]; then
		devices+=(-device "$description")
	else
		bus=nursery$c
		nurseries+=("$bus")
		# shellcheck disable=SC2034 # monitor.sh plugs it in
		controller[nvme$c]=$description,subsys=subsys$c
		devices+=(-device "nvme-subsys,id=subsys$c,nqn=nvmescope$c"
			-device "nvme,id=$bus,serial=$serial,subsys=subsys$c,bus=port$c")
	fi
	for item in "${namespaces[@]}"; do
		[[ $item == "$c:"* ]] && own+=("${item#*:}")
	done
	((${#own[@]})) || own=(size=512M)
	for item in "${own[@]}"; do
		n=$((n + 1))
		add_namespace "nvme${c}n$n" "$bus" "$item"
	done
}
