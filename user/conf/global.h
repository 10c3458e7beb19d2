/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration as data: global_defs and the static_ blocks. See conf.h. */
#ifndef CONF_GLOBAL_H
#define CONF_GLOBAL_H

#include "conf/parts.h"

/* notify_fifo and its like: a named pipe, and the program that reads it. */
struct conf_fifo {
	char *path;		   /* NULL = none */
	char *user, *group;	   /* of the pipe; NULL = as of a script, see conf_script */
	struct conf_script script; /* started with the path as its argument; may be none */
};

struct conf_global {
	uint8_t vrrp_version; /* default 2, as in keepalived; instances with IPv6 addresses: 3 */
	unsigned rt_priority; /* vrrp_rt_priority: 1..99, 0 = ordinary scheduling; default 50 */
	bool no_swap;	      /* vrrp_no_swap; default on */
	int64_t startup_delay_us; /* vrrp_startup_delay; default 0 */
	int64_t boot_delay_us; /* vrrp_delay_after_boot: no role before CLOCK_BOOTTIME shows that;
				  default 0 */
	int64_t garp_interval_us;     /* vrrp_garp_interval: between two ARP announcements of an
					 interface; default 0 */
	int64_t gna_interval_us;      /* vrrp_gna_interval: the same for Neighbor Advertisements */
	bool script_security;	      /* enable_script_security; default off */
	struct conf_fifo fifo;	      /* notify_fifo, notify_fifo_script */
	struct conf_fifo vrrp_fifo;   /* vrrp_notify_fifo, vrrp_notify_fifo_script */
	bool notify_priority_changes; /* vrrp_notify_priority_changes: default of the others */
	bool fifo_states_on_reload;   /* fifo_write_vrrp_states_on_reload */
	struct conf_script startup_script, shutdown_script;
	int64_t startup_timeout_us, shutdown_timeout_us; /* default 10 s */
	struct conf_addresses static_addresses; /* there while the agent runs; `dev` is set */
	struct conf_routes static_routes;
	struct conf_rules static_rules;
};

#endif
