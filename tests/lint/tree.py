# SPDX-License-Identifier: GPL-2.0-or-later
"""The files that lint looks at, and what a finding is."""

import os
from collections import namedtuple
from functools import cached_property

Finding = namedtuple("Finding", "path line text")

SKIPPED_FOLDERS = {".git", "__pycache__", ".pytest_cache", "build"}


class Tree:
    """All source files below a root, by path relative to it."""

    def __init__(self, root):
        self.root = os.path.abspath(root)

    @cached_property
    def paths(self):
        found = []
        for folder, subfolders, names in os.walk(self.root):
            subfolders[:] = sorted(set(subfolders) - SKIPPED_FOLDERS)
            for name in names:
                found.append(os.path.relpath(os.path.join(folder, name), self.root))
        return sorted(found)

    def text(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8") as file:
            return file.read()

    def ending(self, *endings):
        return [path for path in self.paths if path.endswith(endings)]

    @cached_property
    def c(self):
        return self.ending(".c", ".h")

    @cached_property
    def python(self):
        return self.ending(".py")

    @cached_property
    def shell(self):
        """Shell files, whatever their name: known by the ending or by the first line."""
        scripts = [path for path in self.paths if "." not in os.path.basename(path)
                   and self.text(path).startswith(("#!/bin/bash", "#!/bin/sh"))]
        return self.ending(".sh") + scripts

    @cached_property
    def manuals(self):
        return [path for path in self.paths if path.startswith("docs/man/")]


def c_code(text):
    """C text with comments and string contents blanked, every line where it was."""
    out, i, n = [], 0, len(text)
    while i < n:
        if text.startswith("/*", i):
            end = text.find("*/", i + 2)
            end = n if end < 0 else end + 2
        elif text.startswith("//", i):
            end = text.find("\n", i)
            end = n if end < 0 else end
        elif text[i] in "\"'":
            end = _string_end(text, i)
        else:
            out.append(text[i])
            i += 1
            continue
        out.append("".join(c if c == "\n" else " " for c in text[i:end]))
        i = end
    return "".join(out)


def _string_end(text, start):
    i = start + 1
    while i < len(text) and text[i] not in (text[start], "\n"):
        i += 2 if text[i] == "\\" else 1
    return min(i + 1, len(text))
