/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes and rules of the configuration, as data: conf/ fills them in, sys/ brings them into the
 * kernel. Everything that identifies one is in it, so that two can be compared byte by byte.
 */
#ifndef CORE_ROUTE_H
#define CORE_ROUTE_H

#include <net/if.h>

#include "core/types.h"

#endif
