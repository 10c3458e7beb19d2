/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of a plan; binding.c fills it. */
#include "plan.h"

#include <stdlib.h>

#include "conf/conf.h"

static bool allocate(struct plan *plan, size_t count)
{
	plan->addresses = calloc(count + 1, sizeof(*plan->addresses));
	plan->places = calloc(count + 1, sizeof(*plan->places));
	plan->labels = calloc(count + 1, sizeof(*plan->labels));
	plan->items = calloc(3 * count + 1, sizeof(*plan->items));
	plan->address_ifindexes = calloc(count + 1, sizeof(*plan->address_ifindexes));
	plan->frames = calloc(count + 1, sizeof(*plan->frames));
	plan->announcements = calloc(count + 1, sizeof(*plan->announcements));
	plan->fresh = calloc(count + 1, sizeof(*plan->fresh));
	return plan->addresses && plan->places && plan->labels && plan->items &&
	       plan->address_ifindexes && plan->frames && plan->announcements && plan->fresh;
}

struct plan *plan_new(const struct conf_instance *conf)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	size_t count = conf_served_count(conf);
	if (!plan || !allocate(plan, count)) {
		plan_free(plan);
		return NULL;
	}
	plan->address_count = count;
	plan->advertised_count = conf->address_count;
	for (size_t i = 0; i < count; i++)
		plan->addresses[i] = conf_served(conf, i)->address;
	return plan;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	free(plan->addresses);
	free(plan->places);
	free(plan->labels);
	free(plan->items);
	free(plan->address_ifindexes);
	free(plan->frames);
	free(plan->announcements);
	free(plan->fresh);
	free(plan);
}
