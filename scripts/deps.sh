#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# scripts/deps.sh [--check] GROUP... : install the packages of these groups that are missing, from
# the distribution: build (compile xvrrpd), test (rings, lint and demo), vm (other kernels).
# Does nothing, quickly, when all are there. --check installs nothing: it names what is missing and
# fails. Services that come with a package (keepalived, FRR) are not started.

set -eu -o pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

declare -A packages=(
	[debian_build]="gcc make libc6-dev clang bpftool libbpf-dev libelf-dev zlib1g-dev libmnl-dev
		libsystemd-dev libjansson-dev pkg-config"
	[debian_test]="libcmocka-dev python3 python3-pytest python3-scapy keepalived frr tshark tcpdump
		iproute2 iputils-ping ethtool kmod procps clang-format libclang-rt-dev shellcheck
		python3-flake8 mandoc valgrind radvd ndisc6"
	[debian_vm]="qemu-system-x86 linux-image-amd64 linux-image-6.12-amd64 virtme-ng busybox-static"

	[fedora_build]="gcc make clang bpftool libbpf-devel elfutils-libelf-devel zlib-devel libmnl-devel
		systemd-devel jansson-devel pkgconf-pkg-config"
	[fedora_test]="libcmocka-devel python3 python3-pytest python3-scapy keepalived frr wireshark-cli
		tcpdump iproute iproute-tc iputils ethtool kmod procps-ng clang-tools-extra ShellCheck
		python3-flake8 mandoc valgrind libasan-static libubsan-static libtsan compiler-rt radvd
		ndisc6"
	[fedora_vm]="qemu-system-x86-core kernel-core virtme-ng busybox"
)
# Ubuntu has bpftool in a package per kernel behind a common wrapper, and its own kernels.
packages[ubuntu_build]=${packages[debian_build]/bpftool/linux-tools-common linux-tools-generic}
packages[ubuntu_test]=${packages[debian_test]}
packages[ubuntu_vm]="qemu-system-x86 linux-image-generic virtme-ng busybox-static"

fail() {
	echo "deps: error: $*" >&2
	exit 1
}

distribution() {
	local ID='' ID_LIKE=''
	# shellcheck source=/dev/null
	. /etc/os-release
	case " $ID $ID_LIKE " in
	*" ubuntu "*) echo ubuntu ;;
	*" debian "*) echo debian ;;
	*" fedora "*) echo fedora ;;
	*) fail "no package names known for \"$ID\"; install what the head of $0 lists by hand" ;;
	esac
}

# What virtual packages provide counts: `rpm -q` alone would miss renamed ones.
installed() { # package
	case $distribution in
	fedora) rpm -q --whatprovides "$1" >/dev/null 2>&1 ;;
	*) dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed ;;
	esac
}

missing_of() { # group...
	local group list package
	for group in "$@"; do
		list=${packages[${distribution}_$group]-}
		[ -n "$list" ] || fail "unknown group \"$group\" (build, test, vm)"
		for package in $list; do
			installed "$package" || echo "$package"
		done
	done
}

# Another apt may hold a lock for a moment: try again before giving up.
wait_and_retry() { # command...
	local try
	for try in 1 2 3 4 5 6; do
		"$@" && return
		[ "$try" -eq 6 ] || sleep 5
	done
	fail "failed six times: $*"
}

# Packages that start a daemon ask this file first (Debian policy 9.3.3); 101 means "not allowed".
without_services() { # command...
	local policy=/usr/sbin/policy-rc.d status=0
	[ -e $policy ] && { "$@" && return || return; }
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod +x $policy
	trap 'rm -f '$policy EXIT
	"$@" || status=$?
	rm -f $policy
	trap - EXIT
	return $status
}

apt_install() { # package or file...
	without_services wait_and_retry apt-get -q -y -o DPkg::Lock::Timeout=300 install \
		--no-install-recommends "$@"
}

has_candidate() { # package
	apt-cache policy "$1" | grep 'Candidate: [^(]' >/dev/null
}

# Debian 12 has no virtme-ng. Debian 13 has: a package of Python scripts whose dependencies Debian
# 12 can satisfy. Ask for it with a package index of its own, made from the sources configured here
# with another suite, so that nothing else can come from there and the machine's own configuration
# stays as it is.
borrow_from_trixie() { # package
	local package=$1 dir codename
	codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	dir=$(mktemp -d)
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" "$dir/parts"
	sed -n "s/^\(deb .*\) $codename main.*/\1 trixie main/p" /etc/apt/sources.list \
		/etc/apt/sources.list.d/*.list >"$dir/parts/trixie.list" 2>/dev/null || true
	cat /etc/apt/sources.list.d/*.sources 2>/dev/null | awk -v suite="$codename" '
		BEGIN { RS = ""; ORS = "\n\n" }
		$0 ~ "(^|\n)Suites:[^\n]* " suite "([ \n]|$)" {
			sub(/(^|\n)Suites:[^\n]*/, "\nSuites: trixie")
			print
		}' >"$dir/parts/trixie.sources"
	local apt=(apt-get -q -o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$dir/parts"
		-o "Dir::State::Lists=$dir/lists" -o "Dir::Cache=$dir/cache" -o APT::Sandbox::User=root)
	wait_and_retry "${apt[@]}" update
	(cd "$dir" && wait_and_retry "${apt[@]}" download "$package")
	apt_install "$dir/$package"_*.deb
	rm -rf "$dir"
}

install_apt() { # package...
	local package borrow='' plain=''
	wait_and_retry apt-get -q update
	for package in "$@"; do
		if has_candidate "$package"; then
			plain+=" $package"
		elif [ "$package" = virtme-ng ]; then
			borrow=$package
		else
			fail "no package \"$package\" in the configured apt sources"
		fi
	done
	# shellcheck disable=SC2086 # a list of names
	[ -z "$plain" ] || apt_install $plain
	[ -z "$borrow" ] || borrow_from_trixie "$borrow"
}

check_only=
if [ "${1-}" = --check ]; then
	check_only=1
	shift
fi
[ $# -gt 0 ] || fail "usage: $0 [--check] build|test|vm..."
distribution=$(distribution)
missing=$(missing_of "$@" | xargs)
[ -n "$missing" ] || exit 0
[ -z "$check_only" ] || fail "missing: $missing; \"sudo make deps\" installs them"
[ "$(id -u)" -eq 0 ] || fail "missing: $missing; installing needs root: sudo make deps"
echo "deps: installing $missing"
# shellcheck disable=SC2086
case $distribution in
fedora) dnf install -y --setopt=install_weak_deps=False $missing ;;
*) install_apt $missing ;;
esac
missing=$(missing_of "$@" | xargs)
[ -z "$missing" ] || fail "still missing after installing: $missing"
