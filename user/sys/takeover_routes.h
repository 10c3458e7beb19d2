/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rtnetlink messages of routes and rules, and what they look like when the kernel lists them.
 */
#ifndef SYS_TAKEOVER_ROUTES_H
#define SYS_TAKEOVER_ROUTES_H

#include "core/route.h"
#include "sys/takeover_batch.h"

/* Add the message to the batch, or count the item as failed if an interface of it is missing. */
void put_route(struct takeover *takeover, const struct takeover_item *item, bool remove);
void put_rule(struct takeover *takeover, const struct takeover_item *item, bool remove);

/* Does it carry our mark? Then what identifies it is in `out`. */
bool parse_route(const struct nlmsghdr *message, struct route *out);
bool parse_rule(const struct nlmsghdr *message, struct rule *out);

/* Ask for all that carry our mark. 0, or -1 with errno. */
int dump_routes(struct takeover *takeover, bool ipv4, batch_each_fn *each, void *data);
int dump_rules(struct takeover *takeover, bool ipv4, batch_each_fn *each, void *data);

#endif
