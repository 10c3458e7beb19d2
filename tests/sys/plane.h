/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of the data plane share: a place for pins, an interface pair, foreign programs,
 * and a look at the hooks of an interface through the kernel's own interfaces.
 */
#ifndef TESTS_SYS_PLANE_H
#define TESTS_SYS_PLANE_H

#include "sys/attach_private.h"

#include <stddef.h>
#include <stdint.h>

/* How tc programs get onto an interface: tcx or clsact where the kernel has both. */
enum plane_tc {
	PLANE_TCX,
	PLANE_CLSACT,
};

extern enum plane_tc plane_clsact; /* for PLANE_TEST_CLSACT */

struct plane {
	enum plane_tc tc;
	char pins[64]; /* the pin directory; its parent is an ordinary directory */
	int ifindex;   /* of "x0", whose peer is "y0" */
};

/* Group: own network and mount namespace. */
int plane_enter(void **state);
int plane_leave(void **state);
/* Test: the pair x0, y0; afterwards asserts that nothing is left. */
int plane_setup(void **state);
int plane_teardown(void **state);

/* dataplane_open(), _load() and _start(). NULL if one fails; then nothing of it is left. */
struct dataplane *plane_try(const char *pins, struct failure *failure);
/* The same, which must succeed, in the way that `plane->tc` says. */
struct dataplane *plane_open(const struct plane *plane);
/* dataplane_open() alone, which must succeed. */
struct dataplane *plane_open_only(const struct plane *plane);
/* dataplane_load() and dataplane_start(), which must succeed; and what they log. */
void plane_start(const struct plane *plane, struct dataplane *dataplane);
const char *plane_start_log(const struct plane *plane, struct dataplane *dataplane);
/* dataplane_attach() to x0, which must succeed. */
struct attach_status plane_attach(const struct plane *plane, struct dataplane *dataplane,
				  const char *kind, enum xdp_mode wanted);

/*
 * What an agent does of which nothing is left but the kernel's: opens its data plane, does `work`,
 * is killed. In a child process a failed assertion aborts.
 */
typedef void plane_work(const struct plane *plane, struct dataplane *dataplane);
void plane_kill_after(const struct plane *plane, plane_work *work);
/* To be called in a child process before anything is asserted. */
void plane_in_child(void);

/* dataplane_slot_new(), which must say `adopted`; -1 if it fails. */
int plane_slot(struct dataplane *dataplane, const struct vr_key *key, bool adopted,
	       struct failure *failure);

/* A key on the loopback interface, which is BPF_PROG_RUN's when nobody says another. */
struct vr_key plane_key(unsigned vrid);
struct vip_key plane_vip(uint32_t address);
/* The slot that a pinned index leads to, or -1. */
int plane_lookup(const struct plane *plane, const char *map, const void *key);

/* A descriptor of a pinned map. */
int plane_map(const struct plane *plane, const char *name);

/* The program on the XDP hook, as a descriptor, -1 = none ... */
int xdp_program(int ifindex);
/* ... its name, "" = none; and whether it is in native mode. */
void xdp_name(int ifindex, char name[16]);
bool xdp_is_native(int ifindex);
/* How many programs of this name are on tc ingress or egress, tcx links and clsact filters. */
unsigned tc_count(int ifindex, bool egress, const char *program);
bool has_clsact(void);
/* Has the kernel tcx (6.6)? Tests of its links skip without. */
bool has_tcx(void);
/* The three hooks, for a mode; XDP_MODE_AUTO stands for nothing at all. */
void assert_hooks(int ifindex, enum xdp_mode mode);

/* An XDP program of somebody else, as a link: closing the descriptor takes it off. */
int foreign_xdp(int ifindex);
/* Detach a link of ours as another tool would, by its pin: "xdp", "tc_in", "tc_out". */
void detach_link(const struct plane *plane, const char *hook);
/* Is there an entry of if_stats? */
bool has_counters(const struct plane *plane, int ifindex);

/* Load a program "somebody" that passes everything; a descriptor. */
int foreign_program(int type);

/* All that the process writes to stderr while `work` runs, which must not assert: a string in
 * static memory. */
const char *stderr_of(void (*work)(void *data), void *data);

void assert_one_line(const char *log, const char *part);

#define assert_contains(text, part)                                   \
	do {                                                          \
		if (!strstr(text, part))                              \
			fail_msg("\"%s\" is not in: %s", part, text); \
	} while (0)

#define PLANE_TEST(f) cmocka_unit_test_setup_teardown(f, plane_setup, plane_teardown)
#define PLANE_TEST_CLSACT(f)                                                  \
	{                                                                     \
#f " (clsact)", f, plane_setup, plane_teardown, &plane_clsact \
	}

#endif
