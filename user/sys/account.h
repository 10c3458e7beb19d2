/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users and groups by name. Finding one may wait for a network: not in the loop's thread. */
#ifndef SYS_ACCOUNT_H
#define SYS_ACCOUNT_H

#include <sys/types.h>

#include "sys/failure.h"

/* What scripts run as that name no user, if there is one of this name: keepalived's. */
#define ACCOUNT_USUAL "keepalived_script"

/* `*gid` becomes the user's own group. -1 and a failure: there is no such user. */
int account_user(const char *user, uid_t *uid, gid_t *gid, struct failure *failure);

int account_group(const char *group, gid_t *gid, struct failure *failure);

#endif
