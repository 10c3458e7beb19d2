# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that read the text of the tree. Each yields findings."""

import ast
import os
import re

from tree import Finding, c_code

# ---- One SPDX line a file ------------------------------------------------------------------------

USER_LICENCE = "GPL-2.0-or-later"
KERNEL_LICENCE = "GPL-2.0-only OR BSD-2-Clause"
WITH_SPDX = (".c", ".h", ".def", ".py", ".sh", ".service", ".service.in", "Makefile", ".mk")


def spdx(tree):
    for path in sorted(set(tree.ending(*WITH_SPDX) + tree.shell + tree.manuals)):
        expected = KERNEL_LICENCE if path.startswith(("bpf/", "include/")) else USER_LICENCE
        head = "\n".join(tree.text(path).splitlines()[:3])
        found = re.search(r"SPDX-License-Identifier: (.*?)(?: \*/)?$", head, re.MULTILINE)
        if not found or found.group(1) != expected:
            yield Finding(path, 1, f'expected "SPDX-License-Identifier: {expected}" at the top')


# ---- Include direction ---------------------------------------------------------------------------
# Folder -> what its files may include with quotes, beside files of the same folder: prefixes of
# paths below the root. Nothing points the other way. The longest folder that fits a file decides.

SKELETON = "xvrrp.skel.h"
AGENT_LAYERS = ("user/core/", "user/conf/", "user/ctl/", "user/sys/", "include/")
MAY_INCLUDE = {
    "include": (),
    "bpf": ("include/",),
    "user": AGENT_LAYERS,
    "user/core": ("include/",),
    "user/conf": ("user/core/types.h", "user/core/route.h", "include/"),
    "user/sys": ("user/core/types.h", "user/core/event.h", "user/core/route.h", "include/",
                 SKELETON),
    "user/ctl": ("user/core/types.h", "include/"),
    "user/xvrrpctl": ("include/",),
    "tests/unit": ("user/core/", "user/ctl/", "include/"),
    "tests/conf": ("user/conf/", "user/core/", "include/"),
    "tests/model": ("include/",),
    "tests/sim": ("user/core/", "include/", "tests/model/plane.h"),
    "tests/bpf": ("user/core/", "include/", "bpf/", SKELETON, "tests/fuzz/differential/engine.h"),
    "tests/fuzz": AGENT_LAYERS + ("user/xvrrpctl/", "user/options.h", "tests/model/plane.h"),
    "tests/fuzz/differential": ("include/", "tests/model/plane.h", "tests/bpf/frames.h", SKELETON,
                                "xvrrp_held.skel.h"),
    "tests/sys": ("user/sys/", "user/core/", "include/"),
}
# A library's header -> the only folders that may know it.
LIBRARY_USERS = {
    "bpf/": ("bpf", "user/sys", "tests/bpf", "tests/sys", "tests/fuzz",
             "tests/fuzz/differential"),
    "libmnl/": ("user/sys", "tests/sys", "tests/fuzz"),
    "systemd/": ("user", "user/sys", "tests/sys"),
    "jansson.h": ("user", "user/ctl", "user/xvrrpctl", "tests/unit", "tests/fuzz"),
}
PURE_HEADERS = {"assert.h", "limits.h", "stdbool.h", "stddef.h", "stdint.h", "string.h",
                "linux/types.h"}
SYSTEM_HEADERS_OF = {"user/core": PURE_HEADERS}
QUOTED = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
ANGLED = re.compile(r"^\s*#\s*include\s+<([^>]+)>")


def layer_of(path):
    folder = os.path.dirname(path)
    while folder and folder not in MAY_INCLUDE:
        folder = os.path.dirname(folder)
    return folder


def resolve(tree, path, name):
    """The file that a quoted include means, in the compiler's order."""
    for folder in (os.path.dirname(path), "include", "user", "bpf", "tests"):
        candidate = os.path.normpath(os.path.join(folder, name))
        if candidate in tree.paths:
            return candidate
    return name


def includes(tree):
    for path in tree.c + tree.ending(".def"):
        layer = layer_of(path)
        if not layer:
            yield Finding(path, 1, "no include rule for this folder (tests/lint/checks.py)")
            continue
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            text = include_error(tree, path, layer, line)
            if text:
                yield Finding(path, number, text)


def include_error(tree, path, layer, line):
    quoted, angled = QUOTED.match(line), ANGLED.match(line)
    if quoted:
        target = resolve(tree, path, quoted.group(1))
        same = os.path.dirname(target) == os.path.dirname(path) and target in tree.paths
        if not same and not target.startswith(MAY_INCLUDE[layer] or ("\0",)):
            return f"{layer} may not include {target}"
    elif angled:
        name = angled.group(1)
        allowed = SYSTEM_HEADERS_OF.get(layer)
        if allowed is not None and name not in allowed:
            return f"{layer} may not include <{name}>"
        for library, users in LIBRARY_USERS.items():
            if name.startswith(library) and layer not in users:
                return f"<{name}> belongs to {' and '.join(users)}, not to {layer}"
    return None


