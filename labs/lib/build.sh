# shellcheck shell=bash disable=SC2034,SC2153,SC2154 # parts of labs/lab share its variables
# SPDX-License-Identifier: GPL-2.0
#
# From a directory with a lab's files to modules.
#
# Nothing of a submission is run here but the compiler, and that in a sandbox that has neither
# network nor files of this machine, but for its programs, the kernel's headers and the sources
# (bubblewrap). The Makefile is ours.

have_sandbox() { bwrap --ro-bind / / --unshare-all true 2>/dev/null; }

# in_sandbox DIR COMMAND...: DIR is /lab there, and all that can be written. Without a sandbox,
# as may be in containers, only the own work is built.
in_sandbox() {
	local dir=$1 kernel
	shift
	kernel=$(realpath "$(kernel_dir)")
	local limits=(prlimit --fsize=$((64 << 20)) --cpu=300)
	if have_sandbox; then
		timeout -k 5 300 "${limits[@]}" bwrap --unshare-all --die-with-parent --new-session --clearenv \
			--setenv PATH /usr/bin:/bin --setenv LC_ALL C --ro-bind /usr /usr --symlink usr/bin /bin \
			--symlink usr/sbin /sbin --symlink usr/lib /lib --symlink usr/lib64 /lib64 \
			--ro-bind /etc/alternatives /etc/alternatives --dev /dev --proc /proc --tmpfs /tmp --ro-bind "$kernel" "$kernel" \
			--bind "$dir" /lab --chdir /lab "$@"
	elif [[ ${STRANGERS-} ]]; then
		die "submissions of others are built in a sandbox only: bwrap does not work here (apt-get install bubblewrap; user namespaces)"
	else
		timeout -k 5 300 "${limits[@]}" env -C "$dir" "$@"
	fi
}

# Everything of kmod/ in a directory of its own, by name as a file, not as a link: a sandbox has
# no kmod/. Of a handout's other labs there are objects only.
gather_sources() { # DIR
	local file object kdir=$2
	mkdir -p "$1"
	cp -p "$NVMESCOPE_ROOT"/kmod/*.[ch] "$1/"
	# A student's unused variable is no error.
	sed 's/ -Werror/ -Wno-unused/' "$NVMESCOPE_ROOT/kmod/Kbuild" >"$1/Kbuild"
	# What goes wrong on purpose is a module of ours.
	cp -p "$LABS/lib/clash.c" "$1/"
	echo "obj-m += clash.o" >>"$1/Kbuild"
	shipped || return 0
	[[ $(<"$LABS/shipped/release") == "$(<"$kdir/release")" ]] ||
		die "this handout is for Linux $(<"$LABS/shipped/release"), here is $(<"$kdir/release"): use KERNEL=$(<"$LABS/shipped/release"), or ask for a newer handout"
	for object in "$LABS"/shipped/objects/*.o_shipped; do
		file=$(basename "$object" .o_shipped)
		rm -f "$1/$file.c"
		cp "$object" "$1/"
		cp "$LABS/shipped/objects/$file.cmd" "$1/.$file.o.cmd"
	done
}

# base DIR: a build of the reference driver, which others start from, made once.
make_base() {
	local kdir base
	kdir=$(kernel_dir)
	base=$NVMESCOPE_ROOT/build/labs/base-$KERNEL
	mkdir -p "${base%/*}"
	exec {base_lock}>"$base.lock"
	flock "$base_lock"
	if [[ ! -e $base/done || $(newest_source) -nt $base/done ]]; then
		rm -rf "$base"
		gather_sources "$base" "$kdir"
		"$NVMESCOPE_ROOT/kmod/compat.sh" "$kdir/build" "$base" || die "cannot try out the kernel's headers: see above"
		rm -rf "$base/compat"
		if shipped; then
			cp "$LABS"/shipped/reference/*.ko "$base/"
		else
			in_sandbox "$base" make -s -j"$(nproc)" -C "$(realpath "$kdir")/build" M="$(build_path "$base")" modules >"$base/log" 2>&1 ||
				die "the reference driver does not build; see $base/log"
		fi
		touch "$base/done"
	fi
	flock -u "$base_lock"
	echo "$base"
}
newest_source() {
	# shellcheck disable=SC2012 # our own names
	ls -t "$NVMESCOPE_ROOT"/kmod/*.[ch] "$NVMESCOPE_ROOT/kmod/Kbuild" | head -n 1
}
# Where in_sandbox shows DIR
build_path() { if have_sandbox; then echo /lab; else echo "$1"; fi; }

# build_student FROM DIR: the lab's files of FROM and the reference driver's others, built in DIR.
# Returns 1 if FROM does not compile, with the compiler's first words in DIR/why.
build_student() {
	local from=$1 dir=$2 base file kdir
	base=$(make_base)
	kdir=$(realpath "$(kernel_dir)")
	mkdir -p "$dir"
	# What is there of an earlier build is kept, for make to see what has changed.
	[[ -e $dir/Kbuild && $dir/Kbuild -nt $base/done ]] || { rm -rf "$dir" && cp -a "$base" "$dir" && touch "$dir/Kbuild"; }
	rm -f "$dir/why"
	for file in "${files[@]}"; do
		if [[ ! -f $from/$file || -L $from/$file ]]; then
			echo "there is no file $file" >"$dir/why"
			return 1
		fi
		rm -f "$dir/${file%.c}.o_shipped"
		cmp -s "$from/$file" "$dir/$file" || head -c "$MAX_FILE" "$from/$file" >"$dir/$file"
	done
	rm -f "$dir"/*.ko
	if ! in_sandbox "$dir" make -s -j"$(nproc)" -C "$kdir/build" M="$(build_path "$dir")" modules >"$dir/log" 2>&1 ||
		[[ ! -e $dir/nvmescope.ko || ! -e $dir/nvmescope_core.ko ]]; then
		grep -E 'error|undefined|\*\*\*' "$dir/log" | head -n 3 | printable 600 >"$dir/why"
		[[ -s $dir/why ]] || echo "the compiler failed without a word; see its log" >"$dir/why"
		return 1
	fi
}
