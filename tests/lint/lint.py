# SPDX-License-Identifier: GPL-2.0-or-later
"""lint.py ARCHIVE: check the tree around here and the core's archive, file:line: error: text."""

import functools
import os
import sys

import checks
import diff
import docs
import tools
from tree import Tree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def all_checks(archive):
    return {
        "spdx": checks.spdx,
        "includes": checks.includes,
        "sizes": checks.sizes,
        "banned": checks.banned,
        "unfinished": checks.unfinished,
        "cited-tests": docs.cited_tests,
        "clauses": docs.clauses,
        "status-members": docs.status_members,
        "diff-members": diff.diff_members,
        "clang-format": tools.clang_format,
        "shellcheck": tools.shellcheck,
        "flake8": tools.flake8,
        "mandoc": tools.mandoc,
        "purity": functools.partial(tools.purity, archive=archive),
    }


def main():
    tree = Tree(ROOT)
    failed = 0
    every = all_checks(os.path.abspath(sys.argv[1]))
    for name, check in every.items():
        findings = list(check(tree))
        failed += bool(findings)
        for finding in findings:
            print(f"{finding.path}:{finding.line}: error: {finding.text} [{name}]")
    print(f"lint: {len(tree.paths)} files; checks: "
          f"{len(every) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
