/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xvrrpctl: asks a running xvrrpd over its control socket (protocol: user/ctl/control.h). A table
 * of words chooses the printer; `--json` prints what came.
 *
 * Exit status: 0 answered, 1 no answer, a refusal, or problems that the doctor found, 2 usage.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "conn.h"
#include "show.h"

enum exit_code {
	EXIT_ANSWERED = 0,
	EXIT_UNANSWERED = 1,
	EXIT_USAGE = 2,
};

struct word {
	const char *word;
	bool takes_name;
	show_fn *show; /* NULL = follow */
	const char *help;
};

static const struct word words[] = {
	{"status", true, show_status, "the virtual routers; with a name one of them in full"},
	{"interfaces", false, show_interfaces, "which hook does the work on each, and why"},
	{"stats", true, show_stats, "all counters, with the meaning of those not 0"},
	{"drain", true, show_drain, "give the role away without loss and stay away from it ..."},
	{"undrain", true, show_undrain, "... until this"},
	{"reload", false, show_reload, "read the configuration file again"},
	{"doctor", false, show_doctor, "look for what is wrong, and say what to do"},
	{"events", false, NULL, "follow transitions, priorities and foreign claims, as JSON"},
	{"config", false, show_config, "the configuration in force, in canonical form"},
	{"version", false, show_version, "the version of the running xvrrpd"},
};
#define WORD_COUNT (sizeof(words) / sizeof(words[0]))

struct options {
	const char *socket;
	bool json;
	const struct word *word;
	const char *name; /* NULL = none */
};

static void print_help(void)
{
	puts("usage: xvrrpctl [-s SOCKET] [--json] COMMAND [NAME]\n");
	for (size_t i = 0; i < WORD_COUNT; i++) {
		char form[32];
		snprintf(form, sizeof(form), "%s%s", words[i].word,
			 words[i].takes_name ? " [NAME]" : "");
		printf("  %-15s  %s\n", form, words[i].help);
	}
	puts("\n"
	     "  -s, --socket SOCKET  of the xvrrpd to ask (default /run/xvrrpd/control.sock)\n"
	     "      --json           print the answer as JSON\n"
	     "  -V, --version        print xvrrpctl's own version and exit\n"
	     "  -h, --help           print this and exit\n"
	     "\n"
	     "See xvrrpctl(8).");
}

static const struct word *find_word(const char *text)
{
	for (size_t i = 0; i < WORD_COUNT; i++)
		if (strcmp(words[i].word, text) == 0)
			return &words[i];
	return NULL;
}

static bool misuse(const char *what, const char *value)
{
	fprintf(stderr, "xvrrpctl: %s%s%s%s; see xvrrpctl --help\n", what, value ? " '" : "",
		value ? value : "", value ? "'" : "");
	return false;
}

/* COMMAND [NAME] */
static bool parse_words(struct options *options, int count, char **arguments)
{
	if (count == 0)
		return misuse("a command is missing", NULL);
	options->word = find_word(arguments[0]);
	if (!options->word)
		return misuse("unknown command", arguments[0]);
	if (count > 1 && !options->word->takes_name)
		return misuse("this command takes no name, but there is", arguments[1]);
	if (count > 2)
		return misuse("unexpected argument", arguments[2]);
	options->name = count > 1 ? arguments[1] : NULL;
	return true;
}

/* Whether to go on; if not, `*code` is the exit status. */
static bool parse(struct options *options, int argc, char **argv, int *code)
{
	static const struct option long_options[] = {
		{"socket", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	*options = (struct options){.socket = "/run/xvrrpd/control.sock"};
	int letter;
	while ((letter = getopt_long(argc, argv, "s:Vh", long_options, NULL)) != -1) {
		*code = EXIT_ANSWERED;
		if (letter == 's') {
			options->socket = optarg;
		} else if (letter == 'j') {
			options->json = true;
		} else if (letter == 'V') {
			puts("xvrrpctl " XVRRPD_VERSION);
			return false;
		} else if (letter == 'h') {
			print_help();
			return false;
		} else { /* getopt has said what is wrong */
			fputs("xvrrpctl: see xvrrpctl --help\n", stderr);
			*code = EXIT_USAGE;
			return false;
		}
	}
	*code = EXIT_USAGE;
	return parse_words(options, argc - optind, argv + optind);
}

/* Everything on stdout must have got there. */
static int finish_output(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_ANSWERED;
	perror("xvrrpctl: standard output");
	return EXIT_UNANSWERED;
}

static int follow(struct conn *conn)
{
	const char *line;
	for (;;) {
		switch (conn_line(conn, CONN_FOREVER, &line)) {
		case CONN_LINE:
			puts(line);
			if (finish_output() != EXIT_ANSWERED)
				return EXIT_UNANSWERED;
			break;
		case CONN_UNWANTED:
			return EXIT_ANSWERED;
		case CONN_END:
		case CONN_SILENT:
			fputs("xvrrpctl: xvrrpd has closed the connection: it was stopped, or "
			      "events were not read fast enough\n",
			      stderr);
			return EXIT_UNANSWERED;
		}
	}
}

static int print_result(const struct options *options, const json_t *result)
{
	if (!options->json) {
		options->word->show(result, options->name);
	} else {
		json_dumpf(result, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
		putchar('\n');
	}
	/* Only the doctor's answer has such a member. */
	bool problems = json_integer_value(json_object_get(result, "problems")) > 0;
	return finish_output() == EXIT_ANSWERED && !problems ? EXIT_ANSWERED : EXIT_UNANSWERED;
}

static int ask(const struct options *options, struct conn *conn)
{
	if (!conn_request(conn, options->word->word, options->name))
		return EXIT_UNANSWERED;
	json_t *reply = conn_reply(conn);
	if (!reply)
		return EXIT_UNANSWERED;
	int code = options->word->show ? print_result(options, json_object_get(reply, "result"))
				       : follow(conn);
	json_decref(reply);
	return code;
}

int main(int argc, char **argv)
{
	struct options options;
	struct conn conn;
	int code;
	if (!parse(&options, argc, argv, &code))
		return code;
	if (!conn_open(&conn, options.socket))
		return EXIT_UNANSWERED;
	code = ask(&options, &conn);
	conn_close(&conn);
	return code;
}
