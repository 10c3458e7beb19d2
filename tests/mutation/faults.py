# SPDX-License-Identifier: GPL-2.0-or-later
"""Reading faults.list, and making one of its faults in a tree of sources."""

import dataclasses
import pathlib
import re

LIST = "tests/mutation/faults.list"


class ListError(Exception):
    """The list does not fit the sources any more, or is not well-formed."""


@dataclasses.dataclass
class Fault:
    """One deliberate mistake."""

    name: str
    line: int              # in the list
    path: str
    function: str          # "" = anywhere in the file
    breaks: str
    old: str
    new: str
    survives: str          # why no ring can catch it, "" = one must

    def made_in(self, root):
        """The text of its file below `root`, with the fault."""
        text = (pathlib.Path(root) / self.path).read_text(encoding="utf-8")
        begin, end = self._scope(text)
        found = text.count(self.old, begin, end)
        if found != 1:
            where = f"{self.path} {self.function + '()' if self.function else ''}".strip()
            raise self.error(f"its text is {found} times in {where}, not once")
        at = text.index(self.old, begin, end)
        return text[:at] + self.new + text[at + len(self.old):]

    def make_in(self, root):
        text = self.made_in(root)
        (pathlib.Path(root) / self.path).write_text(text, encoding="utf-8")

    def _scope(self, text):
        """From the function's first line to its closing brace."""
        if not self.function:
            return 0, len(text)
        head = rf"^(?![#/ \t])[^\n]*\b{re.escape(self.function)}\([^;]*?^{{$.*?^}}"
        found = re.search(head, text, re.MULTILINE | re.DOTALL)
        if not found:
            raise self.error(f"no function {self.function}() in {self.path}")
        return found.span()

    def error(self, what):
        return ListError(f"{LIST}:{self.line}: {self.name}: {what}")


def parse(lines):
    """All faults of the list; `lines` are numbered from 1."""
    faults, block = [], []
    for number, line in enumerate(list(lines) + [""], 1):
        line = line.rstrip("\n")
        if line.startswith("#"):
            continue
        if line:
            block.append((number, line))
        elif block:
            faults.append(_fault(block))
            block = []
    names = [fault.name for fault in faults]
    for fault in faults:
        if names.count(fault.name) > 1:
            raise fault.error("there are two of that name")
    return faults


def _fault(block):
    number, head = block[0]
    name, _, place = head.partition(": ")
    path, _, function = place.partition(" ")
    parts = {"-": [], "+": [], " ": [], "!": []}
    for line_number, line in block[1:]:
        mark, text = line[0], line[1:]
        if mark not in parts:
            raise ListError(f"{LIST}:{line_number}: a line begins with -, +, ! or a blank")
        parts[mark].append(text.strip() if mark in " !" else text)
    fault = Fault(name, number, path, function.rstrip("()"), " ".join(parts[" "]),
                  "\n".join(parts["-"]), "\n".join(parts["+"]), " ".join(parts["!"]))
    if not (re.fullmatch(r"[a-z0-9-]+", name) and path and fault.breaks and fault.old):
        raise fault.error("needs \"name: path\", what it breaks, and old text")
    if fault.old == fault.new:
        raise fault.error("old and new text are the same")
    return fault
