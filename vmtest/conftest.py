# SPDX-License-Identifier: GPL-2.0-or-later
"""The laboratory of the netns ring, for the tests of this folder."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "netns"))
