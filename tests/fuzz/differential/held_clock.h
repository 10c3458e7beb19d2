/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Included before bpf/xvrrp.bpf.c: its clock becomes a variable that the fuzzer sets, and not a
 * word of its text changes.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

volatile __u64 held_clock_ns;

#define bpf_ktime_get_boot_ns() held_clock_ns
