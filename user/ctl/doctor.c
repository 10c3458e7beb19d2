/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/text.h"

static const char *const severities[] = {
	[FINDING_OK] = "ok",
	[FINDING_NOTE] = "note",
	[FINDING_WARNING] = "warning",
	[FINDING_PROBLEM] = "problem",
};

void finding_add(json_t *findings, enum finding_severity severity, const char *check,
		 const char *subject, const char *advice, const char *format, ...)
{
	char text[600];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	json_t *finding = json_object();
	json_object_set_new(finding, "severity", json_string(severities[severity]));
	json_object_set_new(finding, "check", json_string(check));
	json_object_set_new(finding, "subject", json_text(subject));
	json_object_set_new(finding, "text", json_text(text));
	json_object_set_new(finding, "advice", advice ? json_text(advice) : json_null());
	if (json_object_size(finding) == 5)
		json_array_append(findings, finding);
	json_decref(finding);
}

static int count_of(const json_t *findings, enum finding_severity severity)
{
	int count = 0;
	size_t i;
	json_t *finding;
	json_array_foreach(findings, i, finding) {
		const char *found = json_string_value(json_object_get(finding, "severity"));
		count += found && strcmp(found, severities[severity]) == 0;
	}
	return count;
}

json_t *doctor_json(json_t *findings)
{
	return json_pack("{si, si, si, so}", "problems", count_of(findings, FINDING_PROBLEM),
			 "warnings", count_of(findings, FINDING_WARNING), "notes",
			 count_of(findings, FINDING_NOTE), "findings", findings);
}
