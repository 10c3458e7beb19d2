#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/run.sh RING... : run built test rings from the top of the tree, print a line a program and
# the whole output of what fails, and end with "N passed, N failed". make calls this; BUILD says
# where the programs are. Full output stays in LOGS ($BUILD/test-logs/). RUN_UNDER is a command that
# runs the programs in C, and SLOWER how many times slower it makes them.

set -u
build=${BUILD:-build}
python=${PYTHON:-/usr/bin/python3}
logs=${LOGS:-$build/test-logs}
program_seconds=${PROGRAM_SECONDS:-300}
pytest_seconds=${PYTEST_SECONDS:-2700}
passed=0 failed=0 skipped=0
reports=$(realpath -m "$logs")/sanitizer.$$ # two rings may run at once
read -ra under <<<"${RUN_UNDER-}"
export XVRRPD_BUILD SLOWER=${SLOWER:-1}
XVRRPD_BUILD=$(realpath -m "$build")

need_root() { # ring
	[ "$(id -u)" -eq 0 ] && return
	echo "ring $1 needs root (it loads BPF programs and makes network namespaces): sudo make $1" >&2
	exit 1
}

count() { # passed failed skipped
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

# A verifier's log can have fifty thousand lines; what matters is at its end.
show() { # log
	local lines
	lines=$(wc -l <"$1")
	[ "$lines" -gt 200 ] && echo "      | ... the last 200 of $lines lines; all: $1"
	tail -n 200 "$1" | sed 's/^/      | /'
}

# Reports of sanitizers go to files, since the program may be a child whose output nobody reads.
# A failed assertion is a report, too.
sanitizer_options() {
	local where=log_path=$reports/report
	export ASAN_OPTIONS=handle_abort=1:${ASAN_OPTIONS-}:$where
	export UBSAN_OPTIONS=print_stacktrace=1:${UBSAN_OPTIONS-}:$where
	export TSAN_OPTIONS=${TSAN_OPTIONS-}:$where
}

reported() { # log: add what there is, and take it away
	local files=("$reports"/report.*)
	[ -e "${files[0]}" ] || return 1
	cat "${files[@]}" >>"$1"
	rm -f "${files[@]}"
}

# The "[ RUN" lines are what was begun; whatever of it ended neither well nor skipped has failed,
# a crash in the middle included.
run_program() { # ring name
	local program=$build/tests/$1/$2 log=$logs/$1-$2.log begun ok skip bad status
	CMOCKA_MESSAGE_OUTPUT=stdout timeout -k 5 "$program_seconds" "${under[@]}" "$program" \
		>"$log" 2>&1 </dev/null
	status=$?
	reported "$log" && [ $status -eq 0 ] && status=99 # as with valgrind
	begun=$(grep -c '^\[ RUN ' "$log")
	ok=$(grep -c '^\[       OK \]' "$log")
	skip=$(sed -n 's/^\[  SKIPPED \].* \([0-9]*\) test(s).*/\1/p' "$log" | tail -n 1)
	skip=${skip:-0}
	bad=$((begun - ok - skip))
	[ $status -ne 0 ] && [ $bad -eq 0 ] && bad=1
	[ "$begun" -eq 0 ] && bad=1
	count "$ok" $bad "$skip"
	if [ $bad -eq 0 ]; then
		printf '  ok    %-40s %3d passed%s\n' "$1/$2" "$ok" \
			"$([ "$skip" -gt 0 ] && echo ", $skip skipped")"
		return
	fi
	show "$log"
	printf '  FAIL  %-40s %3d passed, %d failed (exit status %d%s)\n' "$1/$2" "$ok" $bad $status \
		"$([ $status -eq 124 ] && echo ", stopped after $program_seconds s")"
}

run_programs() { # ring
	local source
	for source in tests/"$1"/test_*.c; do
		[ -e "$source" ] && run_program "$1" "$(basename "$source" .c)"
	done
}

attribute() { # name file: sum over all suites of a JUnit report
	grep -o '<testsuite [^>]*>' "$2" | grep -o " $1=\"[0-9]*\"" | tr -dc '0-9\n' |
		awk '{ n += $1 } END { print n + 0 }'
}

# Leaves NAME.xml and NAME.status.
pytest_files() { # name files...
	rm -f "$logs/$1.xml" "$logs/$1.status"
	timeout -k 10 "$pytest_seconds" "$python" -m pytest "${@:2}" -q -rfEs -p no:cacheprovider \
		-o junit_family=xunit1 --junitxml="$logs/$1.xml" </dev/null
	echo $? >"$logs/$1.status"
}

count_report() { # name
	local report=$logs/$1.xml total bad skip status
	read -r status <"$logs/$1.status"
	if [ ! -s "$report" ]; then
		echo "  FAIL  $1: pytest ended without a report (exit status $status)"
		count 0 1 0
		return
	fi
	total=$(attribute tests "$report")
	bad=$(($(attribute failures "$report") + $(attribute errors "$report")))
	skip=$(attribute skipped "$report")
	[ "$status" -ne 0 ] && [ $bad -eq 0 ] && bad=1 total=$((total + 1))
	count $((total - bad - skip)) $bad "$skip"
}

run_pytest() { # name files...
	pytest_files "$@"
	count_report "$1"
}

# Files of the netns ring that measure time, or fill both processors: alone, one after the other.
alone=(adoption drain frozen leaving migration pair reload reload_scale restart
	scale soak starved survivor timing tracking)

# Those of the others that take longest, so that none of them is the last.
long=(keepalived doctor reload_in_place bridge counters frr kernels options readings)

is_one_of() { # file name...
	local file=$1 name
	shift
	for name in "$@"; do
		[[ $file == */test_$name.py ]] && return
	done
	return 1
}

# What mostly waits for timers of its own namespaces runs side by side.
run_netns() { # file...
	local file quiet=() first=() others=()
	for file in "$@"; do
		if is_one_of "$file" "${alone[@]}"; then
			quiet+=("$file")
		elif is_one_of "$file" "${long[@]}"; then
			first+=("$file")
		else
			others+=("$file")
		fi
	done
	run_pytest netns-alone "${quiet[@]}"
	run_side_by_side "${first[@]}" "${others[@]}"
}

# Each file by a pytest of its own, some at a time; what they print comes when all are done.
run_side_by_side() { # file...
	local file name running=0 most=$((2 * $(nproc)))
	for file in "$@"; do
		[ $running -ge "$most" ] && wait -n
		name=netns-$(basename "$file" .py)
		pytest_files "$name" "$file" >"$logs/$name.log" 2>&1 &
		running=$((running + 1))
	done
	wait
	for file in "$@"; do
		name=netns-$(basename "$file" .py)
		echo "  $name"
		cat "$logs/$name.log"
		count_report "$name"
	done
}

# It prints lines like ours, and the numbers in the end.
run_fuzz() {
	local log=$logs/fuzz.log p f
	BUILD=$build tests/fuzz/run.sh smoke >"$log" 2>&1 </dev/null
	reported "$logs/fuzz-reports.log" # else the next program would have failed
	read -r p _ f _ < <(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1)
	grep -vE '^[0-9]+ passed, [0-9]+ failed$' "$log"
	count "${p:-0}" "${f:-1}" 0
}

run_ring() { # ring
	local before=$((passed + failed + skipped))
	echo "ring $1"
	case $1 in
	bpf)
		need_root "$1"
		run_programs bpf
		;;
	fuzz) run_fuzz ;;
	netns)
		need_root "$1"
		run_programs sys
		run_netns tests/netns/test_*.py
		;;
	memory) # what .ci/run has sanitizers for: these files of the netns ring reach, in a third of its
		# time, all but some fifty of the lines that it reaches, most of which ring sys does
		need_root "$1"
		run_programs sys
		run_netns tests/netns/test_{bad_input,control,devices,drain,interfaces}.py \
			tests/netns/test_{interface_life,interference,leftovers,poor,reload}.py \
			tests/netns/test_{restart,survivor,xvrrpctl}.py
		;;
	kernel) # what vmtest runs on other kernels
		need_root "$1"
		run_programs bpf
		run_pytest netns tests/netns/test_kernels.py tests/netns/test_devices.py
		run_pytest networks vmtest/test_networks.py
		;;
	*) run_programs "$1" ;;
	esac
	if [ $((passed + failed + skipped)) -eq $before ]; then
		echo "  FAIL  ring $1 has no tests"
		count 0 1 0
	fi
}

mkdir -p "$logs" "$reports"
trap 'rm -rf "$reports"' EXIT
sanitizer_options
for ring in "$@"; do
	run_ring "$ring"
done
echo "$passed passed, $failed failed$([ $skipped -gt 0 ] && echo ", $skipped skipped")"
[ $failed -eq 0 ]
