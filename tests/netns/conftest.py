# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures of the netns ring. Run it with `sudo make netns`, or one file with pytest."""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from lab import BUILD, Lab, sanitizers, terminate_like_interrupt  # noqa: E402 (the path first)

REPORT = pytest.StashKey()
SANITIZED = pytest.StashKey()


def pytest_configure(config):
    config.addinivalue_line("markers", "not_sanitized(why): cannot hold under sanitizers")
    if os.geteuid() != 0:
        pytest.exit("the netns ring makes network namespaces: run it as root", returncode=1)
    if not (BUILD / "xvrrpd").exists():
        pytest.exit(f"{BUILD / 'xvrrpd'} is not there: run make", returncode=1)
    config.stash[SANITIZED] = sanitizers.Reports() if sanitizers.built_in() else None
    terminate_like_interrupt()


def pytest_collection_modifyitems(config, items):
    if config.stash[SANITIZED]:
        for item in items:
            for mark in item.iter_markers("not_sanitized"):
                item.add_marker(pytest.mark.skip(reason=f"sanitizers: {mark.args[0]}"))


def pytest_sessionfinish(session):
    """What the processes of a fixture of more than one test have left."""
    reports = session.config.stash[SANITIZED]
    if not reports:
        return
    if text := reports.take():
        print(text)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    reports.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call":
        item.stash[REPORT] = outcome.get_result()


@pytest.fixture(autouse=True)
def no_reports(request):
    """A sanitizer's report of any process fails the test, which need not look for it."""
    yield
    reports = request.config.stash[SANITIZED]
    if reports and (text := reports.take()):
        pytest.fail(text, pytrace=False)


@pytest.fixture
def lab(request):
    """An empty laboratory; the daemons' logs are printed if the test fails."""
    with Lab(**getattr(request, "param", {})) as laboratory:
        yield laboratory
        report = request.node.stash.get(REPORT, None)
        if report is None or report.failed:
            print(laboratory.logs())
        for capture in laboratory.captures:
            capture.close()


@pytest.fixture
def lan(lab):
    """Two routers and a client."""
    lab.r1 = lab.node("r1", "192.0.2.11/24")
    lab.r2 = lab.node("r2", "192.0.2.12/24")
    lab.client = lab.node("client", "192.0.2.100/24")
    return lab


@pytest.fixture
def lan6(lab):
    """The same with both families; the last words of the addresses are those of IPv4."""
    for name, host in (("r1", 11), ("r2", 12), ("client", 100)):
        node = lab.node(name, (f"192.0.2.{host}/24", f"fe80::{host}/64", f"2001:db8::{host}/64"))
        setattr(lab, name, node)
    return lab


@pytest.fixture
def ipv6_lan(lab):
    """And with IPv6 alone."""
    for name, host in (("r1", 11), ("r2", 12), ("client", 100)):
        setattr(lab, name, lab.node(name, (f"fe80::{host}/64", f"2001:db8::{host}/64")))
    return lab
