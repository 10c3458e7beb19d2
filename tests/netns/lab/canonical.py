# SPDX-License-Identifier: GPL-2.0-or-later
"""What `xvrrpd -T` prints, as data, in the shape that keepalived_dump.py makes of its peer's.

The canonical form is regular: a statement a line, a word or a string in double quotes apiece, a
block's `{` at the end of its line. Times come out as seconds.
"""

import grp
import pwd
import re

TOKEN = re.compile(r'"([^"]*)"|([^\s"]+)')


class Block:
    """Statements in order: (words, Block or None)."""

    def __init__(self):
        self.statements = []

    def all(self, keyword):
        return [(words[1:], inner) for words, inner in self.statements if words[0] == keyword]

    def words(self, keyword, default=()):
        """Those after the keyword of the first such statement."""
        found = self.all(keyword)
        return found[0][0] if found else list(default)

    def word(self, keyword, default=None):
        return self.words(keyword, (default,))[0]

    def has(self, keyword):
        return bool(self.all(keyword))

    def number(self, keyword, default=None):
        word = self.word(keyword)
        return default if word is None else float(word)

    def flag(self, keyword):
        return self.has(keyword) and self.words(keyword) in ([], ["on"])

    def lines(self, keyword):
        """The statements of an inner block, as lists of words."""
        return [words for _, inner in self.all(keyword) if inner
                for words, _ in inner.statements]


def parse(text):
    root = Block()
    open_blocks = [root]
    for line in text.splitlines():
        words = [a or b for a, b in TOKEN.findall(line)] if '""' not in line else \
            [m.group(1) if m.group(1) is not None else m.group(2) for m in TOKEN.finditer(line)]
        if not words:
            continue
        if words == ["}"]:
            open_blocks.pop()
        elif words[-1] == "{":
            block = Block()
            open_blocks[-1].statements.append((words[:-1], block))
            open_blocks.append(block)
        else:
            open_blocks[-1].statements.append((words, None))
    assert open_blocks == [root], "braces"
    return root


def command_words(text):
    """program 'an argument' with \\\\x27 in it"""
    words = [a or b for a, b in re.findall(r"'([^']*)'|([^\s']+)", text)]
    return [re.sub(r"\\\\x([0-9a-f]{2})", lambda m: chr(int(m.group(1), 16)), w) for w in words]


class Users:
    """Ids of the names in an /etc/passwd and an /etc/group."""

    def __init__(self, root):
        self.users = {e.pw_name: (e.pw_uid, e.pw_gid) for e in pwd.getpwall()}
        self.groups = {e.gr_name: e.gr_gid for e in grp.getgrall()}
        for line in (root / "etc/passwd").read_text(encoding="utf-8").splitlines():
            field = line.split(":")
            self.users[field[0]] = int(field[2]), int(field[3])
        for line in (root / "etc/group").read_text(encoding="utf-8").splitlines():
            field = line.split(":")
            self.groups[field[0]] = int(field[2])

    def ids(self, names):
        """Of "user", "user group", or of nobody: then ours."""
        if not names:
            return 0, 0
        uid, gid = self.users[names[0]]
        return uid, self.groups[names[1]] if len(names) > 1 else gid


def script(words, users):
    """The words after a keyword: the command, user, group."""
    return (command_words(words[0]), *users.ids(words[1:]))


def address(words, interface):
    options = dict(zip(words[1::2], words[2::2]))
    ip, _, length = words[0].partition("/")
    return {"address": ip, "prefix": int(length), "dev": options.get("dev", interface),
            # The kernel knows that of an IPv6 address by itself.
            "scope": "global" if ":" in ip else options.get("scope", "global"),
            "brd": options.get("brd"), "label": options.get("label")}


def track(words):
    options = dict(zip(words[1:], words[2:]))
    return (words[0], int(options.get("weight", 0)), "reverse" in words[1:])


def tracks(block):
    return {keyword: sorted(track(words) for words in block.lines(keyword))
            for keyword in ("track_interface", "track_script", "track_file", "track_process")
            if block.lines(keyword)}


def notify(block, users):
    return {words[0]: script(words[1:], users) for words, inner in block.statements
            if words[0].startswith("notify") and not inner and len(words) > 1
            and words[0] not in ("notify_priority_changes",)}


