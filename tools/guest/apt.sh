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

# lists_of SUITE: those of another release of Debian, from where this machine has its own
lists_of() {
	local own part archive
	own=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
	for part in '' -security; do
		archive=$(archive_of "$own$part")
		[[ $archive ]] || return
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $1$part main"
	done >"$tmp/sources.list"
	# One of the two alone may have an older kernel.
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
