/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the doctor says of the host and of its interfaces. */
#include <stdio.h>

#include "ctl/doctor.h"
#include "doctor.h"
#include "port.h"
#include "router.h"

/* ---- the host ---- */

static void check_kernel(const struct inspected_host *host, json_t *findings)
{
	if (!host->btf)
		finding_add(findings, FINDING_WARNING, "kernel", "host",
			    "use a kernel with CONFIG_DEBUG_INFO_BTF",
			    "kernel %s has no BTF: bpftool cannot name what is in the maps",
			    host->release);
	else
		finding_add(findings, FINDING_OK, "kernel", "host", NULL, "kernel %s, BTF, %s",
			    host->release,
			    host->tcx ? "tcx" : "clsact filters, as it is older than tcx (6.6)");
}

static void check_realtime(const struct doctor_look *look, json_t *findings)
{
	const struct conf_global *global = &look->agent->conf->global;
	const struct inspected_host *host = &look->host;
	if (global->rt_priority && !host->priority)
		finding_add(findings, FINDING_WARNING, "realtime", "host",
			    "give xvrrpd CAP_SYS_NICE, or LimitRTPRIO= in its unit; a container "
			    "may need cpu.rt_runtime_us",
			    "xvrrpd has no real-time scheduling: a busy host may make it so late "
			    "that it loses the role");
	else if (global->no_swap && !host->locked)
		finding_add(findings, FINDING_WARNING, "realtime", "host",
			    "give xvrrpd CAP_IPC_LOCK, or LimitMEMLOCK=infinity in its unit",
			    "xvrrpd's memory is not locked: a host that swaps may make it late");
	else
		finding_add(findings, FINDING_OK, "realtime", "host", NULL,
			    host->priority ? "real-time priority %d%s"
					   : "ordinary scheduling (%d), as configured%s",
			    host->priority, host->locked ? ", memory locked" : "");
}

static bool has_multicast(const struct doctor_look *look, bool ipv6)
{
	for (size_t i = 0; i < look->link_count; i++)
		if (look->links[i].families[ipv6])
			return true;
	return false;
}

/* H-20 */
static void check_reports(const struct doctor_look *look, json_t *findings)
{
	if (!has_multicast(look, false))
		return;
	if (look->host.igmp_link_local_reports == 0)
		finding_add(findings, FINDING_WARNING, "igmp_reports", "host",
			    "sysctl -w net.ipv4.igmp_link_local_mcast_reports=1",
			    "this host sends no IGMP reports for 224.0.0.18: a switch that snoops "
			    "and does not flood 224.0.0.0/24 gives it no advertisements");
	else
		finding_add(findings, FINDING_OK, "igmp_reports", "host", NULL,
			    "IGMP reports for 224.0.0.18 are sent");
}

void doctor_host(const struct doctor_look *look, json_t *findings)
{
	check_kernel(&look->host, findings);
	check_realtime(look, findings);
	check_reports(look, findings);
}

/* ---- an interface ---- */

static void check_state(const struct doctor_link *link, json_t *findings)
{
	const char *name = link->link.name;
	if (!link->link.up)
		finding_add(findings, FINDING_PROBLEM, "link", name,
			    "ip link set it up; check cable, switch port and peer",
			    "the interface is down or has no carrier: its virtual routers do not "
			    "run");
	else
		finding_add(findings, FINDING_OK, "link", name, NULL, "up, MTU %u", link->link.mtu);
}

static void check_attachment(const struct doctor_look *look, const struct doctor_link *link,
			     json_t *findings)
{
	const char *name = link->link.name;
	const struct port *port = port_find(look->agent, link->link.ifindex);
	if (!port)
		return; /* its programs are on what it lies on, or its routers say why not */
	const char *mode = xdp_mode_name(port->attach.mode), *reason = port->attach.reason;
	if (port->broken)
		finding_add(findings, FINDING_PROBLEM, "attach", name,
			    "find who removes them: bpftool net, bpftool link, and the log",
			    "another tool has removed our programs, and they cannot be put back");
	else if (port->attach.mode == XDP_MODE_TC && link->link.xdp_program_id)
		finding_add(findings, FINDING_NOTE, "attach", name,
			    "remove that program if it is not needed: bpftool net",
			    "the XDP hook has a program of somebody else (id %u), so that tc does "
			    "all the work",
			    link->link.xdp_program_id);
	else if (port->restored)
		finding_add(findings, FINDING_WARNING, "attach", name,
			    "find who removes them: bpftool net, and the log",
			    "mode %s; another tool has removed our programs %u times, and they "
			    "were put back",
			    mode, port->restored);
	else
		finding_add(findings, FINDING_OK, "attach", name, NULL, "mode %s%s%s", mode,
			    reason[0] ? ": " : "", reason);
}

static bool serves_vlans(const struct agent *agent, int ifindex)
{
	for (size_t i = 0; i < agent->router_count; i++)
		if (agent->routers[i]->bound && agent->routers[i]->place.ifindex == ifindex &&
		    agent->routers[i]->place.vlan)
			return true;
	return false;
}

