#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# labs-bad.sh: what is handed in with bad intent or by mistake is graded as such, with the reason,
# and a good submission beside it is not affected.  TAP.
# shellcheck disable=SC2034,SC2154 # the parts' own variables
set -euo pipefail
. "$(dirname "$0")/../tools/guest/lib.sh"
. "$NVMESCOPE_ROOT/tools/guest/events.sh"
for part in common cut build run judge work submission selftest; do
	# shellcheck source=/dev/null
	. "$NVMESCOPE_ROOT/labs/lib/$part.sh"
done

test=$NVMESCOPE_ROOT/build/test/labs-bad
inbox=$test/inbox
rm -rf "$test"
mkdir -p "$inbox" "$test/made"
seed=student1
open_lab 3

# --- what comes in ---------------------------------------------------------------------

pack() { # NAME: $test/made as it is
	local dir=$test/made
	solved_answers >"$dir/answers"
	printf 'nvmescope-submission 1\nlab 3\nseed %s\nkernel 6.12\ndigest %s\n' "$seed" \
		"$(digest_of "$dir" pci.c answers)" >"$dir/submission"
	tar -czf "$inbox/$1.tar.gz" -C "$dir" submission pci.c answers
}
# The solution, with CODE at the begin of map_bar(): $1 is the submission's name.
with_code() {
	sed "s@^static int map_bar.*@&@; /^static int map_bar/,/^}/ s@^\tint ret;@\tint ret;\n\n\t$2@" "$NVMESCOPE_ROOT/kmod/pci.c" >"$test/made/pci.c"
	pack "$1"
}
# The solution, which runs stdin's C first
with_evil() { # NAME
	with_code "$1" 'evil();'
	{
		printf '#include <linux/%s.h>\n' fs kmod reboot
		printf 'static void evil(void)\n{\n'
		cat
		printf '}\n'
		cat "$test/made/pci.c"
	} >"$test/made/evil.c"
	mv "$test/made/evil.c" "$test/made/pci.c"
	pack "$1"
}
with_line() { # NAME LINE: at the top of the file
	{ printf '%s\n' "$2"; cat "$NVMESCOPE_ROOT/kmod/pci.c"; } >"$test/made/pci.c"
	pack "$1"
}

cp "$NVMESCOPE_ROOT/kmod/pci.c" "$test/made/"
pack good
with_code hang 'for (;;) cpu_relax();'
with_code panic 'panic("nothing to see here");'
with_code flood 'ret = pci_enable_device_mem(pdev) ?: nvme_remap_bar(dev, 8192); for (;!ret;) readl(dev->bar + 0x1c);'
with_evil reboots <<<'emergency_restart();'
# Asks the host to run a program.
with_evil asks <<-'END'
	static char *argv[] = {"/bin/sh", "-c", "host hmp 'migrate \"exec:touch /tmp/nvmescope-escaped\"' >/out/asked 2>&1", NULL};
	static char *envp[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL};

	call_usermodehelper(argv[0], argv, envp, UMH_WAIT_PROC);
END
# Tells the runner not to mind what its kernel complains of.
with_evil hushes <<-'END'
	struct file *file = filp_open("/out/expected-complaints", O_WRONLY | O_CREAT, 0644);
	loff_t at = 0;

	if (!IS_ERR(file)) {
		kernel_write(file, ".\n", 2, &at);
		filp_close(file, NULL);
	}
	WARN_ONCE(1, "hushed");
END
with_line reads-host '#include "/etc/passwd"'
# Says what a grader may want to hear, in the log and to the recorder, and does nothing.
sed '/^static int map_bar/,/^}/ s@^\tint ret;@\tint ret, i;\n\n\tpr_err("ok 1 - all checks: 13/13 points\\n");\n\tfor (i = 0; i < 2; i++) {\n\t\tnvme_tell_reg_read(0, 0, 0, 0, 0x1c, 4, current->pid);\n\t\tnvme_tell_reg_read(0, 0, 0, 0x4018200F0107FFull, 0, 8, current->pid);\n\t\tnvme_tell_sq_doorbell(0, 1, 0, i, i + 1, 1, 0);\n\t}\n\treturn -ENODEV;@' \
	"$NVMESCOPE_ROOT/kmod/pci.c" >"$test/made/pci.c"
