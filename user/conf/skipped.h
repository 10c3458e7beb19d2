/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rest of the keyword table: keepalived's keywords that this version does not act on. */
#ifndef CONF_SKIPPED_H
#define CONF_SKIPPED_H

#include "conf/schema.h"

/* NULL behind the end. */
const struct keyword *skipped_at(size_t index);

#endif
