# SPDX-License-Identifier: GPL-2.0-or-later
"""The agent as a service manager runs it: one configuration, and one process after the other.

Xvrrpd is one process, started and waited for. What matters here is what becomes of the role
between two of them, to the millisecond: so the next process can be made ready before it is
needed, and questions go straight to the control socket, without a process of their own.
"""

import contextlib
import json
import os
import pathlib
import signal
import socket
import time

from .config import Instance, config_text
from .process import Daemon
from .wait import wait_until
from .xvrrpd import BUILD

# A shell that becomes the agent when a line comes through the FIFO.
ARMED = 'read -r _ <"$0"; exec "$@"'


class Service:
    """One router's agent through all its lives: same run directory, same pins."""

    def __init__(self, node, *instances, options=(), build=BUILD):
        lab = node.lab
        self.node = node
        self.options = tuple(options)
        self.build = pathlib.Path(build)
        self.instances = ()
        self.run_dir = lab.dir / f"service-{node.name}.run"
        self.pin_dir = lab.bpffs() / f"service-{node.name}"
        self.config = lab.dir / f"service-{node.name}.conf"
        self._fifo = lab.dir / f"service-{node.name}.fifo"
        os.mkfifo(self._fifo)
        self.process = None
        self._armed = None
        self.configure(*(instances or (Instance(),)))

    # ---- life ----

    def configure(self, *instances):
        """What the next process reads."""
        self.instances = instances
        self.config.write_text(config_text(instances), encoding="utf-8")

    def arm(self, build=None, prefix=()):
        """Make the next process, up to the exec of the agent, or of `prefix` before it."""
        lab = self.node.lab
        self.build = pathlib.Path(build or self.build)
        agent = [*prefix, self.build / "xvrrpd", "-f", self.config, "--run-dir", self.run_dir,
                 "--pin-dir", self.pin_dir, *self.options]
        self._armed = lab.track(Daemon(self.node.netns, ["sh", "-c", ARMED, self._fifo, *agent],
                                       lab.dir / f"service-{self.node.name}.log"))
        return self

    def fire(self):
        """Let it run. Returns when that was."""
        with open(self._fifo, "w", encoding="ascii") as fifo:  # waits for the shell
            fired_ns = time.time_ns()
            fifo.write("\n")
        self.process, self._armed = self._armed, None
        return fired_ns

    def start(self, **how):
        """A process that answers, armed before or now. Returns when it was started."""
        if not self._armed:
            self.arm(**how)
        fired_ns = self.fire()
        self.wait_ready()
        return fired_ns

    def wait_ready(self):
        """Until it answers its control socket; fails at once if it ended instead."""
        wait_until(lambda: not self.process.alive() or self.answers(), f"{self.run_dir} answers")
        assert self.process.alive(), \
            f"the agent ended with {self.process.exit_code()}:\n{self.process.log()}"

    def kill(self):
        """SIGKILL; returns when."""
        return self.process.kill()

    def leave(self):
        """SIGUSR2: no farewell, and everything left for a successor. Returns the exit code."""
        return self.process.stop(signal.SIGUSR2)

    def stop(self):
        return self.process.stop()

    def freeze(self):
        self.process.freeze()

    def thaw(self):
        """SIGCONT; returns when."""
        thawed_ns = time.time_ns()
        self.process.thaw()
        return thawed_ns

    def log(self):
        """Of the process that runs now, or ran last."""
        return self.process.log()

    # ---- questions ----

    def ask(self, command, name=None, timeout_s=10.0):
        """One request to the control socket; returns the result."""
        request = {"command": command} | ({"name": name} if name else {})
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(timeout_s)
            sock.connect(str(self.run_dir / "control.sock"))
            sock.sendall(json.dumps(request).encode() + b"\n")
            reply = b""
            while not reply.endswith(b"\n"):
                part = sock.recv(65536)
                if not part:
                    raise ConnectionError("the agent closed the connection")
                reply += part
        answer = json.loads(reply)
        assert answer["ok"], answer
        return answer.get("result")

    def answers(self):
        with contextlib.suppress(OSError):
            return self.ask("status", timeout_s=1.0) is not None
        return False

    def vr(self, name="VI_1"):
        """One element of "virtual_routers"."""
        return {vr["name"]: vr for vr in self.ask("status")["virtual_routers"]}[name]

    def state(self, name="VI_1"):
        return self.vr(name)["state"]

    def statistics(self, name="VI_1"):
        """The counters, errors included, by their names."""
        numbers = self.vr(name)["statistics"]
        return {**numbers, **numbers["errors"]}


def service_pair(lan, first, second, **kwargs):
    """Two services on r1 and r2; r1 is Active."""
    services = Service(lan.r1, first, **kwargs), Service(lan.r2, second, **kwargs)
    for service in services:
        service.start()
    wait_until(lambda: [s.state() for s in services] == ["active", "backup"], "r1 Active")
    return services
