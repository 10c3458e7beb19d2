/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a simulation is made of: routers, a wire, what happens when, and what must be true when. A
 * file of tests/sim/scenarios/ says one, a seed says one (generate.h); a seed's can be printed as
 * a file, so that what was found by chance can be kept. The language is in tests/sim/README.md.
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/vr.h"

#define SIM_ROUTERS_MAX	 8
#define SIM_COMMANDS_MAX 256

enum sim_kind {
	SIM_XVRRPD,	/* the core, and a model of what is around it */
	SIM_RFC,	/* RFC 5798 or RFC 3768 to the letter, without a lease */
	SIM_KEEPALIVED, /* and as keepalived 2.2 does it */
};

struct sim_router {
	enum sim_kind kind;
	uint8_t priority; /* 255 = owner */
	bool preempt;
	int64_t preempt_delay_ns;
	bool no_answer; /* lower_prio_no_advert */
	bool last_word; /* higher_prio_send_advert */
	uint32_t interval_cs;
	uint32_t address;	       /* primary, host order; see sim_address() */
	enum checksum_policy checksum; /* of others: the one form they know; AUTO = pseudo */
	struct announce_params announce;
	int32_t clock_ppm;	 /* too fast, or too slow if negative */
	int64_t clock_offset_ns; /* its CLOCK_BOOTTIME at the beginning */
	int64_t wake_ns;	 /* it gets the CPU this late at most, as a rule */
	int64_t load_ns;	 /* from exec until the programs are loaded */
};

/* Between any two routers, unless cut. */
struct sim_wire {
	int64_t delay_ns, jitter_ns;
	uint32_t loss_ppm, duplicate_ppm;
	uint32_t reorder_ppm; /* this often a frame takes up to reorder_ns longer */
	int64_t reorder_ns;
};

enum sim_op {
	/* ---- what happens to a router ---- */
	SIM_START,  /* the agent is executed; goes on with what is pinned */
	SIM_KILL,   /* SIGKILL: the data plane stays */
	SIM_STOP,   /* SIGTERM: withdraws, cleans up */
	SIM_LEAVE,  /* SIGUSR2: ends without withdrawing */
	SIM_REBOOT, /* the machine is off for span_ns, then starts; nothing is left of before */
	SIM_FREEZE, /* SIGSTOP for span_ns: the data plane lives */
	SIM_PAUSE,  /* the machine stands still for span_ns, its clock does not; what arrives is
		       lost, or waits if value is 1 */
	SIM_LAME,   /* from now on wakes up to span_ns late, 0 = as usual again */
	SIM_TORN,   /* SIGKILL in the middle of the next step: after `value` words of
		       vr_remember(), or after all six and value - 6 of the actions */
	SIM_FAULT,  /* value: one bit of enum vr_fault */
	SIM_MEND,
	SIM_PRIORITY,  /* tracked priority becomes value, 1..254 */
	SIM_CONFIGURE, /* reloads: priority, interval_cs, where they are not 0; and preempts if
			  value is 1, does not if it is 2 */
	SIM_DRAIN,
	SIM_UNDRAIN,
	SIM_MUTE, /* the kernel refuses to send */
	SIM_UNMUTE,
	SIM_DETACH, /* its programs are gone: sees no frame ... */
	SIM_ATTACH, /* ... until now */
	/* ---- what happens to the wire ---- */
	SIM_CUT,  /* nothing gets from router to peer */
	SIM_JOIN, /* and now it does; all of it, if router is SIM_NOBODY */
	SIM_LOSS, /* loss_ppm becomes value */
	/* ---- somebody on the segment ---- */
	SIM_FORGE, /* an advertisement of nobody's to `router`: see struct sim_forgery */
	SIM_CLAIM, /* ARP or ND claims the virtual address for a foreign MAC, to `router` */
	/* ---- what must be true now ---- */
	SIM_EXPECT_STATE,	  /* value: enum vr_state of router */
	SIM_EXPECT_ANSWERS,	  /* value: 0 or 1: its data plane, or the peer, answers */
	SIM_EXPECT_ACTIVES,	  /* value: so many routers answer */
	SIM_MARK,		  /* counting begins anew, and times count from here */
	SIM_EXPECT_ADVERTS,	  /* least..most advertisements sent by router since the mark */
	SIM_EXPECT_ANNOUNCEMENTS, /* ... rounds of announcements */
	SIM_EXPECT_TRANSITIONS,	  /* ... transitions */
	SIM_EXPECT_LATE,	  /* ... late wake-ups told */
	SIM_EXPECT_TOOK_OVER,	  /* first advertisement least..most ns after the mark */
	SIM_EXPECT_UNANSWERED,	  /* clients' requests without a reply since the mark */
	SIM_OPS,
};