# ---- Sizes ---------------------------------------------------------------------------------------

FUNCTION_LINES = 70
FILE_LINES = 600
HEADER_LINES = 200
BPF_LINES = 400  # headers too: they hold the steps of the programs


def line_limit(path):
    if path.startswith("bpf/"):
        return BPF_LINES
    return HEADER_LINES if path.endswith(".h") else FILE_LINES


def sizes(tree):
    for path in tree.c + tree.python + tree.shell:
        limit = line_limit(path)
        count = len(tree.text(path).splitlines())
        if count > limit:
            yield Finding(path, limit + 1, f"{count} lines, the limit is {limit}")
    for path in tree.c:
        yield from long_functions(path, c_functions(tree.text(path)))
    for path in tree.python:
        yield from long_functions(path, python_functions(tree.text(path)))


def long_functions(path, functions):
    for name, first, last in functions:
        if last - first + 1 > FUNCTION_LINES:
            yield Finding(path, first, f"function {name} has {last - first + 1} lines, "
                          f"the limit is {FUNCTION_LINES}")


def c_functions(text):
    """(name, first line, last line): clang-format puts both braces of a function in column 0."""
    lines = c_code(text).splitlines()
    start = None
    for number, line in enumerate(lines, 1):
        if line.startswith("{"):
            start = number - 1
            while start > 1 and re.match(r"[\w\t ]", lines[start - 2]) and lines[start - 2].strip():
                start -= 1
        elif line.startswith("}") and start is not None:
            name = re.search(r"(\w+)\s*\(", " ".join(lines[start - 1:number]))
            yield name.group(1) if name else "?", start, number
            start = None


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno


# ---- Banned calls and words ----------------------------------------------------------------------

BANNED_CALLS = {
    "strcpy": "use memcpy or snprintf with the size at hand",
    "strcat": "use snprintf with the size at hand",
    "strncpy": "it does not end the string; use snprintf",
    "sprintf": "use snprintf",
    "vsprintf": "use vsnprintf",
    "gets": "use fgets",
    "strtok": "it keeps state; use strsep or strcspn",
    "atoi": "it hides errors; use strtol and check",
    "alloca": "the stack has no error return",
}
BANNED_IN_USER = {
    "system": "use posix_spawn without a shell",
    "popen": "use posix_spawn without a shell",
}
# A fixed pause hopes that something has happened by then; pacing by a computed time is fine.
C_PAUSE = re.compile(r"\b(u?sleep)\s*\(\s*\d")
SHELL_PAUSE = re.compile(r"(^|[;&|]|\bdo|\bthen)\s*sleep\s")
WAIT = "a pause by a bare number: wait for a state with a deadline, or name what paces"
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b")
THIS_FOLDER = "tests/lint/"


def banned(tree):
    for path in tree.c:
        calls = BANNED_CALLS | (BANNED_IN_USER if path.startswith("user/") else {})
        for number, line in enumerate(c_code(tree.text(path)).splitlines(), 1):
            for name in re.findall(r"\b(\w+)\s*\(", line):
                if name in calls:
                    yield Finding(path, number, f"{name}(): {calls[name]}")
            if C_PAUSE.search(line):
                yield Finding(path, number, WAIT)
            if path.startswith("user/core/") and re.search(r"\bdefault\s*:", line):
                yield Finding(path, number, "default: hides a new value; name every case")
    for path in tree.python:
        yield from python_pauses(path, tree.text(path))
    for path in tree.shell:
        yield from shell_pauses(path, tree.text(path))


def python_pauses(path, text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("time.sleep", "sleep"):
            if any(isinstance(argument, ast.Constant) for argument in node.args):
                yield Finding(path, node.lineno, WAIT)


def shell_pauses(path, text):
    """In a function named wait_... a pause is the pace of a poll."""
    function = ""
    for number, line in enumerate(text.splitlines(), 1):
        head = re.match(r"(\w+)\(\)", line)
        function = head.group(1) if head else "" if line.startswith("}") else function
        if SHELL_PAUSE.search(line) and not function.startswith("wait_"):
            yield Finding(path, number, WAIT)


def unfinished(tree):
    for path in sorted(set(tree.c + tree.python + tree.shell + tree.ending(".def", "Makefile"))):
        if path.startswith(THIS_FOLDER):  # names the words, and tests itself with them
            continue
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            if UNFINISHED.search(line):
                yield Finding(path, number, "unfinished: do it or delete it")
