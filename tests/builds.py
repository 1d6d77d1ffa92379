"""Whole builds as a user makes them, and what is in them: what the end-to-end tests share."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from curate.build import build
from curate.engine import open_engine
from curate.model import SUBSETS
from curate.recipe import Recipe

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples" / "raw"
SHARED = ROOT.parent / "shared"
SMALL_BATCH = 30_000
"""Input bytes a task: the examples make about a dozen tasks a stage."""

PROSE = """\
The harbour board voted on Tuesday evening to keep the old ferry running until a new one has been paid for.
Nearly two hundred residents filled the hall, and most of those who spoke said the road takes an hour longer.
"We have waited for nine years, and we can wait for one more winter," said Maud Ellery, who keeps the lighthouse.
The board's treasurer warned that the engine may not last, and asked for an inspection before the first frost.
"""
MORE_PROSE = """\
The new ferry is to be built in a yard two days away by sea, and would carry six cars instead of four.
Money for it has been set aside twice, and was spent on the breakwater after the storms of the last two years.
A second meeting is planned for the end of the month, when the figures for the summer will have been counted.
"""


def make_build(
    raw: Path | str, out: Path, recipe: Recipe | None = None, *, workers: int = 2, batch_bytes: int = SMALL_BATCH
) -> dict[str, Any]:
    """A build in this process, with workers of its own; the content of its build.json."""
    engine = open_engine("local", workers)
    try:
        return build(str(raw), out, recipe or Recipe(), engine, batch_bytes=batch_bytes)
    finally:
        engine.close()


def command(*arguments: object) -> list[str]:
    """The command line of curate; nothing is imported from the current folder."""
    return [sys.executable, "-P", "-m", "curate", *map(str, arguments)]


def curate(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user does, without the network."""
    variables = {**os.environ, "HF_HUB_OFFLINE": "1", "COLUMNS": "200", **environment}
    return subprocess.run(
        command(*arguments), cwd=cwd, env=variables, capture_output=True, text=True, check=False, timeout=300
    )


def digests(out: Path) -> dict[str, str]:
    """sha256 of every file of data/, removed/, rejected/ and duplicates/."""
    files = [path for subset in SUBSETS for path in sorted((out / subset).iterdir())]
    return {path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def rows(out: Path, subset: str) -> list[dict[str, Any]]:
    """All rows of one subset."""
    return [row for path in sorted((out / subset).glob("*.parquet")) for row in pq.read_table(path).to_pylist()]


def outcomes(out: Path) -> dict[str, str]:
    """What became of every input file that is one record: article, the kind of duplicate, or ``stage/reason``."""
    found = {row["provenance"]["file_path"]: "article" for row in rows(out, "data")}
    found |= {row["file_path"]: row["kind"] for row in rows(out, "duplicates")}
    return found | {row["file_path"]: f"{row['stage']}/{row['reason']}" for row in rows(out, "rejected")}


def write_pages(folder: Path, **texts: str) -> Path:
    """A folder of text files by name, each a record of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text, "utf-8")
    return folder
