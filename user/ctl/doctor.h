/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `xvrrpctl doctor` finds, as JSON: {"problems": n, "warnings": n, "notes": n, "findings":
 * [{"severity", "check", "subject", "text", "advice"}]}. Pure.
 */
#ifndef CTL_DOCTOR_H
#define CTL_DOCTOR_H

#include <jansson.h>

enum finding_severity {
	FINDING_OK,	 /* looked at, nothing is wrong */
	FINDING_NOTE,	 /* worth knowing */
	FINDING_WARNING, /* works now, and fails in some case */
	FINDING_PROBLEM, /* does not work, or there may be two Actives */
};

/*
 * Append one. `check` is the name of what was looked at, `subject` a virtual router, an interface
 * or "host"; `advice` what to do, NULL = nothing. Without memory nothing is appended.
 */
__attribute__((format(printf, 6, 7))) void finding_add(json_t *findings,
						       enum finding_severity severity,
						       const char *check, const char *subject,
						       const char *advice, const char *format, ...);

/* The whole answer, with the sums; takes over the reference. NULL without memory. */
json_t *doctor_json(json_t *findings);

#endif
