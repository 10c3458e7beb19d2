/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files attach*.c share: the three hooks of an interface, and how a program gets there.
 */
#ifndef SYS_ATTACH_PRIVATE_H
#define SYS_ATTACH_PRIVATE_H

#include "sys/dataplane_private.h"

enum hook {
	HOOK_XDP,
	HOOK_TC_IN,
	HOOK_TC_OUT,
	HOOKS,
};

/* An interface that dataplane_attach() was called for. */
struct attachment {
	struct attachment *next;
	int ifindex;
	char name[IFNAMSIZ];
	bool tagged;	      /* VLANs lie on it */
	enum xdp_mode wanted; /* as last asked for; AUTO where an earlier agent's is adopted */
	enum xdp_mode mode;   /* of the XDP link, or XDP_MODE_TC; AUTO = nothing is there yet */
	char reason[200];     /* as in struct attach_status */
	bool incomplete;      /* the last dataplane_attach() failed */
	int link[HOOKS];      /* descriptors of pinned links, -1 = none or a clsact filter */
	__u32 program[HOOKS]; /* the id of the program that belongs there, 0 = none */
};

/* ---- attach.c ---- */

/* Has dataplane_attach() been called for the interface, and no dataplane_detach()? Under the lock.
 */
bool is_attached(const struct dataplane *dataplane, int ifindex);
/* Free all attachments; what is on the interfaces stays. */
void attachments_forget(struct dataplane *dataplane);

/* ---- attach_links.c ---- */

/* Pin a new link, of which `fd` is owned from here on, as the one of this hook. */
int link_keep(struct dataplane *dataplane, struct attachment *attachment, enum hook hook, int fd,
	      struct failure *failure);
/* Put another program into the link, without a gap; false with errno if the kernel refuses. */
bool link_update(struct attachment *attachment, enum hook hook, int program_fd);
/* Is the link there, and still on the interface? Other tools can detach it. */
bool link_alive(const struct attachment *attachment, enum hook hook);
/* The id of the program in it, 0 = it is not alive. */
__u32 link_program(const struct attachment *attachment, enum hook hook);
/* Is the pin there? Whoever deletes it makes the program's life end with ours. */
bool link_pinned(const struct dataplane *dataplane, const struct attachment *attachment,
		 enum hook hook);
int links_pin_again(struct dataplane *dataplane, struct attachment *attachment,
		    struct failure *failure);
/* Detach, unpin and close it, if there is one. */
void link_drop(struct dataplane *dataplane, struct attachment *attachment, enum hook hook);
/* Take the pinned links of an earlier agent that are alive; drop the others. */
void links_adopt(struct dataplane *dataplane, struct attachment *attachment);

/* The id of a program, 0 if the kernel does not tell. */
__u32 program_id(int program_fd);

/* ---- attach_tags.c ---- */

/* Turn off what hides VLAN tags from XDP; false if that cannot be. */
bool tags_show(struct dataplane *dataplane, const struct attachment *attachment);
/* Turn on again what we have turned off, this agent or one before, also of what is gone. */
void tags_strip_again(struct dataplane *dataplane, int ifindex);
/* Has somebody turned on again what we had turned off? */
bool tags_hidden(const struct dataplane *dataplane, const struct attachment *attachment);
/* Of what the name of a marker has behind the index: is it one of these? */
bool is_tags_marker(const char *name);

/* ---- attach_tc.c ---- */

enum tc_program {
	TC_PROGRAM_IN,	 /* all steps: there is no XDP before it */
	TC_PROGRAM_MARK, /* what only tc can do, behind XDP */
	TC_PROGRAM_OUT,
};

/* Put a program on its hook, in place of the one of ours that is there, without a gap. */
int tc_set(struct dataplane *dataplane, struct attachment *attachment, enum tc_program program,
	   struct failure *failure);
void tc_remove(struct dataplane *dataplane, struct attachment *attachment);

/* Is this program on the tcx hook of this interface? */
bool tcx_has(int ifindex, enum hook hook, __u32 id);

/* Attach by clsact filters as on kernels without tcx: for tests of that path on newer ones. */
void tc_avoid_tcx(struct dataplane *dataplane);

/* ---- attach_clsact.c ---- */

int clsact_set(struct dataplane *dataplane, int ifindex, enum hook hook, int program_fd,
	       struct failure *failure);
/* The id of the program in our filter, 0 = there is none. */
__u32 clsact_program(const struct dataplane *dataplane, int ifindex, enum hook hook);
/* Remove our filters from the interface, and its clsact if we made it and nobody else uses it. */
void clsact_remove(struct dataplane *dataplane, int ifindex);
/* The same wherever there is a clsact and dataplane_attach() has not been called. */
void clsact_settle(struct dataplane *dataplane);

/* ---- attach_xdp.c ---- */

/* The XDP program on the interface that is not ours, as "'name' (id 12)" or "with id 12"; false if
 * none. */
bool xdp_foreign(struct dataplane *dataplane, int ifindex, char text[64]);

/* In which mode this program is on the interface, AUTO = it is not. */
enum xdp_mode xdp_mode_of(int ifindex, __u32 id);

/* Put our present program into the link that is there; false with errno. */
bool xdp_update(struct dataplane *dataplane, struct attachment *attachment);
/* Attach in mode NATIVE or GENERIC; a failure text says why not, and only for XDP itself. */
int xdp_set(struct dataplane *dataplane, struct attachment *attachment, enum xdp_mode mode,
	    struct failure *failure);

#endif
