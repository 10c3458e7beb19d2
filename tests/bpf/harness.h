/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A world of virtual routers around the real programs, in a kernel. Each frame goes through
 * the XDP program and, from the same state, through the tc program; both must do the same. A test
 * then compares everything there is, slots, counters and reports, with what it expects:
 *
 *	struct outcome out = receive(&world, &frame);
 *	struct state expected = out.before;
 *	expected.stats[V3].ttl++;
 *	assert_outcome(&out, DROPPED, &expected);
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "abi.h"
#include "frames.h"
#include "frames6.h"

#define LO 1 /* what BPF_PROG_RUN takes for the interface */

/* The virtual routers, all on one interface, Backup, of priority 100, with accept and preempt mode.
 * A router of IPv6 has fe80::VRID and 2001:db8::VRID. */
enum {
	V3,	    /* VRID 51, 192.0.2.1, untagged */
	V2,	    /* VRID 52, 192.0.2.2, untagged, VRRPv2 without authentication */
	TAGGED,	    /* VRID 51, 198.51.100.1, VLAN 100 */
	DOUBLE_TAG, /* VRID 51, 203.0.113.1, VLAN 100 inside 200 */
	V6,	    /* VRID 51 of IPv6, untagged */
	TAGGED6,    /* VRID 54 of IPv6, VLAN 100 */
	DOUBLE6,    /* VRID 55 of IPv6, VLAN 100 inside 200 */
	UNICAST,    /* VRID 53, 192.0.2.3, untagged; no multicast, and no peer yet */
	UNICAST6,   /* the same of IPv6 */
	SLOTS,
};

#define VRID_V3	     51
#define VRID_V2	     52
#define VRID_UNICAST 53
#define VRID_TAGGED6 54
#define VRID_DOUBLE6 55

#define VIP_V3	    0xc0000201u
#define VIP_V2	    0xc0000202u
#define VIP_TAGGED  0xc6336401u
#define VIP_DOUBLE  0xcb007101u
#define VIP_UNICAST 0xc0000203u
#define PRIMARY	    0xc000020bu /* our own address: 192.0.2.11 */
#define PRIMARY6    11		/* and fe80::11 */

/* In an expected state: any new value will do. What the programs stamp is checked for sense. */
#define CHANGED 1

#define EVENTS_SEEN 256

struct state {
	struct vr_slot slots[SLOTS];
	struct vr_stats stats[SLOTS];
	struct if_stats interface;
	unsigned event_count; /* reported by this frame */
	struct xvrrp_event events[EVENTS_SEEN];
};

enum result { PASSED, DROPPED, REPLIED };

struct outcome {
	enum result result;
	struct frame frame; /* as the program left it */
	struct state before, after;
};

struct xvrrp_bpf;
struct ring_buffer;

struct world {
	uint32_t ifindex; /* where the virtual routers are: LO until a test moves them */
	struct xvrrp_bpf *programs;
	struct vr_slot *slots; /* the map, in our memory */
	struct ring_buffer *ring;
};

/* For cmocka: *state is a struct world with all virtual routers Backup, as Startup leaves them. */
int world_setup(void **state);
int world_reset(void **state);
int world_teardown(void **state);

/* One group of tests, each of them from a fresh state. */
#define run_in_world(tests)                                                                     \
	_cmocka_run_group_tests(#tests, tests, sizeof(tests) / sizeof((tests)[0]), world_setup, \
				world_teardown)
#define in_world(test) cmocka_unit_test_setup(test, world_reset)

int64_t boottime_ns(void);
void lease(struct world *world, unsigned slot, bool valid);

struct vrrp_addr addr4(uint32_t host_order);
struct vrrp_addr addr6(struct ip6 address);
void add_vip(struct world *world, unsigned slot, uint32_t vlan, const struct vrrp_addr *address);
void add_router_key(struct world *world, unsigned slot, const struct vr_key *key);
void add_peer(struct world *world, unsigned slot, const struct vrrp_addr *address, uint8_t min,
	      uint8_t max);
/* Also the identity's set of addresses. */
void set_addresses(struct world *world, unsigned slot, const uint32_t *addresses, unsigned count);
void set_addresses6(struct world *world, unsigned slot, const struct ip6 *addresses,
		    unsigned count);

/* Through the ingress programs, and through the one for what the kernel sends. */
struct outcome receive(struct world *world, const struct frame *frame);
struct outcome transmit(struct world *world, const struct frame *frame);

/* All that receive() does but the comparing: for floods. Returns the verdict. */
enum result receive_fast(struct world *world, const struct frame *frame, unsigned times);
struct state world_state(struct world *world);
/* As before the first frame on the interface. */
void world_forget_interface(struct world *world);

/* The result, and the state after it, member by member; tells which differ. */
#define assert_outcome(out, result, expected) \
	assert_outcome_at(out, result, expected, __FILE__, __LINE__)
void assert_outcome_at(const struct outcome *out, enum result result, const struct state *expected,
		       const char *file, int line);

/* The frame passed or was dropped for this reason, and not a bit of anything else moved. */
#define assert_untouched(out) assert_outcome(out, PASSED, &(out)->before)
#define assert_only_counted(out, slot, counter) \
	assert_only_counted_at(out, slot, counter, __FILE__, __LINE__)
void assert_only_counted_at(const struct outcome *out, unsigned slot, enum vr_counter counter,
			    const char *file, int line);

/* What an accepted advertisement of VRRPv3 changes, a report included; tests add to it. Over IPv4
 * it is summed without pseudo-header. */
struct state accepted(const struct outcome *out, unsigned slot);

#endif