static void check_offloads(const struct doctor_look *look, const struct doctor_link *link,
			   json_t *findings)
{
	const char *name = link->link.name;
	char advice[100];
	if (!link->seen.offloads_known)
		return;
	if (link->seen.rx_vlan && serves_vlans(look->agent, link->link.ifindex)) {
		snprintf(advice, sizeof(advice), "ethtool -K %s rxvlan off", name);
		finding_add(findings, FINDING_PROBLEM, "offloads", name, advice,
			    "the device takes VLAN tags off before XDP sees them, and there are "
			    "virtual routers in VLANs");
	} else if (link->seen.lro) {
		snprintf(advice, sizeof(advice), "ethtool -K %s lro off", name);
		finding_add(findings, FINDING_WARNING, "offloads", name, advice,
			    "large receive offload is on: it must not be on a router, and native "
			    "XDP refuses it on many devices");
	} else {
		finding_add(findings, FINDING_OK, "offloads", name, NULL,
			    "no offload is in the way");
	}
}

static void check_ipv4(const struct doctor_link *link, json_t *findings)
{
	const char *name = link->link.name;
	bool well = true;
	if (!link->has_family[0])
		return;
	if (link->seen.arp_ignore == 0) {
		well = false;
		finding_add(findings, FINDING_NOTE, "sysctl_ipv4", name,
			    "sysctl -w net.ipv4.conf.all.arp_ignore=1",
			    "arp_ignore is 0: if another interface of this host is in the same "
			    "network, the kernel answers there for the virtual addresses with that "
			    "interface's MAC");
	}
	if (link->seen.rp_filter == 1) {
		well = false;
		finding_add(findings, FINDING_NOTE, "sysctl_ipv4", name,
			    "sysctl -w net.ipv4.conf.all.rp_filter=2, or 0",
			    "rp_filter is strict: packets are dropped whose way back leads over "
			    "another interface, as it may with several virtual routers");
	}
	if (well)
		finding_add(findings, FINDING_OK, "sysctl_ipv4", name, NULL,
			    "arp_ignore and rp_filter are not in the way");
}

static void check_ipv6(const struct doctor_link *link, json_t *findings)
{
	const char *name = link->link.name;
	char advice[120];
	if (!link->has_family[1])
		return;
	if (link->seen.disable_ipv6 == 1) {
		snprintf(advice, sizeof(advice), "sysctl -w net/ipv6/conf/%s/disable_ipv6=0", name);
		finding_add(findings, FINDING_PROBLEM, "sysctl_ipv6", name, advice,
			    "IPv6 is disabled on the interface, and there are virtual routers of "
			    "IPv6");
		return;
	}
	if (link->seen.accept_dad == 2)
		finding_add(findings, FINDING_WARNING, "sysctl_ipv6", name, "set accept_dad to 1",
			    "accept_dad is 2: a second host with this link-local address disables "
			    "IPv6 here altogether");
	if (link->seen.drop_unsolicited_na == 1)
		finding_add(findings, FINDING_NOTE, "sysctl_ipv6", name,
			    "set drop_unsolicited_na to 0",
			    "drop_unsolicited_na is 1: this host does not learn from the "
			    "announcements of other routers");
	if (link->seen.accept_dad != 2 && link->seen.drop_unsolicited_na != 1)
		finding_add(findings, FINDING_OK, "sysctl_ipv6", name, NULL, "IPv6 is enabled");
}

static void check_members(const struct doctor_link *link, json_t *findings)
{
	static const char *const groups[] = {"224.0.0.18", "ff02::12"};
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		if (!link->families[ipv6])
			continue;
		if (!link->seen.is_member[ipv6])
			finding_add(findings, FINDING_PROBLEM, "membership", link->link.name,
				    "see the log; raise net.ipv4.igmp_max_memberships and "
				    "net.core.optmem_max if there are many groups",
				    "the interface is no member of %s: no advertisements arrive",
				    groups[ipv6]);
		else
			finding_add(findings, FINDING_OK, "membership", link->link.name, NULL,
				    "member of %s", groups[ipv6]);
	}
}

static void check_snooping(const struct doctor_link *link, json_t *findings)
{
	if (!link->seen.snoops)
		return;
	if (!link->seen.has_querier)
		finding_add(findings, FINDING_WARNING, "snooping", link->link.name,
			    "ip link set dev BRIDGE type bridge mcast_querier 1, or have another "
			    "querier in this network, or mcast_snooping 0",
			    "the bridge snoops multicast, and there is no querier: memberships "
			    "end after minutes, and ff02::12 and solicitations do not arrive then");
	else
		finding_add(findings, FINDING_OK, "snooping", link->link.name, NULL,
			    "the bridge snoops multicast, and has a querier");
}

void doctor_link(const struct doctor_look *look, const struct doctor_link *link, json_t *findings)
{
	check_state(link, findings);
	check_attachment(look, link, findings);
	check_offloads(look, link, findings);
	check_ipv4(link, findings);
	check_ipv6(link, findings);
	check_members(link, findings);
	check_snooping(link, findings);
}
