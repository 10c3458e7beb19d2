/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interfaces of this network namespace and their addresses, kept current by rtnetlink.
 */
#ifndef SYS_LINKS_H
#define SYS_LINKS_H

#include <net/if.h>

#include "core/types.h"
#include "sys/failure.h"

struct links;

struct link {
	int ifindex;
	char name[IFNAMSIZ];
	char kind[16]; /* IFLA_INFO_KIND: "veth", "bond", "vlan", "bridge" ...; empty for hardware
			*/
	uint8_t mac[6];
	bool up;  /* administratively up and with carrier (IFF_UP, IFF_LOWER_UP) */
	bool arp; /* hosts find its addresses by ARP or ND: no loopback, no IFF_NOARP */
	uint32_t mtu;
	uint32_t xdp_program_id; /* 0 = none */
	int parent; /* ifindex of what it lies on (IFLA_LINK): of a VLAN, a macvlan; 0 = none */
	int master; /* ifindex of its bond, bridge or VRF; 0 = none */
	uint32_t vrf_table;	/* of kind "vrf": its routing table */
	uint16_t vlan_id;	/* of kind "vlan" */
	uint16_t vlan_protocol; /* the same: 0x8100 or 0x88a8 */
};

/* True for an address that must not serve as a primary address: a virtual one. */
typedef bool links_skip_fn(const struct vrrp_addr *address, void *data);

/*
 * Open, subscribe to link and address changes, and read the present state. links_dispatch() calls
 * `changed` once for each interface that changed (also one that is gone, and one that was deleted
 * and made again: both indexes), or with 0 after a loss, when everything has been read anew. Before
 * that it calls `gone` (NULL = not wanted) for each address that was removed, also one whose
 * removal was lost; not if it has been put back meanwhile, nor for an interface that is gone
 * itself.
 */
typedef void links_changed_fn(int ifindex, void *data);
typedef void links_gone_fn(int ifindex, const struct vrrp_addr *address, void *data);
struct links *links_open(links_changed_fn *changed, links_gone_fn *gone, void *data,
			 struct failure *failure);
void links_close(struct links *links); /* NULL is allowed */

/*
 * From now on, everything is read anew in the worker's thread, and `changed` and `gone` are called
 * from the loop when that is done; without a worker, links_dispatch() does it, and waits for as
 * long as others hold the kernel's routing lock. Free the worker before links_close().
 */
struct worker;
void links_use_worker(struct links *links, struct worker *worker);

int links_fd(const struct links *links);

/* Handle what is there to read. */
void links_dispatch(struct links *links);

/* All of them, from position 0 on by ascending index; NULL behind the last. */
const struct link *links_at(const struct links *links, size_t position);
/* NULL if there is none; valid until the next links_dispatch(). Quick, however many there are. */
const struct link *links_by_name(const struct links *links, const char *name);
const struct link *links_by_index(const struct links *links, int ifindex);

/*
 * The primary address: for IPv4 the first one, secondary ones last, for IPv6 the link-local one
 * that is neither tentative nor found to be a duplicate; never one that `skip` tells of. False if
 * there is none.
 */
bool links_primary(const struct links *links, int ifindex, enum vrrp_family family,
		   links_skip_fn *skip, void *data, struct vrrp_addr *out);

/*
 * Does what arrives on it belong to its master (a bridge, a bond, a team), where the addresses have
 * to be, too? Then `advice` says what to do. A VRF is none: its members keep their addresses.
 */
bool links_enslaved(const struct links *links, const struct link *link, char advice[150]);

/* The index of an interface, without waiting for anything; 0 = there is none. */
int link_index(const char *name);

/* Is this address on the interface now? Quick, however many there are. */
bool links_has_address(const struct links *links, int ifindex, const struct vrrp_addr *address);

#endif
