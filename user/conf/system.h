/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a configuration asks of this machine: users and programs. Looks at files, as load.c does. */
#ifndef CONF_SYSTEM_H
#define CONF_SYSTEM_H

#include "conf/conf.h"

/*
 * As in keepalived, scripts whose user does not exist are left out; with script security also those
 * without any user, which would run as root; and checks whose program is missing or cannot be
 * executed, which could only ever fail. Each with a warning.
 */
void conf_check_system(struct conf *conf, struct conf_diags *diags);

#endif
