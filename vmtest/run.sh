#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vmtest/run.sh [KERNEL IMAGE...] : boot each kernel once, run the bpf ring and what has to work on
# every kernel in it (inside.sh), and end with "N passed, N failed" over all. Beside that, the first
# kernel is a machine that stands still, with its peer outside (test_machine.py); most of that time
# nothing runs. Without arguments: the newest installed one of each series in SERIES. Software
# emulation, because nested KVM hangs on some machines; VMTEST_KVM=1 uses KVM. The result is read
# from the output: the exit status of an emulator says nothing about tests. The whole output stays
# in $BUILD/vmtest/.

set -u
cd "$(dirname "$0")/.." || exit 1
build=$(realpath -m "${BUILD:-build}")
seconds=${VMTEST_SECONDS:-1800}
SERIES="6.1.0-* 6.12*"
python=${PYTHON:-/usr/bin/python3}
passed=0 failed=0 skipped=0

newest() { # pattern of a release
	# shellcheck disable=SC2086 # a pattern; a cloud kernel cannot boot from the host's files
	printf '%s\n' /boot/vmlinuz-$1 | grep -v -e '\*' -e -cloud- -e -rt- | sort -V | tail -n 1
}

boot() { # image log
	local kvm=--disable-kvm
	[ -n "${VMTEST_KVM-}" ] && kvm=
	# shellcheck disable=SC2086
	timeout -k 10 "$seconds" vng $kvm --force-9p -r "$1" --memory 1G --cpus 2 \
		--qemu-opts="$(cards)" -- \
		"vmtest/inside.sh '$build'" </dev/null 2>&1 | tr -d '\r' | tee "$2"
	return "${PIPESTATUS[0]}"
}

fail() { # message
	echo "vmtest: error: $*"
	failed=$((failed + 1))
}

number() { # word, line: the number before "passed", "failed" or "skipped", or 0
	local digits
	digits=$(grep -o "[0-9]* $1" <<<"$2")
	echo "$((10#0${digits%% *}))"
}

count() { # a line with "N passed", "N failed" or "N skipped" in it
	passed=$((passed + $(number passed "$1")))
	failed=$((failed + $(number failed "$1") + $(number error "$1")))
	skipped=$((skipped + $(number skipped "$1")))
}

# For vmtest/test_networks.py: three network cards of each kind on one hub, told by their MAC
# addresses.
cards() {
	local kind number=0 host
	for kind in virtio-net-pci:01 e1000e:02; do
		for host in 1 2 3; do
			printf -- '-netdev hubport,id=lan%d,hubid=0 ' $number
			printf -- '-device %s,netdev=lan%d,mac=02:00:00:00:%s:0%d ' "${kind%:*}" \
				$number "${kind#*:}" $host
			number=$((number + 1))
		done
	done
}

start_machine() { # image
	machine_log=$build/vmtest/machine.log
	VMTEST_KERNEL=$1 XVRRPD_BUILD=$build PYTHONDONTWRITEBYTECODE=1 \
		timeout -k 10 "$seconds" "$python" -m pytest vmtest/test_machine.py -q -rfEs \
		-p no:cacheprovider </dev/null >"$machine_log" 2>&1 &
	machine=$!
}

finish_machine() {
	local result
	wait "$machine"
	cat "$machine_log"
	result=$(grep -E '[0-9]+ (passed|failed|error).* in [0-9.]+s' "$machine_log" | tail -n 1)
	if [ -n "$result" ]; then
		count "$result"
	else
		fail "vmtest/test_machine.py ended without a result"
	fi
}

run_kernel() { # image
	local log result status
	log=$build/vmtest/${1##*/}.log
	echo "vmtest: booting $1"
	boot "$1" "$log"
	status=$?
	# The emulator itself gives up now and then; a kernel that panics does so again.
	if [ $status -eq 255 ] && ! grep -q '^vmtest: .* up after ' "$log"; then
		echo "vmtest: $1 did not come up (status $status): once more"
		boot "$1" "$log"
		status=$?
	fi
	result=$(sed -n 's/^vmtest result: //p' "$log" | grep '[0-9]* passed, [0-9]* failed' | tail -n 1)
	if [ -n "$result" ]; then
		count "$result"
	elif [ $status -eq 124 ] || [ $status -eq 137 ]; then
		fail "$1 hung: stopped after $seconds s; its last lines are above and in $log"
	else
		fail "$1 ended without a result (status $status): a kernel panic? vng -v shows its messages"
	fi
}

mkdir -p "$build/vmtest"
if [ $# -eq 0 ]; then
	for series in $SERIES; do
		image=$(newest "$series")
		if [ -n "$image" ]; then
			set -- "$@" "$image"
		else
			fail "no kernel $series in /boot; \"sudo make deps\" installs it"
		fi
	done
fi
[ $# -gt 0 ] && start_machine "$1"
for image in "$@"; do
	run_kernel "$image"
done
[ $# -gt 0 ] && finish_machine
echo "$passed passed, $failed failed$([ $skipped -gt 0 ] && echo ", $skipped skipped")"
[ $failed -eq 0 ]