def instance(block, users):
    interface = block.word("interface")
    addresses = [address(words, interface) for words in block.lines("virtual_ipaddress")]
    family = {"ipv4": 4, "ipv6": 6}.get(block.word("family"))
    ipv6 = block.has("native_ipv6") or any(":" in a["address"] for a in addresses)
    source = block.word("unicast_src_ip") or block.word("mcast_src_ip")
    authentication = [inner for _, inner in block.all("authentication")]
    found = {
        "interface": interface, "version": int(block.number("version")),
        "family": family or (6 if ipv6 else 4), "vrid": int(block.number("virtual_router_id")),
        "priority": int(block.number("priority")),
        "interval_us": round(block.number("advert_int") * 1e6),
        "accept": block.flag("accept"), "preempt": block.flag("preempt"),
        "preempt_delay": block.number("preempt_delay", 0),
        "down_adverts": int(block.number("down_timer_adverts")),
        "lower_prio_no_advert": block.flag("lower_prio_no_advert"),
        "higher_prio_send_advert": block.flag("higher_prio_send_advert"),
        "password": authentication[0].word("auth_pass", "") if authentication else "",
        "garp": {name: block.number(f"garp_{word}")
                 for name, word in (("delay", "master_delay"), ("repeat", "master_repeat"),
                                    ("refresh", "master_refresh"),
                                    ("refresh_repeat", "master_refresh_repeat"),
                                    ("lower_prio_delay", "lower_prio_delay"),
                                    ("lower_prio_repeat", "lower_prio_repeat"))},
        "source": source, "track_own": not block.flag("dont_track_primary"), "group": None,
        "notify": notify(block, users), "addresses": addresses,
        "excluded": [address(words, interface)
                     for words in block.lines("virtual_ipaddress_excluded")],
        "routes": [" ".join(words) for words in block.lines("virtual_routes")],
        "rules": [" ".join(words) for words in block.lines("virtual_rules")],
        "tracks": tracks(block), "unicast": None}
    if block.lines("unicast_peer"):
        found["unicast"] = {"ttl": int(block.number("unicast_ttl")),
                            "old_checksum": block.flag("old_unicast_checksum"),
                            "peers": [(w[0], int(w[2]), int(w[4]))
                                      for w in block.lines("unicast_peer")]}
    return found


def group(block, users):
    return {"members": [words[0] for words in block.lines("group")], "tracks": tracks(block),
            "notify": notify(block, users),
            "member_weights": block.flag("sync_group_tracking_weight")}


def check_script(block, users):
    words = block.words("weight", ("0",))
    interval = block.number("interval")
    return {"script": (command_words(block.word("script")), *users.ids(block.words("user"))),
            "interval": interval, "timeout": block.number("timeout", interval),
            "weight": int(words[0]), "reverse": "reverse" in words[1:],
            "rise": int(block.number("rise")), "fall": int(block.number("fall"))}


def track_file(block):
    words = block.words("weight", ("1",))
    return {"path": block.word("file"), "weight": int(words[0]), "reverse": "reverse" in words}


def process(block):
    weight = block.words("weight", ("0",))
    quorum_max = block.number("quorum_max")
    return {"program": command_words(" ".join(block.words("process")))[0],
            "weight": int(weight[0]), "reverse": "reverse" in weight,
            "quorum": int(block.number("quorum", 1)),
            "quorum_max": None if quorum_max is None else int(quorum_max),
            "fork_delay": block.number("fork_delay", 0),
            "terminate_delay": block.number("terminate_delay", 0),
            "full_command": block.flag("full_command")}


def fifo(block, keyword, users):
    words = block.words(keyword)
    if not words:
        return None
    reader = block.words(f"{keyword}_script")
    return words[0], *users.ids(words[1:]), command_words(reader[0]) if reader else []


def global_defs(block, users):
    return {"version": int(block.number("vrrp_version")),
            "startup_delay": block.number("vrrp_startup_delay", 0),
            "script_security": block.flag("enable_script_security"),
            "fifo": fifo(block, "notify_fifo", users),
            "vrrp_fifo": fifo(block, "vrrp_notify_fifo", users),
            "priority_changes": block.flag("vrrp_notify_priority_changes")}


def read(text, users):
    root = parse(text)

    def named(keyword, function, *more):
        return {words[0]: function(inner, *more) for words, inner in root.all(keyword)}

    found = {"global": global_defs(root.all("global_defs")[0][1], users),
             "instances": named("vrrp_instance", instance, users),
             "groups": named("vrrp_sync_group", group, users),
             "scripts": named("vrrp_script", check_script, users),
             "files": named("track_file", track_file),
             "processes": named("vrrp_track_process", process),
             "static": {"addresses": [" ".join(w) for w in root.lines("static_ipaddress")],
                        "routes": [" ".join(w) for w in root.lines("static_routes")],
                        "rules": [" ".join(w) for w in root.lines("static_rules")]}}
    for name, members in ((n, g["members"]) for n, g in found["groups"].items()):
        for member in members:
            found["instances"][member]["group"] = name
    return found
