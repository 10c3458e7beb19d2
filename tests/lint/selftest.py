# SPDX-License-Identifier: GPL-2.0-or-later
"""Every check of lint must be able to fail: a bad example each, and a good tree that passes."""

import os
import subprocess
import sys
import tempfile

from lint import all_checks
from tree import Tree

C = "/* SPDX-License-Identifier: GPL-2.0-or-later */\n"
KERNEL_C = "/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */\n"
SCRIPT = "#!/bin/bash\n# SPDX-License-Identifier: GPL-2.0-or-later\n"
PYTHON = "# SPDX-License-Identifier: GPL-2.0-or-later\n"
MANUAL = ('.\\" SPDX-License-Identifier: GPL-2.0-or-later\n.Dd January 1, 2026\n.Dt XVRRPD 8\n.Os\n'
          ".Sh NAME\n.Nm xvrrpd\n.Nd VRRP agent\n")
STATUS = ('struct member {{\n\tconst char *key;\n\tint value;\n}} members[] = {{\n'
          '\t{{"{}", 1}},\n}};\n')
CONF = ("struct conf_garp {{\n\tint delay_us;\n}};\n\n"
        "struct conf_instance {{\n\tchar *name, interface[16];\n\tint vrid; /* 1..255 */\n{}}};\n")
DIFF = ("static int table[] = {{VALUE(name, 1), PART(interface, 1), VALUE(vrid, 1)}};\n\n"
        "int same_garp(const struct conf_garp *a)\n{{\n\treturn a->{};\n}}\n")
FUNCTION = "int f(int a)\n{{\n{body}\treturn a;\n}}\n"


def function(lines):
    """A function of this many lines."""
    return FUNCTION.format(body="\ta++;\n" * (lines - 4))


def filler(lines):
    return "/* x */\n" * lines


IDS = "".join(f"ids: {part} 1\n" for part in "BCDEF")
ROWS = "".join(f"| {part}-1 | c | none | w | yes | | |\n" for part in "BCDEF")


def clauses(row="| A-1..A-2 | c | MUST | `f()` | diff 1 | unit/test_vr:kept | unit/test_vr |\n",
            ids="ids: A 1..2\n"):
    """A table of clauses with this row, and all else right."""
    return IDS + ids + ROWS + row + "\n1. A note.\n"


GOOD = {
    "include/abi.h": KERNEL_C + "#include <linux/types.h>\n",
    "bpf/advert.h": KERNEL_C + '#include "abi.h"\n' + filler(250),
    "user/core/vr.h": C,
    "user/core/types.h": C,
    "user/core/vr.c": C + '#include <string.h>\n\n#include "abi.h"\n#include "core/vr.h"\n\n'
                          'const char *const words[] = {"a"};\n\n' + function(70),
    "user/sys/loop.c": C + '#include "core/types.h"\n#include "xvrrp.skel.h"\n'
                           'static const char *words = "system(1) // \\" sleep(1)";\n',
    "tests/unit/test_vr.c": C + '#include "core/vr.h"\n#include "unit/help.h"\n\n'
                                'static void kept(void **state);\n',
    "tests/unit/help.h": C,
    "tests/netns/wait.py": PYTHON + "import time\n\n\ndef wait(pace):\n    time.sleep(pace)\n",
    "scripts/deps.sh": SCRIPT + "wait_and_retry() {\n\tsleep 5\n}\n",
    ".ci/run": SCRIPT + 'echo "$1"\n',
    "docs/man/xvrrpd.8": MANUAL,
    "docs/man/xvrrpctl.8": MANUAL + ".Bl -tag -width Ds\n.It Ql vrid\nnumber\n.El\n",
    "docs/RFC.md": clauses(),
    "README.md": "unit/test_vr, `tests/unit/test_vr.c`, `test_vr.c`\n",
    "user/ctl/status.c": C + STATUS.format("vrid"),
    "user/conf/conf.h": C + CONF.format(""),
    "user/conf/diff.c": C + DIFF.format("delay_us"),
}