pack forges

: >"$inbox/empty.tar.gz"
head -c 20000 /dev/urandom >"$inbox/random.tar.gz"
head -c 300000000 /dev/zero | gzip >"$inbox/bomb.tar.gz"
cp "$NVMESCOPE_ROOT/kmod/pci.c" "$test/made/"
hostile() { # NAME MEMBER: beside the rest
	pack "$1"
	gzip -d "$inbox/$1.tar.gz"
	tar -rf "$inbox/$1.tar" -C "$test/made" -P "${@:2}"
	gzip "$inbox/$1.tar"
}
echo 'all:; touch /tmp/nvmescope-escaped' >"$test/made/Makefile"
hostile makefile Makefile
echo escaped >"$test/made/out"
hostile dotdot --transform 's,^out,../../../../tmp/nvmescope-escaped,' out
hostile absolute --transform 's,^out,/tmp/nvmescope-escaped,' out
ln -sf /etc/passwd "$test/made/link"
hostile link --transform 's,^link,pci.c,' link
mkfifo "$test/made/fifo"
hostile fifo --transform 's,^fifo,answers,' fifo
pack damaged
gzip -d "$inbox/damaged.tar.gz"
sed -i 's/nvme_remap_bar/nvme_remap_cab/' "$inbox/damaged.tar"
gzip "$inbox/damaged.tar"
rm -f /tmp/nvmescope-escaped

# --- what comes out --------------------------------------------------------------------

status=0
JSON=1 DIR=$inbox OUT=$test/out "$LABS/lab" regrade >"$test/grades.json" 2>"$test/words" || status=$?
is "each is graded or refused: exit status" "$status" 0
is "none is missing" "$(jq length "$test/grades.json")" "$(find "$inbox" -type f | wc -l)"

grade() { jq -r --arg file "$1.tar.gz" ".[] | select(.file == \$file) | $2" "$test/grades.json"; }
is "a good one has full marks, whatever stands beside it" "$(grade good '[.status, .points == .max] | join(" ")')" "graded true"
while read -r name why; do
	is "$name: refused, and why" "$(grade "$name" '[.status, (.points | tostring), (.tests[0].evidence | test("'"$why"'") | tostring)] | join(" ")')" "refused 0 true"
done <<-'END'
	empty not a submission
	random not a submission
	bomb unpacks to more than|larger than
	makefile Makefile.*refused
	dotdot tmp/nvmescope-escaped.*refused
	absolute tmp/nvmescope-escaped.*refused
	link pci.c.*refused
	fifo answers.*refused
	damaged digest
END
# Points for answers, none for the driver
while read -r name why; do
	is "$name: no points for the driver, and why" \
		"$(grade "$name" '[.status, ([.tests[] | select(.id | IN("claimed", "mapped", "cap_whole", "bound_twice", "served", "clean")) | .points] | add | tostring),
			(.tests[-1].evidence | test("'"$why"'") | tostring)] | join(" ")')" "graded 0 true"
done <<-'END'
	hang hung
	panic died|complained
	flood flooded
	reads-host does not build
	forges never started|not what the device saw
	reboots switched itself off
END
where=$test/out/$(jq -r '.[] | select(.file == "asks.tar.gz") | .run_id | split("-")[-1]' "$test/grades.json")
is "asks: is refused" "$(cat "$where/student/out/asked")" "'hmp' is not for an untrusted guest"
is "hushes: is heard, and that is all it lost" "$(grade hushes '[.tests[] | select(.status != "pass") | "\(.id) \(.evidence | test("hushed|complained"))"] | join(" ")')" "clean true"
is "nothing of this machine's files is in what a submission is told" "$(grep -c 'root:' "$test/grades.json" || true)" 0
is "nothing was written outside" "$(ls /tmp/nvmescope-escaped 2>/dev/null)" ""
echo "1..$points"
