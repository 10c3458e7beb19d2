/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: any words, some of them ours. Whatever is accepted has a mode, a level and
 * names, all of them in range.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "options.h"

#define WORDS_MAX 16

static const char *const known[] = {
	"-f",	      "--config",    "-t",	    "--config-test",
	"--strict",   "-T",	     "--run-dir",   "--pin-dir",
	"--xdp-mode", "auto",	     "native",	    "generic",
	"tc",	      "--log-level", "error",	    "debug",
	"-V",	      "-h",	     "-n",	    "-l",
	"-D",	      "-P",	     "--xdp-mode=", "--log-level=info",
	"--",	      "--vrrp",	     "-i",	    "--config-id=main",
};

static char *take_word(struct input *input)
{
	const uint8_t *at;
	unsigned number = take8(input);
	size_t length;
	char *word;

	if (number < sizeof(known) / sizeof(known[0]))
		return strdup(known[number]);
	length = take_view(input, &at, number % 16);
	word = strndup((const char *)at, length);
	must(word);
	return word;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	stderr = fopen("/dev/null", "we");
	must(stderr);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	char *words[WORDS_MAX + 2] = {strdup("xvrrpd")};
	struct options options;
	int count = 1;

	while (input.left && count <= WORDS_MAX)
		words[count++] = take_word(&input);
	optind = 0; /* glibc: begin anew */
	if (options_parse(&options, count, words)) {
		must(options.mode <= RUN_HELP);
		must(options.config_path && options.run_dir && options.pin_dir);
		must(*xdp_mode_name(options.xdp_mode));
		must(options.log_level >= LOG_LEVEL_ERROR && options.log_level <= LOG_LEVEL_DEBUG);
	}
	while (count)
		free(words[--count]);
	return 0;
}
