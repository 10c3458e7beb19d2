# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that documents still say what is there. Each yields findings."""

import re

from tree import Finding

# ---- Tests that a document cites -----------------------------------------------------------------

CITED = re.compile(r"\b(?:\w+/)?test_\w+")


def cited_tests(tree):
    """unit/test_backup, with or without tests/ before and .c or .py behind."""
    there = re.findall(r"^tests/(\w+/test_\w+)\.(?:c|py)$", "\n".join(tree.paths), re.MULTILINE)
    known = set(there) | {path.split("/")[1] for path in there}
    for path in tree.ending(".md"):
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            for name in CITED.findall(line):
                if name not in known:
                    yield Finding(path, number, f"there is no test tests/.../{name}")


# ---- Members of the JSON -------------------------------------------------------------------------

STATUS = "user/ctl/status.c"
STATUS_MANUAL = "docs/man/xvrrpctl.8"


def status_members(tree):
    """Every member of the status and of events has its place in the manual."""
    if STATUS not in tree.paths or STATUS_MANUAL not in tree.paths:
        return
    described = set(re.findall(r"^\.(?:It|Ql) (?:Ql )?(\w+)", tree.text(STATUS_MANUAL),
                               re.MULTILINE))
    # Counters that the RFCs name come first in the JSON; xvrrpctl stats describes all of them.
    counters = set(re.findall(r'\{"(\w+)", json_null\(\)\},\n', tree.text(STATUS))) - {"sync_group"}
    for number, line in enumerate(tree.text(STATUS).splitlines(), 1):
        for name in re.findall(r'^\s*\{"(\w+)", ', line):
            if name not in described | counters:
                yield Finding(STATUS, number, f"{STATUS_MANUAL} does not describe {name}")
