#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/fuzz/run.sh long [TARGET...] : fuzz each, or all, for FUZZ_SECONDS seconds or RUNS runs, with
# a corpus that stays in $BUILD/fuzz/corpus/TARGET; inputs that fail go to $BUILD/fuzz/found/TARGET.
# tests/fuzz/run.sh smoke [TARGET...] : a few seconds of each, from the same seed, after every
# input that has failed once (regressions/TARGET/) and every seed; ends with "N passed, N failed".
# JOBS programs run at a time. make calls this from the top of the tree.

set -u
export LC_ALL=C
fuzz=${BUILD:-build}/fuzz
jobs=${JOBS:-$(nproc)}
seconds=${FUZZ_SECONDS:-60}
work=$fuzz/work
# A standstill of the machine is no hang.
limits=(-timeout=30 -rss_limit_mb=2048)
export ASAN_OPTIONS=malloc_context_size=6:quarantine_size_mb=16:${ASAN_OPTIONS-}
export UBSAN_OPTIONS=print_stacktrace=1:${UBSAN_OPTIONS-}

# What a run makes of more bytes than this costs time and finds nothing new; by target.
declare -A max_len=([adopt]=128 [conf]=512 [control]=256 [files]=128 [options]=128 [packet]=600
	[reply]=256)
# Of the smoke run: about three seconds on one processor.
declare -A smoke_runs=([adopt]=6000 [conf]=8000 [control]=20000 [core]=80000 [files]=25000
	[links]=50000 [options]=100000 [packet]=80000 [plane]=25000 [qdiscs]=40000 [reply]=8000 [takeover]=50000)

fail() {
	echo "fuzz: error: $*" >&2
	exit 1
}

# The folders of inputs that a target begins with. Most have none: their inputs are recipes for
# messages, events or requests that look right, which an empty corpus finds within seconds.
seeds() { # target
	[ -d "tests/fuzz/regressions/$1" ] && echo "tests/fuzz/regressions/$1"
	[ "$1" = conf ] || return
	echo tests/conf/golden
	echo docs/examples
	[ -d "${CONF_CORPUS-}" ] && echo "$CONF_CORPUS"
}

options() { # target
	echo "-max_len=${MAX_LEN:-${max_len[$1]-512}}"
	[ -e "$fuzz/$1.dict" ] && echo "-dict=$fuzz/$1.dict"
}

# Of a statistic over some logs; one that a program did not come to write counts as 0.
sum() { # name log...
	sed -n "s/^stat::$1: *//p" "${@:2}" | awk '{ n += $1 } END { print n + 0 }'
}

edges() { # log...
	sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$@" | sort -n | tail -n 1
}

failed_instances() { # target
	grep -Lx 0 "$work/$1".*.status
}

found() { # log
	sed -n 's/.*Test unit written to //p' "$1"
}

# At most $jobs at a time; whatever each of them returns.
parallel() { # function argument...
	local function=$1 running=0 argument
	shift
	for argument in "$@"; do
		if [ $running -ge "$jobs" ]; then
			wait -n
			running=$((running - 1))
		fi
		"$function" "$argument" &
		running=$((running + 1))
	done
	wait
}

# ---- long runs -----------------------------------------------------------------------------------

long_run() { # target.instance
	local target=${1%.*} corpus log=$work/$1.log
	corpus=$fuzz/corpus/$target
	mkdir -p "$corpus" "$fuzz/found/$target"
	mapfile -t arguments < <(options "$target")
	[ -n "${RUNS-}" ] && arguments+=("-runs=$((RUNS / instances + 1))")
	[ -z "${RUNS-}" ] && arguments+=("-max_total_time=$seconds")
	mapfile -t folders < <(seeds "$target")
	"$fuzz/$target" "${limits[@]}" "${arguments[@]}" -print_final_stats=1 \
		-artifact_prefix="$fuzz/found/$target/" "$corpus" "${folders[@]}" >"$log" 2>&1
	echo $? >"$work/$1.status"
}

tell_failure() { # target log
	local input
	grep -a -A 12 -E 'does not hold|runtime error|ERROR: |Assertion' "$2" |
		grep -avE 'fuzzer::|^MS: |^0x|^artifact_prefix|^Base64|^stat::' | head -n 20 |
		cut -c 1-150 | sed 's/^/      | /'
	input=$(found "$2" | tail -n 1)
	[ -n "$input" ] || input="(no input: see $2)"
	cat <<-END
		      again:   $fuzz/$1 $input
		      smaller: $fuzz/$1 -minimize_crash=1 -runs=10000 $input
		      to keep: a copy in tests/fuzz/regressions/$1/NNN-what.bin, which the ring replays
	END
}