# (check, file, content): in an otherwise good tree, this check and no other finds this file wrong.
BAD = [
    ("spdx", "user/sys/a.c", "int a;\n"),
    ("spdx", "user/sys/a.c", KERNEL_C),
    ("spdx", "include/a.h", C),
    ("spdx", "docs/man/xvrrpd.8", MANUAL.split("\n", 1)[1]),
    ("spdx", ".ci/run", "#!/bin/bash\ntrue\n"),
    ("includes", "include/a.h", KERNEL_C + '#include "core/vr.h"\n'),
    ("includes", "bpf/a.h", KERNEL_C + '#include "core/vr.h"\n'),
    ("includes", "user/core/a.c", C + '#include "sys/loop.h"\n'),
    ("includes", "user/core/a.c", C + "#include <stdio.h>\n"),
    ("includes", "user/conf/a.c", C + '#include "core/vr.h"\n'),
    ("includes", "user/sys/a.c", C + '#include "core/vr.h"\n'),
    ("includes", "user/sys/a.c", C + "#include <jansson.h>\n"),
    ("includes", "user/ctl/a.c", C + "#include <libmnl/libmnl.h>\n"),
    ("includes", "user/xvrrpctl/a.c", C + '#include "core/types.h"\n'),
    ("includes", "tests/unit/test_a.c", C + '#include "sys/loop.h"\n'),
    ("includes", "elsewhere/a.c", C),
    ("sizes", "user/sys/a.c", C + function(71)),
    ("sizes", "user/sys/a.c", C + filler(600)),
    ("sizes", "user/sys/a.h", C + filler(200)),
    ("sizes", "bpf/a.h", KERNEL_C + filler(400)),
    ("sizes", "tests/netns/a.py", PYTHON + "\n\ndef f():\n" + "    f()\n" * 70),
    ("banned", "user/sys/a.c", C + "static int a = strcpy(b, c);\n"),
    ("banned", "user/sys/a.c", C + "static int a = system(b);\n"),
    ("banned", "tests/unit/test_a.c", C + "static int a = sleep(1);\n"),
    ("banned", "tests/netns/a.py", PYTHON + "import time\n\ntime.sleep(1)\n"),
    ("banned", "tests/netns/a.sh", SCRIPT + "f() {\n\tsleep 1\n}\n"),
    ("banned", "user/core/a.c",
     C + "int f(int a)\n{\n\tswitch (a) {\n\tdefault:\n\t\treturn 1;\n\t}\n}\n"),
    ("unfinished", "user/sys/a.c", C + "/* TODO: the rest */\n"),
    ("cited-tests", "docs/HACKING.md", "unit/test_gone\n"),
    ("cited-tests", "docs/HACKING.md", "`tests/sys/test_vr.c`\n"),
    ("cited-tests", "README.md", "`test_gone.py`\n"),
    ("clauses", "docs/RFC.md", clauses(ids="")),
    ("clauses", "docs/RFC.md", clauses(ids="ids: A 1..3\n")),
    ("clauses", "docs/RFC.md", clauses(ids="ids: A 1\n")),
    ("clauses", "docs/RFC.md", clauses("")),
    *(("clauses", "docs/RFC.md", clauses(f"| A-1..A-2 | c | {rest} |\n")) for rest in (
        "MUST | `f()` | yes | unit/test_vr |",
        "must | `f()` | yes | unit/test_vr | unit/test_vr",
        "MUST | `f()` | done | unit/test_vr | unit/test_vr",
        "MUST | `f()` | diff | unit/test_vr | unit/test_vr",
        "MUST | `f()` | diff 2 | unit/test_vr | unit/test_vr",
        "MUST | | yes | unit/test_vr | unit/test_vr",
        "MUST | `f()` | yes | | unit/test_vr",
        "MUST | `f()` | yes | unit/test_vr |",
        "MUST | `gone()` | yes | unit/test_vr | unit/test_vr",
        "MUST | `f()` | yes | unit/test_vr:gone | unit/test_vr",
        "MUST | | no | |")),
    ("clauses", "docs/RFC.md", clauses() + "| A-2 | c | none | w | yes | | |\n"),
    ("status-members", "user/ctl/status.c", C + STATUS.format("vlan")),
    ("diff-members", "user/conf/conf.h", C + CONF.format("\tbool preempt;\n")),
    ("diff-members", "user/conf/conf.h",
     C + CONF.format("").replace("int delay_us;", "int delay_us, repeat;")),
    ("clang-format", "user/sys/a.c", C + "int  a;\n"),
    ("shellcheck", "tests/netns/a.sh", SCRIPT + "echo $1\n"),
    ("shellcheck", ".ci/run", SCRIPT + "echo $1\n"),
    ("flake8", "tests/netns/a.py", PYTHON + "import os\n"),
    ("flake8", "tests/netns/a.py", PYTHON + "A = '" + "x" * 96 + "'\n"),
    ("mandoc", "docs/man/xvrrpd.8", MANUAL + ".Xx unknown\n"),
    ("purity", "user/core/a.c",
     C + "int getpid(void);\nint f(void);\n\nint f(void)\n{\n\treturn getpid();\n}\n"),
    ("purity", "user/core/a.c",
     C + "int f(void);\n\nint f(void)\n{\n\tstatic int calls;\n\n\treturn calls++;\n}\n"),
]


def archive_core(root):
    """The core of an example tree as an archive; an example that does not compile stays outside."""
    compiler = ["gcc", "-g", "-fPIE", "-Iinclude", "-Iuser", "-c"]
    for name in ("vr.c", "a.c"):
        subprocess.run(compiler + ["user/core/" + name], cwd=root, stderr=subprocess.DEVNULL,
                       check=False)
    objects = [name for name in os.listdir(root) if name.endswith(".o")]
    subprocess.run(["ar", "rcs", "core.a"] + objects, cwd=root, check=True)
    return os.path.join(root, "core.a")


def findings(files, layout):
    with tempfile.TemporaryDirectory() as root:
        for path, content in files.items():
            path = os.path.join(root, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(content)
        with open(os.path.join(root, ".clang-format"), "w", encoding="utf-8") as file:
            file.write(layout)
        checks = all_checks(archive_core(root))
        tree = Tree(root)
        return [(name, finding) for name, check in checks.items() for finding in check(tree)]


def main():
    with open(os.path.join(os.path.dirname(__file__), "../../.clang-format"),
              encoding="utf-8") as file:
        layout = file.read()
    wrong = [f"good tree: {name}: {finding}" for name, finding in findings(GOOD, layout)]
    for check, path, content in BAD:
        found = {(name, finding.path) for name, finding in findings(GOOD | {path: content}, layout)}
        if found != {(check, path)}:
            wrong.append(f"expected {check} to find {path}, found {sorted(found)}: "
                         f"{content[:200]!r}")
    untested = set(all_checks("")) - {check for check, _, _ in BAD}
    wrong += [f"no bad example for check {check}" for check in untested]
    for text in wrong:
        print(f"tests/lint/selftest.py:1: error: {text}")
    print(f"lint selftest: {len(BAD) + 1} examples, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
