#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What machine.py starts in its virtual machine: runs the commands that come through a port."""

import json
import os
import pathlib
import subprocess

PORT_NAME = "vmtest.commands"


def open_port():
    """The port of that name, without waiting for udev to make a link."""
    for name in pathlib.Path("/sys/class/virtio-ports").glob("*/name"):
        if name.read_text(encoding="ascii").strip() == PORT_NAME:
            return os.open(f"/dev/{name.parent.name}", os.O_RDWR)
    raise SystemExit(f"no port {PORT_NAME}: start this from machine.py")


def send(port, item):
    data = json.dumps(item).encode() + b"\n"
    while data:
        data = data[os.write(port, data):]


def serve(port):
    """A line of JSON each way: {"command": shell text} -> {"status": 0..255, "output": text}."""
    send(port, {"ready": True})
    with os.fdopen(os.dup(port), "rb") as requests:
        for line in requests:
            done = subprocess.run(["bash", "-c", json.loads(line)["command"]], check=False,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
            send(port, {"status": done.returncode,
                        "output": done.stdout.decode(errors="replace")})


serve(open_port())
