# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Packages of the archive, to be unpacked and never installed. The caller has set $tmp.
: "${tmp:?}"

# apt is asked through these: the machine's own package lists at first, then, if they are
# missing or name files that the archive has since replaced, lists of our own,
# which need no root to fetch.
apt_options=(-q -o APT::Sandbox::User=root)

own_lists() {
	say "fetching the archive's package lists"
	mkdir -p "$tmp/apt/lists/partial" "$tmp/apt/cache/archives/partial"
	apt_options+=(-o "Dir::State::Lists=$tmp/apt/lists" -o "Dir::Cache=$tmp/apt/cache")
	apt-get "${apt_options[@]}" update >"$tmp/apt.log" 2>&1
}

# Where this machine has the packages of @1 from: bookworm, bookworm-security
archive_of() { # SUITE
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
		awk -v suite="$1" '$2 == suite { print $1; exit }'
}

# lists_of SUITE...: those of other suites of Debian, from where this machine has its own;
# of a release its security suite as well, since one of the two alone may have an older kernel.
lists_of() {
	local own main security suite
	own=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
	main=$(archive_of "$own")
	security=$(archive_of "$own-security")
	[[ $main && $security ]] || return
	for suite; do
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $main $suite main"
		[[ $suite == *-* ]] ||
			echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $security $suite-security main"
	done >"$tmp/sources.list"
	apt_options+=(-o "Dir::Etc::SourceList=$tmp/sources.list" -o Dir::Etc::SourceParts=/dev/null
		-o APT::Update::Error-Mode=any -o Acquire::Retries=3)
	own_lists
}

known() { apt-cache "${apt_options[@]}" show --no-all-versions "$1" 2>/dev/null | grep -q ^Filename:; }

# download PACKAGE...: into $tmp/debs; apt checks every file against the signed lists
download() {
	mkdir -p "$tmp/debs"
	(cd "$tmp/debs" && apt-get "${apt_options[@]}" download "$@") >"$tmp/apt.log" 2>&1
}

# What apt said of a failure.
apt_words() { grep -E "^(E|W|Err)" "$tmp/apt.log" >&2 || true; }

# unpack DIR: all that was downloaded
unpack() {
	local deb
	mkdir -p "$1"
	for deb in "$tmp"/debs/*.deb; do
		dpkg-deb -x "$deb" "$1" ||
			die "$(basename "$deb") does not unpack; is there room on the disk?"
	done
}
