/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "statement.h"

#include <stdio.h>

/* What stands behind the keyword, NULL = there are no more ways. */
static const char *number_of(const struct keyword *keyword, unsigned choice,
			     char text[VALUE_TEXT_LEN])
{
	const int64_t values[] = {keyword->min, keyword->max, keyword->max + 1};

	if (choice == 3)
		return "0.125";
	return choice < 3 ? schema_format_value(keyword, values[choice], text) : NULL;
}

static const char *one_of(const char *const *words, unsigned count, unsigned choice)
{
	return choice < count ? words[choice] : NULL;
}

static const char *word_of(const struct keyword *keyword, unsigned choice)
{
	for (unsigned i = 0; keyword->words && keyword->words[i]; i++)
		if (i == choice)
			return keyword->words[i];
	return NULL;
}

static const char *value_of(const struct keyword *keyword, unsigned choice,
			    char text[VALUE_TEXT_LEN])
{
	static const char *const switches[] = {"on", "off"};
	static const char *const texts[] = {"a",   "b",		 "\"fifteen bytes..", "+",
					    "254", "10.0.0.255", "fe80::1/10"};

	switch (keyword->kind) {
	case KIND_INTEGER:
	case KIND_SECONDS:
	case KIND_WEIGHT:
		return number_of(keyword, choice, text);
	case KIND_CHOICE:
		return word_of(keyword, choice);
	case KIND_BLOCK:
		return choice ? NULL : "{";
	case KIND_BOOL:
		return one_of(switches, 2, choice);
	case KIND_INTERFACE:
	case KIND_TEXT:
	case KIND_IP:
	case KIND_SCRIPT:
	case KIND_USER:
	case KIND_FIFO:
	case KIND_EXTRA:
	case KIND_WORDS:
	case KIND_INIT_FILE:
		return one_of(texts, sizeof(texts) / sizeof(texts[0]), choice);
	case KIND_FLAG:
	case KIND_ACCEPTED:
	case KIND_SKIPPED:
	case KIND_REFUSED:
		break;
	}
	return NULL;
}

bool statement_of(const struct keyword *keyword, unsigned choice, char text[STATEMENT_LEN])
{
	const char *before = keyword->context >= FIRST_LIST ? " " : "\n", *value = "";
	char number[VALUE_TEXT_LEN];

	if (choice)
		value = value_of(keyword, choice - 1, number);
	if (value)
		snprintf(text, STATEMENT_LEN, "%s%s %s", before, keyword->name, value);
	return value;
}

const char *statement_other(unsigned number)
{
	static const char *const others[] = {
		"\nvrrp_instance A {\ninterface a\nvirtual_router_id 1",
		"\nvrrp_instance B {\ninterface b\nvirtual_router_id 2",
		"\nvirtual_ipaddress {\n10.0.0.1/24",
		"\n2001:db8::1/64",
		"\n::ffff:10.0.0.1",
		"\nunicast_peer {\n10.0.0.2 min_ttl 1",
		"\nvrrp_sync_group G {\ngroup {\nA B\n}\n",
		"\nvrrp_script S {\nscript \"/bin/x y\"\nweight 2",
		"\ntrack_file F {\nfile /x",
		"\nvrrp_track_process P {\nprocess x y",
		"\ntrack_script {\nS weight -2 reverse",
		"\ntrack_file {\nF\nF weight 1",
		"\ntrack_process {\nP weight 5",
		"\ntrack_interface {\na weight 5\nb",
		"\nnotify_fifo /x a b",
		"\nnotify \"/bin/x 'a b' \\x41\\\" && $1\" root",
		"\n}\n",
		"\"",
		"\n@main ",
		"\n@^main ",
		"\n$NAME=\\\n",
		"\n$A=1",
		"\n$A=$NAME",
		"${A}",
		"$A",
		"\n$NAME\n",
		" \\\n",
		"${_PWD}",
		"${_ENV E}",
		"${_RANDOM 1 2}",
		"${_HASH}",
		"\n~SEQ(A,1,2) ",
		"\n~SEQx(A,9,-1,8)",
		"\n~LST({A,B},{1,2},{3})",
		"\ninclude 1",
		"\nincludea {1,2}",
		"\1",
		"\xc2\xa0",
		"\xef\xbb\xbf",
	};

	return number < sizeof(others) / sizeof(others[0]) ? others[number] : NULL;
}
