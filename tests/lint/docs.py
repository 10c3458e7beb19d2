# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that documents still say what is there. Each yields findings."""

import re

from tree import Finding, c_code

# ---- Tests that a document cites -----------------------------------------------------------------

CITED = re.compile(r"(?<!:)\b(?:\w+/)?test_\w+")


def cited_tests(tree):
    """unit/test_backup, with or without tests/ before and .c or .py behind."""
    there = re.findall(r"^tests/(\w+/test_\w+)\.(?:c|py)$", "\n".join(tree.paths), re.MULTILINE)
    known = set(there) | {path.split("/")[1] for path in there}
    for path in tree.ending(".md"):
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            for name in CITED.findall(line):
                if name not in known:
                    yield Finding(path, number, f"there is no test tests/.../{name}")


# ---- Clauses -------------------------------------------------------------------------------------

CLAUSES = "docs/RFC.md"
COLUMNS = 7  # id, clause, level, where, state, kept, refused
PARTS = "ABCDEF"
LEVELS = {"MUST", "SHOULD", "MAY", "none"}
STATES = re.compile(r"(?:yes|diff|no) ?\d*(?:, diff \d+)?")
CITED_FUNCTION = re.compile(r"\b(\w+/test_\w+)(?::(\w+))?")
TEST_HEAD = r"^(?:static void|def|    def) {}\("


def numbers(word):
    """3 or 3..7, with or without the letter of the part."""
    first, _, last = re.sub(r"[A-Z]-", "", word).partition("..")
    return range(int(first), int(last or first) + 1)


def clause_rows(text):
    """(line number, ids, the other columns) of each row of a table of clauses."""
    for number, line in enumerate(text.splitlines(), 1):
        cells = [cell.strip() for cell in line.strip("| ").split("|")] if line[:1] == "|" else []
        head = re.fullmatch(rf"([{PARTS}])-\d+(?:\.\.\1-\d+)?", cells[0]) if cells else None
        if head:
            cells = [cell.strip() for cell in line.split("|")[1:-1]]
            yield number, [f"{head.group(1)}-{n}" for n in numbers(cells[0])], cells


def clauses(tree):
    """Every id of the list has one row, and what the row names is there."""
    if CLAUSES not in tree.paths:
        return
    text = tree.text(CLAUSES)
    wanted = {f"{part}-{n}" for part, words in re.findall(rf"^ids: ([{PARTS}]) (.*)$", text,
                                                          re.MULTILINE)
              for word in words.split() for n in numbers(word)}
    if {name[0] for name in wanted} != set(PARTS):
        yield Finding(CLAUSES, 1, "the list of ids lacks a part")
    sources = "\n".join(c_code(tree.text(p)) for p in tree.c
                        if p.startswith(("bpf/", "include/", "user/")))
    functions = set(re.findall(r"\b(\w+)\(", sources))
    seen = {}
    for number, names, cells in clause_rows(text):
        yield from (Finding(CLAUSES, number, wrong)
                    for wrong in wrong_row(tree, text, functions, cells))
        for name in names:
            if name in seen:
                yield Finding(CLAUSES, number, f"{name} has a row in line {seen[name]} already")
            elif name not in wanted:
                yield Finding(CLAUSES, number, f"{name} is not in the list of ids")
            seen[name] = number
    for name in sorted(wanted - set(seen)):
        yield Finding(CLAUSES, 1, f"{name} has no row")


def wrong_row(tree, text, functions, cells):
    """What is wrong with one row."""
    if len(cells) != COLUMNS:
        yield f"{len(cells)} columns instead of {COLUMNS}"
        return
    _, _, level, where, state, kept, refused = cells
    if level not in LEVELS:
        yield f"no level: {level}"
    if not STATES.fullmatch(state):
        yield f"no state: {state}"
    for note in re.findall(r"\d+", state):
        if not re.search(rf"^{note}\. ", text, re.MULTILINE):
            yield f"there is no note {note}"
    if re.search(r"diff\b(?! \d)|^no$", state):
        yield "a difference, and what is not done, needs a note"
    if not state.startswith("no") and not where:
        yield "it does not say where it is done"
    if level == "MUST" and not state.startswith("no") and not (kept and refused):
        yield "a MUST needs a test that it is kept and one that the opposite is refused"
    for name in re.findall(r"`(\w+)\(\)`", where):
        if name not in functions:
            yield f"there is no function {name}()"
    for path, function in CITED_FUNCTION.findall(kept + " " + refused):
        yield from wrong_test(tree, path, function)


def wrong_test(tree, path, function):
    """cited_tests() has looked for the file."""
    files = [p for p in (f"tests/{path}.c", f"tests/{path}.py") if p in tree.paths]
    if files and function and not re.search(TEST_HEAD.format(function), tree.text(files[0]),
                                            re.MULTILINE):
        yield f"there is no test {path}:{function}"


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
