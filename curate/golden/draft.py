"""``curate golden new``: a page becomes a case, its expected text a draft until a person has read it."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml

from curate.build import read_build
from curate.errors import InputError, OutputError
from curate.golden.cases import ABOUT, EXPECTED, REMOVED, removed_text
from curate.golden.run import run_case
from curate.model import Page
from curate.read import list_inputs, plan_splits, read
from curate.recipe import Recipe, recipe_from

_SUFFIXES = (".html", ".htm", ".txt", ".jsonl", ".warc.gz", ".warc", ".html.gz")
_DRAFTED = ("title", "authors", "date_published", "publisher", "language", "wire_agency", "dateline")
_WHOLE_FILE = 1 << 62


def new_case(page: str, root: Path, name: str, out: Path | None = None, raw: Path | None = None) -> Path:
    """Make a case of a page.

    Args:
        page: a file; or, with ``out``, the id or URL of a row of that build.
        root: the folder of cases.
        name: of the new case.
        out: a build that has the page.
        raw: the input of that build.

    Returns:
        The case's folder.

    Raises:
        InputError: there is no such page, or nothing comes of it.
        OutputError: the case exists already, or its name is no folder's; ``out`` is no build.
    """
    folder = root / name
    if Path(name).name != name:
        raise OutputError(f"{name!r} cannot be the name of a folder in {root}.")
    if folder.exists():
        raise OutputError(f"{folder} exists already.")
    content, suffix = _of_build(page, out, raw) if out is not None else _of_file(Path(page))
    with tempfile.TemporaryDirectory(prefix="curate-golden-") as work:
        draft = Path(work) / name
        draft.mkdir()
        (draft / f"page{suffix}").write_bytes(content)
        _write_draft(draft, page, suffix)
        root.mkdir(parents=True, exist_ok=True)
        shutil.move(draft, folder)
    return folder


def _write_draft(folder: Path, page: str, suffix: str) -> None:
    outcomes = run_case(folder / f"page{suffix}", Recipe())
    if len(outcomes) != 1:
        raise InputError(f"{page}: a case of one page is wanted; {len(outcomes)} records were found.")
    file_name, outcome = next(iter(outcomes.items()))
    expect: dict[str, Any] = {key: value for key, value in outcome.columns.items() if key in _DRAFTED and value}
    if outcome.text is None:
        expect = dict(outcome.columns)
    else:
        (folder / f"{EXPECTED}.txt").write_text(outcome.text.strip("\n") + "\n", "utf-8")
        (folder / REMOVED).write_text(removed_text({file_name: outcome.removed}), "utf-8", newline="\n")
    about: dict[str, Any] = {
        "shows": "what this case shows, in a sentence",
        "language": outcome.columns.get("language") or "und",
        "license": "who may use the page",
        "reviewed": False,
        "expect": expect,
        "residue": [],
        "lost": [],
    }
    text = yaml.safe_dump(about, sort_keys=False, allow_unicode=True, width=120)
    (folder / ABOUT).write_text(text, "utf-8")


def _of_file(path: Path) -> tuple[bytes, str]:
    if not path.is_file():
        raise InputError(f"{path}: there is no such file.\n  A row of a build: curate golden new ID --out out/")
    suffix = next((one for one in sorted(_SUFFIXES, key=len, reverse=True) if path.name.lower().endswith(one)), None)
    if suffix is None:
        raise InputError(f"{path}: a case is made of {', '.join(_SUFFIXES)}.")
    return path.read_bytes(), suffix


def _of_build(name: str, out: Path, raw: Path | None) -> tuple[bytes, str]:
    options = recipe_from({"read": read_build(out)["recipe"]["read"]}).read
    row = _row(name, out)
    if raw is None:
        raise InputError("Where is the input of that build? Say: --raw raw/")
    for one in list_inputs(str(raw)):
        if one.file_path != row["file_path"]:
            continue
        for split in plan_splits([one], _WHOLE_FILE):
            for record in read(split, options):
                if isinstance(record, Page) and record.id == row["id"]:
                    return _content(record)
    raise InputError(f"{raw} has no record {row['file_path']} that is {name}.")


def _content(record: Page) -> tuple[bytes, str]:
    """HTML and bare text as they are; text with what stood beside it as a row of JSONL."""
    if record.html is not None:
        return record.html, ".html"
    text = record.text or ""
    if not (record.url or record.declared):
        return text.encode(), ".txt"
    row = {"url": record.url, **record.declared, "text": text}
    return (json.dumps(row, ensure_ascii=False) + "\n").encode(), ".jsonl"


def _row(name: str, out: Path) -> dict[str, Any]:
    for subset in ("data", "rejected", "duplicates"):
        for path in sorted((out / subset).glob("*.parquet")):
            for row in pq.read_table(path).to_pylist():
                if name in (row["id"], row["url"]):
                    found: dict[str, Any] = row
                    return {"id": row["id"], "file_path": found.get("file_path") or row["provenance"]["file_path"]}
    raise InputError(f"{out} has no page with the id or URL {name!r}.")
