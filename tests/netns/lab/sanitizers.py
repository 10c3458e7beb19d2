# SPDX-License-Identifier: GPL-2.0-or-later
"""An agent built with `make SAN=1`: its reports are found whether or not a test looks at its
output, and it is given the time to look for leaks.
"""

import functools
import os
import pathlib
import tempfile

from .xvrrpd import BUILD

RUNTIMES = (b"__asan_init", b"__tsan_init")


@functools.cache
def built_in():
    """Is the agent under test built with a sanitizer?"""
    binary = (BUILD / "xvrrpd").read_bytes()
    return any(symbol in binary for symbol in RUNTIMES)


# A failed assertion is a report, too. Whoever preloads a library must not come in between.
OPTIONS = {
    "ASAN_OPTIONS": "handle_abort=1:verify_asan_link_order=0",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": "handle_abort=1",
}


class Reports:
    """Where every process that we start from now on writes its report, one file each."""

    def __init__(self):
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="xvrrpd-sanitizer-"))
        self._folder.chmod(0o1777)
        for variable, options in OPTIONS.items():
            given = os.environ.get(variable, "")
            os.environ[variable] = f"{options}:{given}:log_path={self._folder / 'report'}"

    def take(self):
        """What has been reported since the last time."""
        texts = []
        for path in sorted(self._folder.iterdir()):
            texts.append(path.read_text(encoding="utf-8", errors="replace"))
            path.unlink()
        return "\n".join(texts)

    def close(self):
        self._folder.rmdir()


def let_end(daemon):
    """What is killed finds no leaks: ask an agent that still runs to end by itself."""
    if not any(word.endswith("/xvrrpd") for word in daemon.argv):
        return
    try:
        daemon.stop()
    except AssertionError:  # the test has kept it from ending, or judges that itself
        pass
