# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks made by other programs, their messages brought into one form."""

import os
import re
import subprocess
import sys

from tree import Finding

MESSAGE = re.compile(r"^(?:mandoc: )?(?:\./)?([^:\s]+):(\d+):(?:\d+:)? *(?:error: )?(.*)$")


def run(tree, command, files):
    """Findings from "file:line:column: text" lines; a failure without such a line is one too."""
    if not files:
        return
    done = subprocess.run(command + files, cwd=tree.root, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    found = [MESSAGE.match(line) for line in done.stdout.splitlines()]
    found = [Finding(m.group(1), int(m.group(2)), m.group(3)) for m in found if m]
    found = list(dict.fromkeys(found))
    if done.returncode and not found:
        found = [Finding(command[0], 0, done.stdout.strip())]
    yield from found


def clang_format(tree):
    yield from run(tree, ["clang-format", "--dry-run", "-Werror"], tree.c)


def shellcheck(tree):
    yield from run(tree, ["shellcheck", "-f", "gcc"], tree.shell)


def flake8(tree):
    yield from run(tree, [sys.executable, "-m", "flake8", "--isolated", "--max-line-length=100"],
                   tree.python)


def mandoc(tree):
    yield from run(tree, ["mandoc", "-Tlint", "-Wwarning"], tree.manuals)


# The compiler calls these by itself; everything else that core may need, core defines.
PURE = {"memcpy", "memset", "memcmp", "memmove", "__assert_fail", "__stack_chk_fail",
        "_GLOBAL_OFFSET_TABLE_"}
# nm's table form: archive:member:name |value|class|type|size|line|section<tab>file:line
SYMBOL = re.compile(r"^.*?\.a:([^:]+):(\S+) *\|[^|]*\| +(\S) +\|[^|]*\|[^|]*\|[^|]*\|([^\t]*)"
                    r"(?:\t(.*):(\d+))?$")


def purity(tree, archive):
    """The core calls nothing outside itself and keeps nothing between two calls."""
    done = subprocess.run(["nm", "-A", "-l", "-f", "sysv", archive], cwd=tree.root, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    symbols = [match.groups() for match in map(SYMBOL.match, done.stdout.splitlines()) if match]
    if done.returncode or not symbols:
        yield Finding(archive, 0, "no symbols to check " + done.stderr.strip())
    defined = {name for _, name, kind, _, _, _ in symbols if kind not in "Uw"}
    for member, name, kind, section, path, line in symbols:
        path = os.path.relpath(path, tree.root) if path else member
        if kind in "Uw" and name not in defined | PURE:
            yield Finding(path, int(line or 0), f"core may not call {name}: it must stay pure")
        elif kind in "BbDdCc" and not section.startswith(".data.rel.ro"):  # tables of const char *
            yield Finding(path, int(line or 0), f"core may not keep state in a variable: {name}")
