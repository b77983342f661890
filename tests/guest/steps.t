#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The steps of an I/O, which our driver tells in blocks (kmod/steps.h): each that a ring had no room for
# is counted by its name, what a filter leaves out is left out of a block, and who listens to
# single steps beside a recorder hears the same, at the same times.
. "$(dirname "$0")/lib.sh"
not_sanitized
plan 18

steps=(rq_start cmd_setup cmd_map sqe cqe rq_complete cmd_unmap)
there() { events "$1" | grep -c "^$2 .* qid=[1-9]"; } # DIR EVENT
lost() { # DIR EVENT
	sed -nE 's/^\s*lost_cpu[0-9]+ = "(.*)";/\1/p' "$1/metadata" | tr ',' '\n' |
		awk -v event="$2" '$1 == event { n += $2 } END { print n + 0 }'
}
guest losses --smp 2 --nvme max_ioqpairs=2 --ns size=16M -- steps-guest.sh losses
for which in all device; do
	dir=$logs/losses/$which
	is "losses, $which: each step of 2000 reads is recorded or counted as lost" \
		"$(for step in "${steps[@]}"; do echo $(($(there "$dir" "$step") + $(lost "$dir" "$step"))); done | sort | uniq -c | tr -s ' ')" \
		" ${#steps[@]} 2000"
	is "losses, $which: and there were some" "$(($(lost "$dir" sqe) > 0))" 1
done

guest filtered --smp 2 --nvme max_ioqpairs=2 --ns size=8M --nvme max_ioqpairs=2 --ns size=8M -- steps-guest.sh one_of_two
is "one of two: its commands, and nothing of the other" \
	"$(events "$logs/filtered/device" | sed -nE 's/^sqe .* ctrl=([0-9]+) .*/\1/p' | sort | uniq -c | tr -s ' ')" " 60 1"
# Which of the two CPUs sends to it is the kernel's choice.
is "one queue: its commands, and nothing of the other" \
	"$(events "$logs/filtered/queue" | sed -nE 's/^sqe .* qid=([0-9]+) .*/\1/p' | sort | uniq -c | tr -s ' ' |
		sed 's/^ [56]0 1$/50 or 60 of queue 1/')" "50 or 60 of queue 1"

guest beside --smp 2 --nvme max_ioqpairs=2 --ns size=8M -- steps-guest.sh beside
heard() { sed -nE 's/.* nvs_([a-z_]+): .*/\1/p' "$1" | sort | uniq -c; } # FILE
is "beside ftrace: both hear each step as often" "$(events "$logs/beside/recording" | sed -nE 's/^([a-z_]+) .*/\1/p' | sort | uniq -c)" \
	"$(heard "$logs/beside/ftrace.txt")"
sqes() { grep -c ' nvs_sqe: ' "$1"; } # FILE
is "beside ftrace: alone it hears as before" "$(($(sqes "$logs/beside/later.txt") - $(sqes "$logs/beside/ftrace.txt")))" 10
# Lines of a CPU, a step and when that was, in order for each CPU.
ftrace_times() { sed -nE 's/.* \[0*([0-9]+)\] .* ([0-9]+)\.([0-9]+): nvs_([a-z_]+): .*/\1 \4 \2\3000/p' "$1" | sort -s -n -k 1,1; } # FILE
recorded_times() { # DIR
	babeltrace2 --clock-cycles "$1" | sed -nE 's/^\[0*([0-9]+)\] .* ([a-z_]+): \{ cpu_id = ([0-9]+) \}.*/\3 \2 \1/p' | sort -s -n -k 1,1
}
# ftrace is told first, and in microseconds.  A recorded time is reckoned: early, by 1 us, or 5 more if the machine stood still.
is "beside ftrace: each step is recorded between what ftrace says of it and of the next" \
	"$(paste -d ' ' <(ftrace_times "$logs/beside/ftrace.txt") <(recorded_times "$logs/beside/recording") |
		awk 'BEGIN { good = 1 }
			$2 != $5 || $6 + 8000 < $3 { print; good = 0 }
			cpu == $1 && recorded > $3 + 1000 { print "late: " line; good = 0 }
			{ cpu = $1; recorded = $6; line = $0 }
			END { print (good && NR > 300) }')" 1
