# SPDX-License-Identifier: GPL-2.0-or-later
"""One configuration, read by keepalived and by xvrrpd as if on the machine that it is for.

keepalived drops scripts that are not there and dies of interfaces that are not there, and tells
what it has understood only while it runs. So both programs read in name spaces of their own, with
the interfaces that the file names, in a copy of this system that has its scripts and users too.
"""

import concurrent.futures
import dataclasses
import itertools
import os
import pathlib
import re
import shutil
import subprocess

from . import canonical, keepalived_dump, nets
from .process import unused
from .xvrrpd import BUILD

SCRIPT = pathlib.Path(__file__).with_name("readers.sh")
FIRST_ID = 30001
IN_TIME_S = 60
DEFAULT_USER = "keepalived_script"
SCRIPT_LINE = re.compile(rb"^\s*(?:script|notify\w*|\w+_script)\s+(.*)$", re.MULTILINE)
USER_LINE = re.compile(rb"^\s*(?:script_user|user|notify\w*\s+\"[^\"]*\")\s+(\w[\w-]*)"
                       rb"(?:[ \t]+(\w[\w-]*))?", re.MULTILINE)
LINK = re.compile(rb"\b(?:interface|dev|default_interface)\s+([A-Za-z][\w.-]{0,14})\b(?!/)")
LINKS_TOLD = re.compile(rb"^# interfaces: (.*)$", re.MULTILINE)
LINK_BLOCK = re.compile(rb"\btrack_interface\s*\{([^}]*)")
BARE_WORDS = {"if", "test", "bash", "sh", "exit"}  # what begins a command and is there


@dataclasses.dataclass
class Reading:
    """What the two have said and understood."""

    path: pathlib.Path
    status: int       # of xvrrpd -t
    diagnostics: str
    ours: dict        # None: not usable
    log: str          # keepalived's
    theirs: dict      # None: it does not run


def without_comments(text):
    return re.sub(rb"[#!].*", b"", text)


def links(text):
    """Interfaces that a configuration names, or tells of in a comment."""
    plain = without_comments(text)
    blocks = b"\n".join(LINK_BLOCK.findall(plain))
    names = [line.split()[0] for line in blocks.splitlines() if line.split()]
    told = [name for line in LINKS_TOLD.findall(text) for name in line.split()]
    return list(dict.fromkeys(n.decode() for n in LINK.findall(plain) + names + told
                              if len(n) < 16))


def route_words(line):
    """Of a route or a rule in any of the two ways of telling one, in any order."""
    line = re.sub(r" (proto|protocol) 18\b| tos 0x0\b|\bfrom all\b| set$", " ", f" {line.strip()}")
    line = re.sub(r"\b(lookup|table) (main|254)\b", "table 254", line).replace("lookup", "table")
    line = line.replace("scope 253", "scope link").replace("scope global", "")
    line = line.replace("scope 200", "scope site")
    zero = "::/0" if "inet6" in line else "0.0.0.0/0"
    return sorted(zero if word == "default" else word.removesuffix("/32") for word in line.split()
                  if word not in ("prepend", "add", "no_track", "inet", "inet6", "to"))


