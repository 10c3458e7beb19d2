#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Would the tests notice? Make each fault of faults.list in a copy of the sources, and see.

    mutate.py [--rings unit,sim,bpf] [--jobs N] BUILD [NAME...]
    mutate.py --check

Below BUILD a tree is kept in which everything is built; each fault gets a copy of it, in which make
compiles only what the fault touches. The rings run in their order until a program fails, which is
how a fault is caught. The result is a line a fault, and a failure if one that the list does not
excuse is caught by nothing, or one that it does excuse is caught after all. NAMEs choose faults;
a pattern with * and ? will do. --check only tells whether the list fits the sources.
"""

import argparse
import concurrent.futures
import fnmatch
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import faults

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ("Makefile", "scripts", "include", "user", "bpf", "tests")
BUILD_IN_TREE = "build"
BUILD_FLAGS = ("WARNINGS=-w", "BPF_WARNINGS=-w", "CFLAGS=-O1", "SAN=")
SECONDS = {"unit": 30, "conf": 120, "sim": 300, "bpf": 120}  # for one program
MAKE_SECONDS = 600


class Failure(Exception):
    """Not the fault's fault: the text says what is wrong."""


# ---- the trees -----------------------------------------------------------------------------------

def copy_sources(tree):
    """The sources as they are now, with their times, so that make builds what is new."""
    tree.mkdir(parents=True, exist_ok=True)
    for name in SOURCES:
        source, target = ROOT / name, tree / name
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)


def programs(tree, rings):
    """The test programs of the rings, in their order, below the tree."""
    return {ring: [f"{BUILD_IN_TREE}/tests/{ring}/{path.stem}"
                   for path in sorted((tree / "tests" / ring).glob("test_*.c"))] for ring in rings}


def make(tree, targets, jobs):
    done = subprocess.run(["make", "-s", f"-j{jobs}", f"BUILD={BUILD_IN_TREE}", *BUILD_FLAGS,
                           *targets], cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, text=True, env=plain_environment(),
                          timeout=MAKE_SECONDS, check=False)
    if done.returncode:
        raise Failure(f"does not compile:\n{done.stdout[-2000:]}")


def plain_environment():
    """Without the make that we may run under."""
    return {k: v for k, v in os.environ.items()
            if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "BUILD", "SAN")}


# ---- one program ---------------------------------------------------------------------------------

def failing(output):
    """The test that failed, or was running when its program ended."""
    failed = re.search(r"^\[  FAILED  \] (?:\w+: )?(\S+)$", output, re.MULTILINE)
    if failed:
        return failed[1]
    begun = re.findall(r"^\[ RUN      \] (.*)$", output, re.MULTILINE)
    return f"{begun[-1]} (crashed)" if begun else "(no output)"


def run(tree, program, seconds):
    """Where it fails; None if it passes."""
    name = "/".join(pathlib.Path(program).parts[-2:])
    try:
        done = subprocess.run([tree / program], cwd=tree, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds,
                              env=os.environ | {"CMOCKA_MESSAGE_OUTPUT": "stdout"}, check=False)
    except subprocess.TimeoutExpired:
        return f"{name}: (no end)"
    if done.returncode == 0:
        return None
    return f"{name}: {failing(done.stdout.decode(errors='replace'))}"


def objects(tree):
    """What the compilers made of the sources."""
    return {path.relative_to(tree): path.read_bytes()
            for path in (tree / BUILD_IN_TREE).rglob("*.o")}


# ---- one fault -----------------------------------------------------------------------------------

class Laboratory:
    """The tree where everything is built and passes, and what is tried in copies of it."""

    def __init__(self, folder, rings, jobs):
        self.pristine = folder / "pristine"
        self.folder = folder
        self.jobs = jobs
        copy_sources(self.pristine)
        self.programs = programs(self.pristine, rings)
        make(self.pristine, [p for ring in self.programs.values() for p in ring], jobs)
        self._check_pristine()

    def _check_pristine(self):
        todo = [(program, SECONDS[ring]) for ring, all_of_it in self.programs.items()
                for program in all_of_it]
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            for where in pool.map(lambda each: run(self.pristine, *each), todo):
                if where:
                    raise Failure(f"{where} fails without any fault")

    def try_out(self, fault):
        """(where it was caught or None, seconds); raises Failure if that cannot be told."""
        began = time.monotonic()
        tree = self.folder / fault.name
        shutil.rmtree(tree, ignore_errors=True)
        subprocess.run(["cp", "-a", self.pristine, tree], check=True)
        try:
            fault.make_in(tree)
            return self._catch(fault, tree), time.monotonic() - began
        finally:
            shutil.rmtree(tree, ignore_errors=True)

    def _catch(self, fault, tree):
        for ring, all_of_it in self.programs.items():
            if fault.path.startswith("bpf/") and ring != "bpf":
                continue
            make(tree, all_of_it, 1)
            for program in all_of_it:
                where = run(tree, program, SECONDS[ring])
                if where:
                    return where
        if objects(tree) == objects(self.pristine):
            raise Failure("the compiled programs do not differ: this is no fault")
        return None


# ---- the report ----------------------------------------------------------------------------------

def judge(fault, where, rings_are_all):
    """(verdict, is it as it has to be)"""
    if where and fault.survives:
        return f"{where}; the list says it cannot be", False
    if where:
        return where, True
    if fault.survives:
        return f"nothing, because {fault.survives}", True
    return "NOTHING", not rings_are_all


def experiment(lab, fault, rings_are_all):
    """A line to print, was it caught, and is that right."""
    try:
        where, seconds = lab.try_out(fault)
    except Failure as failure:
        return f"{fault.name:<36} {'':>6}  {failure}", False, False
    verdict, good = judge(fault, where, rings_are_all)
    return f"{fault.name:<36} {seconds:5.1f} s  {verdict}", where is not None, good


def chosen(patterns, rings):
    with open(pathlib.Path(__file__).with_name("faults.list"), encoding="utf-8") as lines:
        listed = faults.parse(lines)
    for pattern in patterns:
        if not fnmatch.filter([fault.name for fault in listed], pattern):
            raise Failure(f"no fault is called {pattern}")
    return [fault for fault in listed
            if (not patterns or any(fnmatch.fnmatch(fault.name, p) for p in patterns))
            and (not fault.path.startswith("bpf/") or "bpf" in rings)]


def try_all(lab, todo, rings):
    """Print a line each; is all as it has to be?"""
    began, caught, bad = time.monotonic(), 0, 0
    rings_are_all = set(rings) >= {"unit", "sim", "bpf"}
    with concurrent.futures.ThreadPoolExecutor(lab.jobs) as pool:
        for line, was_caught, good in pool.map(lambda f: experiment(lab, f, rings_are_all), todo):
            print(line, flush=True)
            caught += was_caught
            bad += not good
    print(f"{caught} of {len(todo)} faults caught by {' '.join(rings)}, {bad} not as they should,"
          f" {time.monotonic() - began:.0f} s")
    return bad == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rings", default="unit,sim,bpf")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--check", action="store_true")
    parser.add_argument("build", type=pathlib.Path, nargs="?", default=pathlib.Path("build"))
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    rings = options.rings.replace(",", " ").split()
    todo = chosen(options.names, rings)
    for fault in todo:
        fault.made_in(ROOT)
    if not options.check:
        lab = Laboratory(options.build.resolve() / "mutation", rings, options.jobs)
        sys.exit(not try_all(lab, todo, rings))


if __name__ == "__main__":
    try:
        main()
    except (Failure, faults.ListError) as error:
        sys.exit(f"mutation: {error}")
