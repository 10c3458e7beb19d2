#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vmtest/inside.sh BUILD : what run.sh starts in the virtual machine, where the host's files can be
# read but not written. The last line is the result that run.sh looks for.

set -u
cd "$(dirname "$0")/.." || exit 1
echo "vmtest: $(uname -r) up after $(cut -d ' ' -f 1 /proc/uptime) s"
modprobe tun # nobody else makes /dev/net/tun here
for module in virtio_net e1000e 8021q bonding vrf; do # nor loads what is asked for in namespaces
	modprobe "$module"
done
result=$(BUILD=$1 LOGS=/run/test-logs PROGRAM_SECONDS=300 PYTEST_SECONDS=600 PYTHONDONTWRITEBYTECODE=1 \
	tests/run.sh kernel 2>&1 | tee /dev/stderr | tail -n 1)
echo "vmtest: $(uname -r) done after $(cut -d ' ' -f 1 /proc/uptime) s"
echo "vmtest result: $result"