tell_long() { # target
	local target=$1 logs=("$work/$1".*.log) status verdict=ok runs
	mapfile -t status < <(failed_instances "$target")
	[ ${#status[@]} -eq 0 ] || verdict=FAIL failed=$((failed + 1))
	runs=$(sum number_of_executed_units "${logs[@]}")
	total=$((total + runs))
	printf '  %-5s %-10s %12d runs %8d/s %6d edges %6d new inputs\n' "$verdict" "$target" \
		"$runs" "$(sum average_exec_per_sec "${logs[@]}")" "$(edges "${logs[@]}")" \
		"$(sum new_units_added "${logs[@]}")"
	for status in "${status[@]}"; do
		tell_failure "$target" "${status%.status}.log"
	done
}

# Fewer targets than processors: several processes of each, which read each other's corpus.
long() { # target...
	local target instance names=()
	instances=$(((jobs + $# - 1) / $#))
	for target in "$@"; do
		for instance in $(seq "$instances"); do
			names+=("$target.$instance")
		done
	done
	parallel long_run "${names[@]}"
	for target in "$@"; do
		tell_long "$target"
	done
	echo "$total runs, $failed of $# targets failed"
}

# ---- the smoke run -------------------------------------------------------------------------------

replay() { # target file...
	"$fuzz/$1" "${limits[@]}" "${@:2}"
}

smoke_run() { # target
	local target=$1 runs=${smoke_runs[$1]-20000} folders files=()
	mapfile -t arguments < <(options "$target")
	mapfile -t folders < <(seeds "$target")
	[ ${#folders[@]} -eq 0 ] || mapfile -t files < <(find "${folders[@]}" -type f | sort)
	echo "${#files[@]}" >"$work/$target.files"
	rm -rf "$work/$target.corpus"
	mkdir -p "$work/$target.corpus"
	[ ${#files[@]} -eq 0 ] || replay "$target" "${files[@]}" >"$work/$target.replay.log" 2>&1
	echo $? >"$work/$target.replay"
	"$fuzz/$target" "${limits[@]}" "${arguments[@]}" -seed=1 -runs="$runs" -max_total_time=10 \
		-print_final_stats=1 -artifact_prefix="$work/$target." "$work/$target.corpus" \
		"${folders[@]}" >"$work/$target.log" 2>&1
	echo $? >"$work/$target.status"
}

tell_smoke() { # target
	local target=$1 files bad=0 name=status log
	files=$(cat "$work/$target.files")
	[ "$(cat "$work/$target.replay")" -eq 0 ] || bad=$((bad + 1))
	[ "$(cat "$work/$target.status")" -eq 0 ] || bad=$((bad + 1))
	passed=$((passed + 2 - bad)) failed=$((failed + bad))
	printf '  %-5s %-40s %3d inputs replayed, %d runs, %d edges\n' \
		"$([ $bad -eq 0 ] && echo ok || echo FAIL)" "fuzz/$target" "$files" \
		"$(sum number_of_executed_units "$work/$target.log")" \
		"$(edges "$work/$target.log")"
	for name in replay status; do
		log=$work/$target.log
		[ $name = replay ] && log=$work/$target.replay.log
		[ "$(cat "$work/$target.$name")" -eq 0 ] || tell_failure "$target" "$log"
	done
}

smoke() { # target...
	local target
	parallel smoke_run "$@"
	for target in "$@"; do
		tell_smoke "$target"
	done
	echo "$passed passed, $failed failed"
}

# Where files are made for a target to read; a program that crashes leaves them there.
TMPDIR=$(mktemp -d -p /dev/shm fuzz.XXXXXX 2>/dev/null || mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

passed=0 failed=0 total=0
mode=${1-} targets=("${@:2}")
[ ${#targets[@]} -gt 0 ] ||
	mapfile -t targets < <(printf '%s\n' tests/fuzz/fuzz_*.c | sed 's|.*/fuzz_||; s|\.c$||')
for target in "${targets[@]}"; do
	[ -x "$fuzz/$target" ] || fail "no program $fuzz/$target: make fuzz-build"
done
rm -rf "$work"
mkdir -p "$work"
case $mode in
long | smoke) "$mode" "${targets[@]}" ;;
*) fail "usage: $0 long|smoke [TARGET...]" ;;
esac
[ $failed -eq 0 ]