class Machine:
    """A copy of this system, in which files can be made; a directory of the lab."""

    def __init__(self, lab, *users):
        below = unused(lab.dir / "machine")
        below.mkdir()
        nets.run("mount", "-t", "tmpfs", "machine", below)
        for name in ("upper", "work", "root"):
            (below / name).mkdir()
        self.root = below / "root"
        nets.run("mount", "-t", "overlay", "machine", self.root, "-o",
                 f"lowerdir=/,upperdir={below}/upper,workdir={below}/work")
        self._ids = itertools.count(FIRST_ID)
        self._names = set()
        self._places = {}
        for user in users:
            self._add_user(user)

    def _below(self, path):
        return self.root / str(path).lstrip("/")

    def _add_user(self, name):
        """A user, and a group of another number."""
        if name in self._names:
            return
        self._names.add(name)
        for file, line in (("etc/passwd", f"{name}:x:{next(self._ids)}:{next(self._ids)}::/:\n"),
                           ("etc/group", f"{name}:x:{next(self._ids)}:\n")):
            text = (self.root / file).read_text(encoding="utf-8")
            if not re.search(rf"^{re.escape(name)}:", text, re.MULTILINE):
                (self.root / file).write_text(text + line, encoding="utf-8")

    def _add_program(self, word):
        path = pathlib.Path(word)
        if not path.is_absolute():
            if shutil.which(word) or word in BARE_WORDS or "/" in word:
                return
            path = pathlib.Path("/usr/bin") / word
        place = self._below(path)
        if path.exists() or place.exists():
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("#!/bin/sh\nexit 0\n", encoding="ascii")
        place.chmod(0o755)

    def provide(self, text):
        """The scripts and users that a configuration names."""
        for command in SCRIPT_LINE.findall(text):
            for word in re.findall(rb"/[\w./+-]+", command) + re.findall(rb'^"?([\w.-]+)', command):
                if not word.startswith((b"/dev/", b"/proc/")) and not word.endswith(b"/"):
                    self._add_program(word.decode())
        for names in USER_LINE.findall(text):
            for name in filter(None, names):
                self._add_user(name.decode())

    def copy(self, path):
        """A configuration and what lies beside it; returns its path on the machine."""
        if path.parent not in self._places:
            place = pathlib.Path(f"/configurations/{len(self._places)}")
            shutil.copytree(path.parent, self._below(place))
            self._places[path.parent] = place
        return self._places[path.parent] / path.name

    def read(self, path):
        text = path.read_bytes()
        done = subprocess.run(
            ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "/bin/sh", SCRIPT,
             self.root, BUILD / "xvrrpd", self.copy(path), *links(text)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=IN_TIME_S, check=False)
        said = done.stdout.decode("utf-8", "surrogateescape")
        parts = re.split(r"^==== (\w+) ?(\d*)\n", said, flags=re.MULTILINE)
        assert len(parts) == 13, f"{path}: {said}"
        test, dump, log, data = parts[3], parts[6], parts[9], parts[12]
        ours = canonical.read(dump, canonical.Users(self.root)) if dump else None
        theirs = keepalived_dump.read(data)
        if ours and theirs:
            self._say_alike(ours, theirs)
        return Reading(path, int(parts[2]), test, ours, log, theirs)

    def _program(self, word):
        """The path of a program on the machine, without links; keepalived follows some of them."""
        for parent in ("",) if "/" in word else os.environ["PATH"].split(":"):
            path = f"{parent}/{word}"
            if self._below(path).exists():
                return nets.run("chroot", self.root, "readlink", "-f", path).strip()
        return word

    def _say_alike(self, ours, theirs):
        """What is the same but for the way it is told."""
        for side in (ours, theirs):
            notify = [n for kind in ("instances", "groups") for it in side[kind].values()
                      for n in it["notify"].values()]
            for words in [n[0] for n in notify] + [s["script"][0]
                                                   for s in side["scripts"].values()]:
                words[0] = self._program(words[0])
            for those in [*side["instances"].values(), side["static"]]:
                for kind in ("routes", "rules"):
                    those[kind] = [route_words(line) for line in those[kind]]
            side["static"]["addresses"] = [route_words(a) for a in side["static"]["addresses"]]
        for name in ("fifo", "vrrp_fifo"):
            if theirs["global"][name]:  # it has appended the path of the pipe
                theirs["global"][name][3][-1:] = []
            if ours["global"][name] and ours["global"][name][3]:
                ours["global"][name][3][0] = self._program(ours["global"][name][3][0])
        for instance in ours["instances"].values():  # tracked in any case
            others = [t for t in instance["tracks"].pop("track_interface", [])
                      if t[0] != instance["interface"] or not instance["track_own"]]
            if others:
                instance["tracks"]["track_interface"] = others


def all_text(path):
    """Of a configuration and of what it may include."""
    return b"\n".join(p.read_bytes() for p in [path, *path.parent.rglob("*.inc")])


def read_all(lab, paths):
    """A Reading each. keepalived runs scripts as the user DEFAULT_USER if there is one, so that
    most machines must not have it."""
    machines = {False: Machine(lab), True: Machine(lab, DEFAULT_USER)}
    work = []
    for path in paths:
        text = all_text(path)
        machine = machines[DEFAULT_USER.encode() in text]
        machine.provide(text)
        machine.copy(path)
        work.append((machine, path))
    with concurrent.futures.ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
        return list(pool.map(lambda w: w[0].read(w[1]), work))
