#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Line and branch coverage, out of what gcov knows after an instrumented run.

    coverage.py BUILD PATTERN... [--at-least PERCENT:FOLDER]...

reads every .gcno and .gcda below BUILD and prints a table of the source files that match a
PATTERN (such as user/core/*.c), and each line of them that never ran or has a branch that was never
taken. It fails if the branches of a FOLDER are covered by less than PERCENT, and if a PATTERN finds
nothing. A header is counted once, whatever number of objects compiled it.

"N ways not taken" of a switch is often the one that no value of the enum leads to: gcov counts it.
"""

import argparse
import collections
import dataclasses
import fnmatch
import json
import pathlib
import subprocess
import sys


@dataclasses.dataclass
class Line:
    """One line of source: how often it ran, and each way out of it was taken."""

    count: int = 0
    branches: list = dataclasses.field(default_factory=list)

    def add(self, count, branches):
        """What another object has of it; every object has the same branches."""
        self.count += count
        if not self.branches:
            self.branches = list(branches)
        elif branches:
            assert len(branches) == len(self.branches), "one line, two sets of branches"
            self.branches = [a + b for a, b in zip(self.branches, branches)]


def gcov(notes):
    """The report on one object, which may never have run."""
    done = subprocess.run(["gcov", "--json-format", "--branch-probabilities", "--stdout", notes],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return json.loads(done.stdout)


def read(build, patterns):
    """{file: {line number: Line}}"""
    files = collections.defaultdict(lambda: collections.defaultdict(Line))
    for notes in sorted(pathlib.Path(build).rglob("*.gcno")):
        for source in gcov(notes)["files"]:
            wanted = any(fnmatch.fnmatch(source["file"], p) for p in patterns)
            if not wanted or not pathlib.Path(source["file"]).exists():  # an object may be old
                continue
            for line in source["lines"]:
                files[source["file"]][line["line_number"]].add(
                    line["count"], [b["count"] for b in line["branches"]])
    return files


@dataclasses.dataclass
class Sum:
    """Of lines and branches: how many there are, and how many were covered."""

    lines: int = 0
    lines_run: int = 0
    branches: int = 0
    branches_taken: int = 0

    def add(self, line):
        self.lines += 1
        self.lines_run += line.count > 0
        self.branches += len(line.branches)
        self.branches_taken += sum(count > 0 for count in line.branches)

    def __add__(self, other):
        return Sum(*(a + b for a, b in zip(dataclasses.astuple(self), dataclasses.astuple(other))))

    def branch_percent(self):
        return 100 * self.branches_taken / self.branches if self.branches else 100.0

    def row(self, name):
        percent = 100 * self.lines_run / self.lines if self.lines else 100.0
        return (f"{name:<32} {percent:6.1f} % {self.lines_run:5}/{self.lines:<5}"
                f" {self.branch_percent():6.1f} % {self.branches_taken:5}/{self.branches:<5}")


def sum_up(lines):
    total = Sum()
    for line in lines.values():
        total.add(line)
    return total


def print_table(sums):
    """Files, then folders, then all."""
    folders = collections.defaultdict(Sum)
    print(f"{'':<32} {'lines':>20} {'branches':>20}")
    for name, total in sorted(sums.items()):
        print(total.row(name))
        folders[name.rpartition("/")[0]] += total
    print()
    for name, total in sorted(folders.items()):
        print(total.row(name + "/"))
    print(sum(folders.values(), Sum()).row("all"))
    return folders


def print_uncovered(files):
    for name, lines in sorted(files.items()):
        text = pathlib.Path(name).read_text(encoding="utf-8").splitlines()
        for number, line in sorted(lines.items()):
            missing = sum(count == 0 for count in line.branches)
            what = f"{missing} of {len(line.branches)} ways not taken"
            if line.count == 0:
                what = "never ran"
            elif not missing:
                continue
            print(f"{name}:{number}: {what}: {text[number - 1].strip()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("patterns", nargs="+")
    parser.add_argument("--at-least", action="append", default=[], metavar="PERCENT:FOLDER")
    options = parser.parse_args()

    files = read(options.build, options.patterns)
    unmatched = [p for p in options.patterns if not fnmatch.filter(files, p)]
    if unmatched:
        sys.exit(f"coverage: no object was made of {' '.join(unmatched)}")
    print_uncovered(files)
    print()
    folders = print_table({name: sum_up(lines) for name, lines in files.items()})
    low = []
    for demand in options.at_least:
        percent, _, folder = demand.partition(":")
        if folders[folder].branch_percent() < float(percent):
            low.append(f"less than {percent} % of the branches of {folder} are covered")
    if low:
        sys.exit("coverage: " + "; ".join(low))


if __name__ == "__main__":
    main()
