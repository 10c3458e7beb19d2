/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtual router that gets another plan while it runs: what only the old one has is removed from
 * the kernel, then from the data plane, and what only the new one has is added. Of many routers
 * all must begin before any ends, because an address may move from one to another.
 */
#ifndef KERNEL_H
#define KERNEL_H

struct plan;
struct router;
struct kernel_swap;

/* Room for it, beforehand; NULL without memory. */
struct kernel_swap *kernel_swap_new(const struct router *router);
void kernel_swap_free(struct kernel_swap *swap); /* NULL is allowed */

/* router->plan is the new one; the swap and the old plan are given away. */
void kernel_swap_begin(struct router *router, struct kernel_swap *swap, struct plan *old);

/* For a router that is bound still. */
void kernel_swap_end(struct router *router);

#endif
