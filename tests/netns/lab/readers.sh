#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# readers.sh ROOT XVRRPD CONFIG INTERFACE... : what xvrrpd and keepalived make of one configuration,
# each part below a line "==== NAME". It runs as the first process of name spaces of its own (mount,
# network, process), so that whatever is started here ends with it. ROOT is a directory with a whole
# system, in which CONFIG is a path; XVRRPD is a path of this system.

set -u
root=$1 xvrrpd=$2 config=$3
shift 3

mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
touch "$root/run/xvrrpd" # a place for it, whichever file system it is on
mount --bind "$xvrrpd" "$root/run/xvrrpd"

number=0
ip link set lo up
for name in "$@"; do
	number=$((number + 1))
	ip link add "$name" type veth peer name "far$number"
	ip address add "198.51.100.$number/24" dev "$name"
	ip link set "$name" up
	ip link set "far$number" up
done
# A configuration may name a network name space to run in: this one.
sed -n 's/^[[:space:]]*net_namespace[[:space:]]*\([A-Za-z0-9_]*\).*/\1/p' "$root$config" |
while read -r name; do
	mkdir -p "$root/run/netns"
	touch "$root/run/netns/$name"
	mount --bind /proc/self/ns/net "$root/run/netns/$name"
done

exec chroot "$root" /bin/sh -s "$config" <<'END'
config=$1
cd "$(dirname "$config")" || exit 1
/run/xvrrpd -t -f "$config" >/tmp/test 2>&1
echo "==== test $?"
cat /tmp/test
echo "==== dump"
/run/xvrrpd -T -f "$config" 2>/dev/null

# Its connection synchronisation needs a module of the kernel, and is no part of the comparison.
sed -i 's/^\([[:space:]]*\)lvs_sync_daemon/\1# lvs_sync_daemon/' "$config"
keepalived --dont-fork --log-console --no-syslog --log-detail --vrrp -f "$config" \
	-p /tmp/parent.pid -r /tmp/vrrp.pid >/tmp/log 2>&1 &
parent=$!
# keepalived tells its reading when it is asked, once it has read.
wait_for() { # pattern glob
	tries=100
	until grep -qs "$1" $2; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] && kill -0 $parent 2>/dev/null || return
		sleep 0.1
	done
}
wait_for "Startup complete" /tmp/log && kill -USR1 $parent &&
	wait_for "^------< Interfaces >------" "/tmp/keepalived*.data"
echo "==== log"
cat /tmp/log
echo "==== data"
cat /tmp/keepalived*.data 2>/dev/null
END