#define SIM_NOBODY 255 /* no router, or every router */

/* Mistakes of a forged advertisement; 0 = none. The source address is sim_command.address. */
enum sim_forgery {
	FORGE_TTL = 1 << 0,
	FORGE_SUM = 1 << 1,
	FORGE_VERSION = 1 << 2,
	FORGE_TYPE = 1 << 3,
	FORGE_LENGTH = 1 << 4,
	FORGE_ADDRESS = 1 << 5,	 /* another address list */
	FORGE_INTERVAL = 1 << 6, /* zero */
	FORGE_VRID = 1 << 7,
	FORGE_OWN = 1 << 8, /* from the receiver's own address */
	FORGE_UNICAST = 1 << 9,
};

struct sim_command {
	int64_t at_ns;
	enum sim_op op;
	uint8_t router, peer; /* indexes, or SIM_NOBODY */
	uint32_t value;	      /* FORGE: enum sim_forgery */
	int64_t span_ns;      /* FORGE, CLAIM: between two of them */
	int64_t least, most;  /* of an expectation */
	/* FORGE, CLAIM, CONFIGURE: */
	uint32_t count;
	uint32_t address; /* host order */
	uint8_t priority;
	uint16_t interval_cs;
	unsigned line; /* in the file, 0 = none */
};

struct scenario {
	char name[64];
	uint64_t seed; /* of all chance while it runs */
	uint8_t version;
	uint8_t family; /* enum vrrp_family; see sim_address() */
	uint8_t vrid;
	unsigned down_adverts; /* of all routers: 3 by the RFC */
	unsigned router_count;
	struct sim_router routers[SIM_ROUTERS_MAX];
	struct sim_wire wire;
	/*
	 * An agent may be stopped between any two things it does: this often it is, for up to
	 * hesitate_ns.
	 */
	uint32_t hesitate_ppm;
	int64_t hesitate_ns;
	int64_t client_ns; /* a client asks for the address this often, 0 = never */
	int64_t end_ns;
	/* Nothing is wrong from here on, so that by end_ns there must be one Active, and the right
	 * one; 0 = not to be checked. end_ns leaves scenario_settle_ns() at least. */
	int64_t settled_ns;
	unsigned command_count;
	struct sim_command commands[SIM_COMMANDS_MAX]; /* by at_ns */
};

/* A scenario of nobody and nothing, with a perfect wire. */
void scenario_init(struct scenario *scenario);

/*
 * Addresses are numbers, and written as IPv4 addresses. In a scenario of IPv6 each stands for a
 * link-local address that ends like it, so that the order is the same; the group's for the group.
 */
struct vrrp_addr sim_address(uint8_t family, uint32_t number);

/* When it is over: that of a command which lasts, or is repeated. */
int64_t scenario_command_end_ns(const struct sim_command *command);

/* How long it takes at most, from when nothing is wrong, until one router is Active. */
int64_t scenario_settle_ns(const struct scenario *scenario);

/* False with one line of what is wrong, "FILE:LINE: ...", in `error`. */
bool scenario_parse(struct scenario *scenario, const char *file, FILE *in, char *error,
		    size_t size);
/* As text that parses to the same again. */
void scenario_print(const struct scenario *scenario, FILE *out);

#endif
