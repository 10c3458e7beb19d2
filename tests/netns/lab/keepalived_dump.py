# SPDX-License-Identifier: GPL-2.0-or-later
"""keepalived's own reading of its configuration, out of the text that SIGUSR1 makes it write.

The result has the shape that canonical.py makes of `xvrrpd -T`: see there.
"""

import re

SECTION = re.compile(r"^------< (.*) >------$")
DEFAULT_ROUTER = {"scripts": {}, "files": {}, "processes": {}}
NOTIFY = {"Generic": "notify", "Master": "notify_master", "Backup": "notify_backup",
          "Fault": "notify_fault", "Stop": "notify_stop", "Deleted": "notify_deleted",
          "Master rx lower pri": "notify_master_rx_lower_pri"}
# The lines of an instance that begin a list.
LISTS = {"Virtual IP": "addresses", "Virtual IP Excluded": "excluded", "Unicast Peer": "peers",
         "Virtual Routes": "routes", "Virtual Rules": "rules",
         "Tracked interfaces": "track_interface", "Tracked scripts": "track_script",
         "Tracked files": "track_file", "Tracked processes": "track_process"}


def sections(text):
    """Name -> lines of it. The parent tells its global definitions too; the first one counts."""
    found, lines = {}, []
    for line in text.splitlines():
        match = SECTION.match(line)
        if match:
            lines = []
            found.setdefault(match.group(1), lines)
        else:
            lines.append(line)
    return found


def entries(lines, heading):
    """[(name, lines)] of the things in a section, each of which begins with ` heading = name`."""
    found = []
    for line in lines:
        if line.startswith(f" {heading} = "):
            found.append((line.split(" = ", 1)[1], []))
        elif found:
            found[-1][1].append(line)
    return found


class Entry:
    """The lines `   Name = value` of a thing, and its lists `   Name :` of deeper lines."""

    def __init__(self, lines):
        self.values, self.lists, self.flags = {}, {}, set()
        current = None
        for line in lines:
            if line.startswith("     "):
                if current is not None:
                    current.append(line.strip())
                continue
            current = self._line(line.strip())

    def _line(self, line):
        listed = re.fullmatch(r"([A-Za-z ]+?)(?: \(\d+\))? ?:", line)
        if listed:
            return self.lists.setdefault(listed.group(1), [])
        name, equals, value = line.partition(" = ")
        if equals:
            self.values.setdefault(name, value)
        else:
            self.flags.add(line)
        return None

    def number(self, name):
        """The number at the start of a value; 4294967295 is how it says that nothing is set."""
        number = float(re.match(r"-?[\d.]+", self.values[name]).group(0))
        return None if number == 4294967295 else number


def words_of(command):
    """'a' 'b c' -> [a, b c]; a word may have a quote inside."""
    return re.findall(r"'(.*?)'(?= '|$)|(?<!\S)([<>]\S*)", command, re.DOTALL)


def script(text):
    """'program' 'argument', uid:gid 0:0"""
    command, _, ids = text.rpartition(", uid:gid ")
    uid, gid = re.match(r"(\d+):(\d+)", ids).groups()
    return [a or b for a, b in words_of(command)], int(uid), int(gid)


def address(line, interface):
    """192.0.2.1/24 brd 192.0.2.255 dev eth0@eth1 scope global label eth0:1"""
    words = line.split()
    options = dict(zip(words[1:], words[2:]))
    ip, _, length = words[0].partition("/")
    # A device on a macvlan is told as DEVICE@WHAT_IT_IS_ON.
    dev = options["dev"].split("@")[-1]
    return {"address": ip, "prefix": int(length) if length else 128 if ":" in ip else 32,
            "dev": interface if options["dev"].startswith("vrrp") else dev,
            "scope": options.get("scope", "global"), "brd": options.get("brd"),
            "label": options.get("label")}


def peer(line):
    words = line.split()
    return (words[0], int(words[2]), int(words[4]))


def track(line):
    """NAME weight N [reverse], with or without a comma"""
    name, weight, reverse = re.fullmatch(r"(.*?),? weight (-?\d+)( reverse)?", line).groups()
    return (name, int(weight), bool(reverse))


def garp(entry):
    return {"delay": entry.number("Gratuitous ARP delay"),
            "repeat": entry.number("Gratuitous ARP repeat"),
            "refresh": entry.number("Gratuitous ARP refresh"),
            "refresh_repeat": entry.number("Gratuitous ARP refresh repeat"),
            "lower_prio_delay": entry.number("Gratuitous ARP lower priority delay"),
            "lower_prio_repeat": entry.number("Gratuitous ARP lower priority repeat")}


def interval_us(entry):
    number, unit = entry.values["Advert interval"].split()
    return round(float(number) * {"sec": 1e6, "milli-sec": 1e3}[unit])


def notify(entry):
    found = {}
    for said, keyword in NOTIFY.items():
        text = entry.values.get(f"{said} state transition script")
        if text:
            found[keyword] = script(text)
    return found


def tracks(entry):
    return {keyword: sorted(track(line) for line in entry.lists[said])
            for said, keyword in LISTS.items()
            if keyword.startswith("track_") and entry.lists.get(said)}


