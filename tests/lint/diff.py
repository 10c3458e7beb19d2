# SPDX-License-Identifier: GPL-2.0-or-later
"""What a reload compares: every member of an instance, and of what an instance is made of."""

import re

from checks import c_functions
from tree import Finding, c_code

CONF = "user/conf/conf.h"
HEADERS = (CONF, "user/conf/parts.h", "user/conf/tracked.h")
DIFF = "user/conf/diff.c"
ENTRY = r"\b(?:VALUE|PART|WITH_ANOTHER)\(\s*(\w+)"

# What compares the members of a struct; where something was written has no meaning.
COMPARED_BY = {
    "conf_garp": {"same_garp"},
    "conf_address": {"same_address", "same_option"},
    "conf_peer": {"same_peer"},
    "conf_script": {"same_script"},
    "conf_track": {"same_track"},
}

# Functions of other files that stand for members: an object's name is what it is.
STANDS_FOR = {"conf_track_name": ("interface", "object")}


def members(code, struct):
    """(line, name) of each."""
    lines = code.splitlines()
    start = next((n for n, line in enumerate(lines) if line == f"struct {struct} {{"), None)
    for number in range(start + 1, len(lines)) if start is not None else ():
        if lines[number].startswith("}"):
            break
        declared = re.match(r"\t[\w ]+[ *](\w.*);", lines[number])
        for word in declared.group(1).split(",") if declared else ():
            yield number + 1, re.match(r"[\s*]*(\w+)", word).group(1)


def diff_members(tree):
    """A member that is not compared is one that a reload does not see change."""
    if CONF not in tree.paths or DIFF not in tree.paths:
        return
    headers = {path: c_code(tree.text(path)) for path in HEADERS if path in tree.paths}
    diff = c_code(tree.text(DIFF))
    table = set(re.findall(ENTRY, diff))
    for line, name in members(headers[CONF], "conf_instance"):
        if name not in table:
            yield Finding(CONF, line, f"{DIFF} has no line for {name} of an instance")
    lines = diff.splitlines()
    bodies = {name: "\n".join(lines[first - 1:last])
              for name, first, last in c_functions(tree.text(DIFF))}
    for struct, functions in COMPARED_BY.items():
        body = "\n".join(bodies.get(name, "") for name in functions)
        body += "".join(f"->{member} " for name, said in STANDS_FOR.items()
                        if f"{name}(" in body for member in said)
        for path, code in headers.items():
            for line, name in members(code, struct):
                if name != "place" and not re.search(rf"->{name}\b", body):
                    yield Finding(path, line,
                                  f"{DIFF} does not compare {name} of struct {struct}")
