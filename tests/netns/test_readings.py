# SPDX-License-Identifier: GPL-2.0-or-later
"""xvrrpd reads a keepalived.conf as keepalived does.

keepalived itself is asked, with SIGUSR1, what it has understood of every file in
tests/conf/corpus, which are written in the ways in which real ones are, and of every file in the
directory that CONF_CORPUS names, if it does.
"""

import os
import pathlib

import pytest

from lab import Lab, readings
from lab.xvrrpd import ROOT

DIRECTORIES = [ROOT / "tests/conf/corpus"] + [pathlib.Path(p) for p in
                                              [os.environ.get("CONF_CORPUS")] if p]
FILES = sorted(path for directory in DIRECTORIES for path in directory.glob("*.conf"))


def tracked(configuration, kind):
    """Names of the scripts, say, that anything tracks."""
    return {t[0] for part in ("instances", "groups") for it in configuration[part].values()
            for t in it["tracks"].get(kind, [])}


def is_disabled(reading, name):
    return f"Disabling track script {name} since" in reading.log


# ---- documented differences: reason, and whether one is it ----

def _priority(_reading, at, theirs, ours):
    return at[-1] == "priority" and (theirs, ours) == (255, 100)


def _fraction(_reading, at, _theirs, ours):
    return at[-1] in ("interval", "timeout") and at[0] == "scripts" and ours % 1


def _announcing(_reading, at, theirs, ours):
    return "garp" in at and ours % 1 and int(ours) == theirs


def _weight(_reading, at, theirs, ours):
    return at[-1] == "weight" and abs(theirs) > 253 and abs(ours) == 253


def _track_weight(_reading, at, theirs, ours):
    return at[-2:-1] == ("tracks",) and theirs and ours and \
        [(n, max(-253, min(253, w)), r) for n, w, r in theirs] == ours


def _later(reading, at, theirs, ours):
    if at[-2:] != ("tracks", "track_script"):
        return False
    more = [t for t in ours or [] if t not in (theirs or [])]
    return set(theirs or []) < set(ours or []) and \
        all(f"track script {t[0]} not found" in reading.log or is_disabled(reading, t[0])
            for t in more)


def _unused(reading, at, theirs, _ours):
    kinds = {"scripts": "track_script", "processes": "track_process", "files": "track_file"}
    return len(at) == 2 and theirs is None and at[0] in kinds and (
        at[1] not in tracked(reading.theirs, kinds[at[0]]))


def _no_user(reading, at, theirs, _ours):
    return theirs is None and "notify" in at and "Unable to set default user" in reading.log


def _default_user(_reading, at, theirs, ours):
    return isinstance(theirs, tuple) and isinstance(ours, tuple) and len(at) > 2 and (
        theirs[0] == ours[0] and theirs[1] >= readings.FIRST_ID and ours[1:] == (0, 0))


def _no_refresh(reading, at, theirs, _ours):
    return at[-1] == "refresh_repeat" and theirs == 0 and (
        reading.ours["instances"][at[1]]["garp"]["refresh"] == 0)


def _redirection(reading, at, theirs, ours):
    """A command that is nothing but `<FILE`, for a shell to open."""
    names = {n for n, s in reading.theirs["scripts"].items() if s["script"][0][0].startswith("<")}
    if at[0] == "scripts":
        return at[1] in names and ours is None
    return at[-1] == "track_script" and names and (
        [t for t in theirs or [] if t[0] not in names] == (ours or []))


def _twice(_reading, at, theirs, ours):
    """keepalived takes one that differs in another word for another one."""
    if at[-1] not in ("addresses", "excluded"):
        return False
    once = {}
    for address in theirs:
        once.setdefault((address["address"], address["dev"]), address)
    return len(once) < len(theirs) and list(once.values()) == ours


def _owner(reading, at, theirs, ours):
    return at[-2:-1] == ("tracks",) and reading.ours[at[0]][at[1]].get("priority") == 255 and (
        [t for t in theirs or [] if not t[1]] == (ours or []))


DOCUMENTED = {
    "no weight moves the priority of an owner": _owner,
    "an address that is written twice counts once": _twice,
    "a redirection is no program": _redirection,
    "who runs scripts is told, or is the agent's own user": _default_user,
    "how often what is never announced again is announced": _no_refresh,
    "scripts run even if script security is on and nobody is named to run them": _no_user,
    "`state MASTER` without a priority means 100, not 255": _priority,
    "fractions of a second between scripts, as in newer versions": _fraction,
    "and between announcements": _announcing,
    "weights from -253 to 253 only": _weight,
    "the same, where something is tracked": _track_weight,
    "a script that comes after what tracks it is tracked, and one that cannot run as well": _later,
    "what nobody tracks is kept": _unused,
}


@pytest.fixture(scope="module")
def all_readings():
    with Lab() as lab:
        yield {r.path: r for r in readings.read_all(lab, FILES)}


def differences(theirs, ours, at=()):
    """[(path, their value, our value)] of everything below."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return [d for key in sorted(theirs.keys() | ours.keys(), key=str)
                for d in differences(theirs.get(key), ours.get(key), (*at, key))]
    return [] if theirs == ours else [(at, theirs, ours)]


def undocumented(reading):
    """Lines about the others."""
    return [f"{'.'.join(map(str, at))}: keepalived {theirs!r}, xvrrpd {ours!r}"
            for at, theirs, ours in differences(reading.theirs, reading.ours)
            if not any(is_it(reading, at, theirs, ours) for is_it in DOCUMENTED.values())]


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_read_as_keepalived_reads(all_readings, path):
    reading = all_readings[path]
    if reading.theirs is None:
        assert "permanent error" in reading.log, reading.log  # it has ended by itself
        return
    assert reading.status == 0, reading.diagnostics
    assert not undocumented(reading), "\n".join(undocumented(reading))
