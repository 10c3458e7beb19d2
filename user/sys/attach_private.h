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
	enum xdp_mode mode; /* of the XDP link, or XDP_MODE_TC */
	char reason[200];   /* as in struct attach_status */
	int link[HOOKS];    /* descriptors of pinned links, -1 = none or a clsact filter */
};

/* ---- attach.c: links ---- */

/* Pin a new link, of which `fd` is owned from here on, as the one of this hook. */
int link_keep(struct dataplane *dataplane, struct attachment *attachment, enum hook hook, int fd,
	      struct failure *failure);
/* Is the link there, and still on the interface? Other tools can detach it. */
bool link_alive(const struct attachment *attachment, enum hook hook);
/* Detach, unpin and close it, if there is one. */
void link_drop(struct dataplane *dataplane, struct attachment *attachment, enum hook hook);

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

/* Attach by clsact filters as on kernels without tcx: for tests of that path on newer ones. */
void tc_avoid_tcx(struct dataplane *dataplane);

/* ---- attach_clsact.c ---- */

int clsact_set(struct dataplane *dataplane, int ifindex, enum hook hook, int program_fd,
	       struct failure *failure);
/* Remove our filters from the interface, and its clsact if we made it and nobody else uses it. */
void clsact_remove(struct dataplane *dataplane, int ifindex);

/* ---- attach_xdp.c ---- */

/* The XDP program on the interface that is not ours, as "'name' (id 12)" or "with id 12"; false if
 * none. */
bool xdp_foreign(struct dataplane *dataplane, int ifindex, char text[64]);

/* Attach in mode NATIVE or GENERIC; a failure text says why not, and only for XDP itself. */
int xdp_set(struct dataplane *dataplane, struct attachment *attachment, enum xdp_mode mode,
	    struct failure *failure);

#endif