def link(entry):
    """The device that was configured, whatever was made on it."""
    if "Configured interface" in entry.values:
        return entry.values["Configured interface"]
    match = re.search(r" on ([^\s,]+)", entry.values["Interface"])
    return match.group(1) if match else entry.values["Interface"]


def instance(lines):
    entry = Entry(lines)
    value = entry.values
    interface = link(entry)
    source = re.fullmatch(r"(.*) \(from configuration\)", value["Using src_ip"])
    found = {
        "interface": interface, "version": int(value["VRRP Version"]),
        "family": 6 if "Using Native IPv6" in entry.flags else 4,
        "vrid": int(value["Virtual Router ID"]), "priority": int(value["Priority"]),
        "interval_us": interval_us(entry), "accept": value["Accept"] == "enabled",
        "preempt": value["Preempt"] == "enabled",
        "preempt_delay": entry.number("Preempt delay") if "Preempt delay" in value else 0,
        "down_adverts": int(value["Down timer adverts"]),
        "lower_prio_no_advert":
            value["Send advert after receive lower priority advert"] == "false",
        "higher_prio_send_advert":
            value["Send advert after receive higher priority advert"] == "true",
        "password": value.get("Password", ""), "garp": garp(entry),
        "source": source.group(1) if source else None,
        "track_own": "VRRP interface tracking disabled" not in entry.flags,
        "group": value.get("Sync group"), "notify": notify(entry),
        "addresses": [address(a, interface) for a in entry.lists.get("Virtual IP", [])],
        "excluded": [address(a, interface) for a in entry.lists.get("Virtual IP Excluded", [])],
        "routes": entry.lists.get("Virtual Routes", []),
        "rules": entry.lists.get("Virtual Rules", []), "tracks": tracks(entry), "unicast": None}
    if entry.lists.get("Unicast Peer"):
        checksum = value["Unicast checksum compatibility"]
        found["unicast"] = {"ttl": int(value.get("Unicast TTL", 255)),
                            "old_checksum": checksum not in ("no", "never"),
                            "peers": [peer(p) for p in entry.lists["Unicast Peer"]]}
    return found


def group(lines):
    entry = Entry(lines)
    return {"members": entry.lists.get("VRRP member instances", []), "tracks": tracks(entry),
            "notify": notify(entry),
            "member_weights": bool([f for f in entry.flags if "tracking weight" in f])}


def check_script(lines):
    """Whole seconds are all that it tells of times."""
    entry = Entry(lines)
    value = entry.values
    uid, gid = value["Script uid:gid"].split(":")
    words = [a or b for a, b in words_of(value["Command"])]
    weight, _, reverse = value["Weight"].partition(" ")
    interval = int(entry.number("Interval"))
    return {"script": (words, int(uid), int(gid)), "interval": interval,
            "timeout": int(entry.number("Timeout")) or interval, "weight": int(weight),
            "reverse": bool(reverse), "rise": int(value["Rise"]), "fall": int(value["Fall"])}


def track_file(lines):
    entry = Entry(lines)
    weight, _, reverse = entry.values["Weight"].partition(" ")
    return {"path": entry.values["File"], "weight": int(weight), "reverse": bool(reverse)}


def process(lines):
    entry = Entry(lines)
    weight, _, reverse = entry.values["Weight"].partition(" ")
    return {"program": entry.values["Process"], "weight": int(weight), "reverse": bool(reverse),
            "quorum": int(entry.values["Min processes"]),
            "quorum_max": int(entry.number("Max processes")) if "Max processes" in entry.values
            else None,
            "fork_delay": entry.number("Fork delay"),
            "terminate_delay": entry.number("Terminate delay"),
            "full_command": entry.values["Full command"] == "true"}


def fifo(entry, said):
    """(path, uid, gid, words of its script)"""
    text = entry.values.get(f"{said} notify fifo")
    if not text:
        return None
    path, uid, gid = re.fullmatch(r"(.*), uid:gid (\d+):(\d+)", text).groups()
    reader = entry.values.get(f"{said} notify fifo script")
    return path, int(uid), int(gid), script(reader)[0] if reader else []


def global_defs(lines):
    entry = Entry([f"  {line}" for line in lines])
    value = entry.values
    delay = value.get("vrrp_startup_delay", "0")
    return {"version": int(value["VRRP default protocol version"]),
            "startup_delay": float(delay.split()[0]),
            "script_security": "Script security enabled" in entry.flags,
            "fifo": fifo(entry, "Global"), "vrrp_fifo": fifo(entry, "VRRP"),
            "priority_changes": value["VRRP notify priority changes"] == "true"}


def read(text):
    """All of it; None if it has no configuration."""
    part = sections(text)
    if "VRRP Topology" not in part:
        return None

    def named(section, heading, parse):
        return {name.split(", ")[0]: parse(lines)
                for name, lines in entries(part.get(section, []), heading)}

    return {"global": global_defs(part["Global definitions"]),
            "instances": named("VRRP Topology", "VRRP Instance", instance),
            "groups": named("VRRP Sync groups", "VRRP Sync Group", group),
            "scripts": named("VRRP Scripts", "VRRP Script", check_script),
            "files": named("VRRP Track files", "Track file", track_file),
            "processes": named("VRRP Track processes", "VRRP Track process", process),
            "static": {"addresses": part.get("Static Addresses", []),
                       "routes": part.get("Static Routes", []),
                       "rules": part.get("Static Rules", [])}}
