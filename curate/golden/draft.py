"""``curate golden new``: a page becomes a case, its expected text a draft until a person has read it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from curate.errors import InputError, OutputError
from curate.golden.cases import ABOUT, REMOVED, expected_name, input_of, nested, removed_text
from curate.golden.compare import Outcome
from curate.golden.of_build import differences_from, of_build
from curate.golden.run import run_case
from curate.recipe import recipe_from

_SUFFIXES = (".html", ".htm", ".txt", ".jsonl", ".warc.gz", ".warc", ".html.gz")
_DRAFTED = ("title", "authors", "date_published", "publisher", "language", "wire_agency", "dateline")


@dataclass(frozen=True)
class Draft:
    """A new case's folder, and what a person should know of it, in sentences."""

    folder: Path
    notes: tuple[str, ...] = ()


def new_case(page: str, root: Path, name: str, out: Path | None = None, raw: Path | None = None) -> Draft:
    """Make a case of a page.

    Of a page of a build whose site made curate remove something the case has other pages of the site, too, as many as
    that needs; and its ``about.yaml`` has the options of the build's recipe that are not the default.

    Args:
        page: a file; or, with ``out``, the id or URL of a row of that build.
        root: the folder of cases.
        name: of the new case.
        out: a build that has the page.
        raw: the input of that build.

    Returns:
        The case's folder, and in what the draft is not what the build says.

    Raises:
        InputError: there is no such page, or nothing comes of it.
        OutputError: the case exists already, or its name is no folder's; ``out`` is no build.
    """
    folder = root / name
    if Path(name).name != name:
        raise OutputError(f"{name!r} cannot be the name of a folder in {root}.")
    if folder.exists():
        raise OutputError(f"{folder} exists already.")
    sources = of_build(page, out, raw) if out is not None else None
    files: Mapping[str, bytes] = sources.files if sources else _of_file(Path(page))
    with tempfile.TemporaryDirectory(prefix="curate-golden-") as work:
        draft = Path(work) / name
        for file_name, content in files.items():
            path = draft / file_name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        outcomes = _write_draft(draft, page, files, sources.recipe if sources else {})
        root.mkdir(parents=True, exist_ok=True)
        shutil.move(draft, folder)
    if sources is None:
        return Draft(folder)
    asked = outcomes[next(iter(files)).removeprefix("site/")]
    return Draft(folder, (*sources.notes, *differences_from(sources.row, asked)))


def _write_draft(folder: Path, page: str, files: Mapping[str, bytes], recipe: Mapping[str, Any]) -> dict[str, Outcome]:
    outcomes = run_case(input_of(folder), recipe_from(nested(recipe)))
    if len(outcomes) != len(files):
        raise InputError(f"{page}: a case of one page is wanted; {len(outcomes)} records were found.")
    single = len(files) == 1
    pages = {name: _described(folder, name, outcome, single) for name, outcome in outcomes.items()}
    languages = [outcome.columns["language"] for outcome in outcomes.values() if outcome.columns.get("language")]
    about: dict[str, Any] = {
        "shows": "what this case shows, in a sentence",
        "language": languages[0] if languages else "und",
        "license": "who may use the page",
        "reviewed": False,
    }
    about |= {"recipe": dict(recipe)} if recipe else {}
    about |= next(iter(pages.values())) if single else {"pages": pages}
    text = yaml.safe_dump(about, sort_keys=False, allow_unicode=True, width=120)
    (folder / ABOUT).write_text(text, "utf-8")
    removed = {name: outcome.removed for name, outcome in outcomes.items() if outcome.text is not None}
    if removed:
        (folder / REMOVED).write_text(removed_text(removed), "utf-8", newline="\n")
    return outcomes


def _described(folder: Path, name: str, outcome: Outcome, single: bool) -> dict[str, Any]:
    """What ``about.yaml`` says of a page; the text of an article is written."""
    if outcome.text is None:
        return {"expect": dict(outcome.columns), "residue": [], "lost": []}
    path = folder / expected_name(name, single)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(outcome.text.strip("\n") + "\n", "utf-8")
    expect = {key: value for key, value in outcome.columns.items() if key in _DRAFTED and value}
    return {"expect": expect, "residue": [], "lost": []}


def _of_file(path: Path) -> dict[str, bytes]:
    if not path.is_file():
        raise InputError(f"{path}: there is no such file.\n  A row of a build: curate golden new ID --out out/")
    suffix = next((one for one in sorted(_SUFFIXES, key=len, reverse=True) if path.name.lower().endswith(one)), None)
    if suffix is None:
        raise InputError(f"{path}: a case is made of {', '.join(_SUFFIXES)}.")
    return {f"page{suffix}": path.read_bytes()}
