/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keepalived's keywords that this version does not act on. They are known by name, so that the
 * message can say what does not happen, and so that an unknown keyword is probably a misspelled
 * one. A keyword that is built moves from here to schema.c.
 */
#include "conf/schema_rows.h"

#define SKIP(in, keyword, which)                                                    \
	{                                                                           \
		.name = keyword, .context = in, .kind = KIND_SKIPPED, .part = which \
	}
#define REFUSE(in, keyword, which)                                                   \
	{                                                                            \
		.name = keyword, .context = in, .kind = KIND_REFUSED, .part = which, \
	}
#define OPTION(keyword, words)                                                  \
	{                                                                       \
		.name = keyword, .context = IN_ADDRESSES, .kind = KIND_SKIPPED, \
		.part = PART_ADDRESS, .arguments = words                        \
	}
/* What keepalived does for these is so here anyway, or has no meaning here. */
#define ACCEPT(in, keyword)                                           \
	{                                                             \
		.name = keyword, .context = in, .kind = KIND_ACCEPTED \
	}

static const struct keyword table[] = {
	SKIP(IN_ROOT, "bfd_instance", PART_TRACKING),
	SKIP(IN_ROOT, "child_wait_time", PART_PROCESS),
	SKIP(IN_ROOT, "garp_group", PART_ANNOUNCE),
	SKIP(IN_ROOT, "instance", PART_PROCESS),
	SKIP(IN_ROOT, "interface_up_down_delays", PART_DELAYS),
	SKIP(IN_ROOT, "linkbeat_interfaces", PART_PROCESS),
	SKIP(IN_ROOT, "linkbeat_use_polling", PART_PROCESS),
	SKIP(IN_ROOT, "local_address_group", PART_LOAD_BALANCER),
	SKIP(IN_ROOT, "namespace_with_ipsets", PART_NAMESPACE),
	SKIP(IN_ROOT, "net_namespace", PART_NAMESPACE),
	SKIP(IN_ROOT, "SSL", PART_LOAD_BALANCER),
	SKIP(IN_ROOT, "track_group", PART_STATIC_GROUP),
	SKIP(IN_ROOT, "use_pid_dir", PART_PROCESS),
	SKIP(IN_ROOT, "virtual_server", PART_LOAD_BALANCER),
	SKIP(IN_ROOT, "virtual_server_group", PART_LOAD_BALANCER),

	ACCEPT(IN_GLOBAL, "bfd_cpu_affinity"),
	ACCEPT(IN_GLOBAL, "bfd_no_swap"),
	ACCEPT(IN_GLOBAL, "bfd_priority"),
	ACCEPT(IN_GLOBAL, "bfd_process_name"),
	ACCEPT(IN_GLOBAL, "bfd_rlimit_rttime"),
	ACCEPT(IN_GLOBAL, "bfd_rt_priority"),
	SKIP(IN_GLOBAL, "checker_cpu_affinity", PART_LOAD_BALANCER),
	SKIP(IN_GLOBAL, "checker_log_all_failures", PART_LOAD_BALANCER),
	SKIP(IN_GLOBAL, "checker_no_swap", PART_LOAD_BALANCER),
	SKIP(IN_GLOBAL, "checker_priority", PART_LOAD_BALANCER),
	SKIP(IN_GLOBAL, "checker_process_name", PART_LOAD_BALANCER),
	SKIP(IN_GLOBAL, "checker_rlimit_rttime", PART_LOAD_BALANCER),
	SKIP(IN_GLOBAL, "checker_rt_priority", PART_LOAD_BALANCER),
	SKIP(IN_GLOBAL, "config_save_dir", PART_PROCESS),
	SKIP(IN_GLOBAL, "data_use_instance", PART_PROCESS),
	SKIP(IN_GLOBAL, "dbus_no_interface_name", PART_DBUS),
	SKIP(IN_GLOBAL, "dbus_service_name", PART_DBUS),
	ACCEPT(IN_GLOBAL, "disable_local_igmp"),
	ACCEPT(IN_GLOBAL, "dynamic_interfaces"),
	SKIP(IN_GLOBAL, "enable_dbus", PART_DBUS),
	SKIP(IN_GLOBAL, "enable_snmp_checker", PART_SNMP),
	SKIP(IN_GLOBAL, "enable_snmp_keepalived", PART_SNMP),
	SKIP(IN_GLOBAL, "enable_snmp_rfc", PART_SNMP),
	SKIP(IN_GLOBAL, "enable_snmp_rfcv2", PART_SNMP),
	SKIP(IN_GLOBAL, "enable_snmp_rfcv3", PART_SNMP),
	SKIP(IN_GLOBAL, "enable_snmp_vrrp", PART_SNMP),
	SKIP(IN_GLOBAL, "enable_traps", PART_SNMP),
	SKIP(IN_GLOBAL, "include_check", PART_PROCESS),
	SKIP(IN_GLOBAL, "json_dump_file", PART_PROCESS),
	SKIP(IN_GLOBAL, "json_version", PART_PROCESS),
	SKIP(IN_GLOBAL, "log_unknown_vrids", PART_PROCESS),
	SKIP(IN_GLOBAL, "lvs_flush", PART_LOAD_BALANCER),
	SKIP(IN_GLOBAL, "lvs_flush_onstop", PART_LOAD_BALANCER),
	SKIP(IN_GLOBAL, "lvs_netlink_cmd_rcv_bufs", PART_LOAD_BALANCER),
	SKIP(IN_GLOBAL, "lvs_netlink_cmd_rcv_bufs_force", PART_LOAD_BALANCER),
	SKIP(IN_GLOBAL, "lvs_netlink_monitor_rcv_bufs", PART_LOAD_BALANCER),
	SKIP(IN_GLOBAL, "lvs_netlink_monitor_rcv_bufs_force", PART_LOAD_BALANCER),
	SKIP(IN_GLOBAL, "lvs_notify_fifo", PART_LOAD_BALANCER),
	SKIP(IN_GLOBAL, "lvs_notify_fifo_script", PART_LOAD_BALANCER),
	SKIP(IN_GLOBAL, "lvs_sync_daemon", PART_LOAD_BALANCER),
	SKIP(IN_GLOBAL, "lvs_timeouts", PART_LOAD_BALANCER),
	ACCEPT(IN_GLOBAL, "max_auto_priority"),
	ACCEPT(IN_GLOBAL, "min_auto_priority_delay"),
	ACCEPT(IN_GLOBAL, "nftables"),
	ACCEPT(IN_GLOBAL, "nftables_counters"),
	ACCEPT(IN_GLOBAL, "nftables_ifindex"),
	SKIP(IN_GLOBAL, "nftables_ipvs", PART_LOAD_BALANCER),
	ACCEPT(IN_GLOBAL, "nftables_priority"),
	SKIP(IN_GLOBAL, "no_email_faults", PART_MAIL),
	SKIP(IN_GLOBAL, "notification_email", PART_MAIL),
	SKIP(IN_GLOBAL, "notification_email_from", PART_MAIL),
	ACCEPT(IN_GLOBAL, "process_monitor_rcv_bufs"),
	ACCEPT(IN_GLOBAL, "process_monitor_rcv_bufs_force"),
	ACCEPT(IN_GLOBAL, "process_name"),
	ACCEPT(IN_GLOBAL, "process_names"),
	ACCEPT(IN_GLOBAL, "random_seed"),
	SKIP(IN_GLOBAL, "reload_check_config", PART_PROCESS),
	SKIP(IN_GLOBAL, "reload_file", PART_PROCESS),
	SKIP(IN_GLOBAL, "reload_repeat", PART_PROCESS),
	SKIP(IN_GLOBAL, "reload_time_file", PART_PROCESS),
	ACCEPT(IN_GLOBAL, "router_id"),
	SKIP(IN_GLOBAL, "rs_init_notifies", PART_LOAD_BALANCER),
	SKIP(IN_GLOBAL, "smtp_alert", PART_MAIL),
	SKIP(IN_GLOBAL, "smtp_alert_checker", PART_MAIL),
	SKIP(IN_GLOBAL, "smtp_alert_vrrp", PART_MAIL),
	SKIP(IN_GLOBAL, "smtp_connect_timeout", PART_MAIL),
	SKIP(IN_GLOBAL, "smtp_helo_name", PART_MAIL),
	SKIP(IN_GLOBAL, "smtp_server", PART_MAIL),
	SKIP(IN_GLOBAL, "snmp_socket", PART_SNMP),
	SKIP(IN_GLOBAL, "snmp_vrrp_port_checks", PART_SNMP),
	SKIP(IN_GLOBAL, "state_dump_file", PART_PROCESS),
	SKIP(IN_GLOBAL, "stats_dump_file", PART_PROCESS),
	SKIP(IN_GLOBAL, "tmp_config_directory", PART_PROCESS),
	SKIP(IN_GLOBAL, "umask", PART_PROCESS),
	ACCEPT(IN_GLOBAL, "use_symlink_paths"),
	ACCEPT(IN_GLOBAL, "vmac_addr_prefix"),
	ACCEPT(IN_GLOBAL, "vmac_prefix"),
	ACCEPT(IN_GLOBAL, "vrrp_check_unicast_src"),
	SKIP(IN_GLOBAL, "vrrp_cpu_affinity", PART_PROCESS),
	ACCEPT(IN_GLOBAL, "vrrp_ipsets"),
	ACCEPT(IN_GLOBAL, "vrrp_iptables"),
	ACCEPT(IN_GLOBAL, "vrrp_netlink_cmd_rcv_bufs"),
	ACCEPT(IN_GLOBAL, "vrrp_netlink_cmd_rcv_bufs_force"),
	ACCEPT(IN_GLOBAL, "vrrp_netlink_monitor_rcv_bufs"),
	ACCEPT(IN_GLOBAL, "vrrp_netlink_monitor_rcv_bufs_force"),
	SKIP(IN_GLOBAL, "vrrp_owner_ignore_adverts", PART_OWNER),
	ACCEPT(IN_GLOBAL, "vrrp_priority"),
	ACCEPT(IN_GLOBAL, "vrrp_process_name"),
	ACCEPT(IN_GLOBAL, "vrrp_rlimit_rttime"),
	ACCEPT(IN_GLOBAL, "vrrp_rx_bufs_multiplier"),
	ACCEPT(IN_GLOBAL, "vrrp_rx_bufs_policy"),
	ACCEPT(IN_GLOBAL, "vrrp_skip_check_adv_addr"),

	REFUSE(IN_INSTANCE, "auth_hmac", PART_HMAC),
	ACCEPT(IN_INSTANCE, "check_unicast_src"),
	ACCEPT(IN_INSTANCE, "debug"),
	ACCEPT(IN_INSTANCE, "kernel_rx_buf_size"),
	SKIP(IN_INSTANCE, "linkbeat_use_polling", PART_PROCESS),
	SKIP(IN_INSTANCE, "lvs_sync_daemon_interface", PART_LOAD_BALANCER),
	ACCEPT(IN_INSTANCE, "no_virtual_ipaddress"),
	SKIP(IN_INSTANCE, "owner_ignore_adverts", PART_OWNER),
	SKIP(IN_INSTANCE, "promote_secondaries", PART_ROUTES),
	ACCEPT(IN_INSTANCE, "skip_check_adv_addr"),
	SKIP(IN_INSTANCE, "smtp_alert", PART_MAIL),
	SKIP(IN_INSTANCE, "thread_timer_expired", PART_PROTOCOL),
	SKIP(IN_INSTANCE, "timer_expired_backup", PART_PROTOCOL),
	SKIP(IN_INSTANCE, "track_bfd", PART_TRACKING),
	ACCEPT(IN_INSTANCE, "track_src_ip"),
	SKIP(IN_INSTANCE, "use_ipvlan", PART_PROCESS),
	ACCEPT(IN_INSTANCE, "use_vmac"),
	ACCEPT(IN_INSTANCE, "use_vmac_addr"),
	ACCEPT(IN_INSTANCE, "vmac_xmit_base"),
	SKIP(IN_INSTANCE, "vrf", PART_PROCESS),

	SKIP(IN_SYNC_GROUP, "smtp_alert", PART_MAIL),
	SKIP(IN_SYNC_GROUP, "track_bfd", PART_TRACKING),

	ACCEPT(IN_ADDRESSES, "no_track"),
	OPTION("track_group", 1),
	ACCEPT(IN_ADDRESSES, "use_vmac"),
};

const struct schema_rows schema_skipped = ROWS(table);

const char *schema_part_text(enum schema_part part)
{
	switch (part) {
	case PART_NONE:
		break;
	case PART_LOAD_BALANCER:
		return "load balancing (LVS) is not part of xvrrpd";
	case PART_MAIL:
		return "no e-mail is sent";
	case PART_SNMP:
		return "there is no SNMP agent";
	case PART_DBUS:
		return "there is no D-Bus service";
	case PART_TRACKING:
		return "it is not tracked, the priority stays as configured";
	case PART_ROUTES:
		return "sysctls are left as they are";
	case PART_STATIC_GROUP:
		return "nobody watches static addresses, routes and rules";
	case PART_ANNOUNCE:
		return "only the garp_master_ options steer announcements";
	case PART_PROTOCOL:
		return "the rules of the RFC hold";
	case PART_OWNER:
		return "an owner follows RFC 9568";
	case PART_HMAC:
		return "advertisements are not signed";
	case PART_DELAYS:
		return "there is no such delay";
	case PART_NAMESPACE:
		return "the agent stays in the network namespace that it is started in";
	case PART_PROCESS:
		return "it has no counterpart here";
	case PART_ADDRESS:
		return "addresses are set without it";
	}
	return "";
}
