/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum long_only {
	OPT_STRICT = 256,
	OPT_EXPLAIN,
	OPT_RUN_DIR,
	OPT_PIN_DIR,
	OPT_XDP_MODE,
	OPT_LOG_LEVEL,
};

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'f'},
	{"config-id", required_argument, NULL, 'i'},
	{"config-test", no_argument, NULL, 't'},
	{"strict", no_argument, NULL, OPT_STRICT},
	{"explain", required_argument, NULL, OPT_EXPLAIN},
	{"dump-config", no_argument, NULL, 'T'},
	{"run-dir", required_argument, NULL, OPT_RUN_DIR},
	{"pin-dir", required_argument, NULL, OPT_PIN_DIR},
	{"xdp-mode", required_argument, NULL, OPT_XDP_MODE},
	{"log-level", required_argument, NULL, OPT_LOG_LEVEL},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	/* keepalived's habits: we are always in the foreground, and log to stderr */
	{"dont-fork", no_argument, NULL, 'n'},
	{"log-console", no_argument, NULL, 'l'},
	{"log-detail", no_argument, NULL, 'D'},
	{"vrrp", no_argument, NULL, 'P'},
	{NULL, 0, NULL, 0},
};

static bool misuse(const char *what, const char *value)
{
	fprintf(stderr, "xvrrpd: %s '%s'; see xvrrpd --help\n", what, value);
	return false;
}

static bool apply(struct options *options, int letter, const char *value)
{
	switch (letter) {
	case 'f':
		options->config_path = value;
		return true;
	case 'i':
		options->config_id = value;
		return true;
	case 't':
		options->mode = RUN_CONFIG_TEST;
		return true;
	case 'T':
		options->mode = RUN_DUMP_CONFIG;
		return true;
	case 'V':
		options->mode = RUN_VERSION;
		return true;
	case 'h':
		options->mode = RUN_HELP;
		return true;
	case OPT_EXPLAIN:
		options->mode = RUN_EXPLAIN;
		options->keyword = value;
		return true;
	case OPT_STRICT:
		options->strict = true;
		return true;
	case OPT_RUN_DIR:
		options->run_dir = value;
		return true;
	case OPT_PIN_DIR:
		options->pin_dir = value;
		return true;
	case OPT_XDP_MODE:
		return xdp_mode_parse(value, &options->xdp_mode) ||
		       misuse("--xdp-mode is auto, native, generic or tc, not", value);
	case OPT_LOG_LEVEL:
		return log_level_parse(value, &options->log_level) ||
		       misuse("--log-level is error, warning, notice, info or debug, not", value);
	case 'n':
	case 'l':
	case 'D':
	case 'P':
		return true;
	default: /* getopt has said what is wrong */
		fprintf(stderr, "xvrrpd: see xvrrpd --help\n");
		return false;
	}
}

bool options_parse(struct options *options, int argc, char **argv)
{
	*options = (struct options){
		.mode = RUN_AGENT,
		.config_path = "/etc/xvrrpd/xvrrpd.conf",
		.run_dir = "/run/xvrrpd",
		.pin_dir = "/sys/fs/bpf/xvrrpd",
		.xdp_mode = XDP_MODE_AUTO,
		.log_level = LOG_LEVEL_INFO,
	};
	int letter;
	while ((letter = getopt_long(argc, argv, "f:i:tTVhnlDP", long_options, NULL)) != -1)
		if (!apply(options, letter, optarg))
			return false;
	if (optind < argc)
		return misuse("unexpected argument", argv[optind]);
	return true;
}

void options_print_help(void)
{
	fputs("usage: xvrrpd [options]\n"
	      "\n"
	      "  -f, --config FILE      configuration (default /etc/xvrrpd/xvrrpd.conf)\n"
	      "  -i, --config-id ID     what `@ID` lines are compared with (default: the host "
	      "name\n"
	      "                         up to its first dot)\n"
	      "  -t, --config-test      check the configuration and exit: 0 usable, 1 not\n"
	      "      --strict           warnings of the configuration are errors, always\n"
	      "      --explain KEYWORD  say what a keyword of the configuration means, and exit\n"
	      "  -T, --dump-config      print the effective configuration and exit\n"
	      "      --run-dir DIR      control socket and pid file (default /run/xvrrpd)\n"
	      "      --pin-dir DIR      pinned maps and links (default /sys/fs/bpf/xvrrpd)\n"
	      "      --xdp-mode MODE    auto, native, generic or tc (default auto)\n"
	      "      --log-level LEVEL  error, warning, notice, info or debug (default info)\n"
	      "  -V, --version          print the version and exit\n"
	      "  -h, --help             print this and exit\n"
	      "\n"
	      "keepalived's -n, -l, -D and -P are accepted and do nothing: xvrrpd stays in the\n"
	      "foreground and logs to stderr. See xvrrpd(8), xvrrpd.conf(5) and xvrrpctl(8).\n",
	      stdout);
}
