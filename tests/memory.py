"""How much memory reading takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CODE = """
import sys
from pathlib import Path
from curate.read import list_inputs, plan_splits, read
from curate.recipe import Read

print(*(getattr(one, "reason", "page") for split in plan_splits(list_inputs(sys.argv[1]), 1 << 30)
        for one in read(split, Read())))
lines = Path("/proc/self/status").read_text().splitlines()
print(*(line.split()[1] for line in lines if line.startswith("VmHWM")))
"""
"""VmHWM and not ``ru_maxrss``, in which a new process begins with the maximum of the one that made it."""

BOMB_BYTES = 250_000_000
MEMORY_MB = 200
"""Enough to read anything; Python and the libraries take 75 of it."""


def read_apart(path: Path) -> tuple[list[str], int]:
    """What a file gives (``page`` or the reason of a rejection), and the megabytes that a process needs to read it."""
    made = subprocess.run([sys.executable, "-c", CODE, str(path)], check=True, capture_output=True, text=True)
    outcomes, kilobytes = made.stdout.splitlines()
    return outcomes.split(), int(kilobytes) // 1024
