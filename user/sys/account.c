/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/account.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

int account_user(const char *user, uid_t *uid, gid_t *gid, struct failure *failure)
{
	char buffer[16384];
	struct passwd entry, *found = NULL;
	errno = getpwnam_r(user, &entry, buffer, sizeof(buffer), &found);
	if (!found)
		return fail(failure, "user %s: %s", user, errno ? strerror(errno) : "unknown");
	*uid = entry.pw_uid;
	*gid = entry.pw_gid;
	return 0;
}

int account_group(const char *group, gid_t *gid, struct failure *failure)
{
	char buffer[16384];
	struct group entry, *found = NULL;
	errno = getgrnam_r(group, &entry, buffer, sizeof(buffer), &found);
	if (!found)
		return fail(failure, "group %s: %s", group, errno ? strerror(errno) : "unknown");
	*gid = entry.gr_gid;
	return 0;
}
