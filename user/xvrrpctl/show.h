/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The printers: each puts one kind of result on stdout. `name` is what was asked for, or NULL. */
#ifndef XVRRPCTL_SHOW_H
#define XVRRPCTL_SHOW_H

#include <jansson.h>

typedef void show_fn(const json_t *result, const char *name);

show_fn show_status, show_stats, show_interfaces, show_config, show_version;
show_fn show_drain, show_undrain, show_reload, show_doctor;

/* One virtual router in full: what show_status() does with a name. */
void show_router(const json_t *router, const json_t *interfaces);

#endif
