"""What a case needs of a build: the page, of its site what made site heuristics speak, and the recipe."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from curate import __version__
from curate.build import load_rules, read_build
from curate.charset import decode_html
from curate.errors import InputError, RecipeError
from curate.extract import extract
from curate.golden.compare import Outcome
from curate.lines import line_key
from curate.model import Article, Page
from curate.read import list_inputs, plan_splits, read
from curate.recipe import Recipe, recipe_from

MAX_MATES = 9
"""So many other pages of a site a case holds at most: a person has to review each."""
MATES_A_LINE = 3
"""So many others that have a line suffice: a line of prose needs three articles."""
SITE = "site/"
_WHOLE_FILE = 1 << 62
_NOT_CARRIED = ("output", "guard", "read")
"""Sections of a recipe that change no page of a case: where a dataset goes, and how records are found in the input."""


@dataclass(frozen=True)
class Row:
    """What the build says of the asked page."""

    subset: str
    id: str
    file_path: str
    columns: Mapping[str, Any]
    removed: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Sources:
    """The files of a case by name, the asked page's first; the options that differ from the default, for
    ``about.yaml``; and what a person should know, in sentences.
    """

    files: Mapping[str, bytes]
    recipe: Mapping[str, Any]
    notes: tuple[str, ...]
    row: Row


def of_build(name: str, out: Path, raw: Path | None) -> Sources:
    """Find a page of a build in the build's input, and what else of the build a case of it needs.

    Args:
        name: its id or URL.
        out: the build.
        raw: the input of that build.

    Raises:
        InputError: the build or its input has no such page.
        OutputError: ``out`` is no build.
    """
    described = read_build(out)
    recipe = recipe_from(described["recipe"])
    row = _row(name, out)
    if raw is None:
        raise InputError("Where is the input of that build? Say: --raw raw/")
    wanted = {row.id: row.file_path} | _mates(out, row)
    records = _records(wanted, raw, recipe)
    if row.id not in records:
        raise InputError(f"{raw} has no record {row.file_path} that is {name}.")
    options, left_out = _carried(recipe)
    found = [records[row_id] for row_id in wanted if row_id in records]
    files = dict(_file(record, recipe, single=len(found) == 1) for record in found)
    notes = (*_made_otherwise(described), *left_out, *_merged(row, out))
    return Sources(files, options, notes, row)


def _row(name: str, out: Path) -> Row:
    for subset in ("data", "rejected", "duplicates"):
        for column in ("id", "url"):
            for row in _rows(out, subset, pc.field(column) == name):
                file_path = row.get("file_path") or row["provenance"]["file_path"]
                removed = list(_rows(out, "removed", pc.field("id") == row["id"])) if subset == "data" else []
                return Row(subset, row["id"], file_path, row, removed)
    raise InputError(f"{out} has no page with the id or URL {name!r}.")


def _rows(out: Path, subset: str, condition: pc.Expression, columns: Sequence[str] | None = None) -> Iterator[Any]:
    for path in sorted((out / subset).glob("*.parquet")):
        yield from pq.read_table(path, columns=columns, filters=condition).to_pylist()


def _mates(out: Path, row: Row) -> dict[str, str]:
    """Other pages of the site that have the lines, or the titles, which site heuristics removed: id -> file, by id."""
    lines = {span["text"].strip() for span in row.removed if span["rule"].startswith(SITE)}
    if not lines:
        return {}
    of_site = pc.field("source_domain") == row.columns["source_domain"]
    pages = {one["id"]: one for one in _rows(out, "data", of_site, ["id", "title", "provenance"])}
    pages.pop(row.id)
    having: dict[str, set[str]] = {row_id: set() for row_id in sorted(pages)}
    for span in _rows(out, "removed", pc.field("id").isin(list(pages))):
        having[span["id"]] |= {span["text"].strip()} & lines
    titles = {line_key(line): line for line in lines}
    for row_id, page in pages.items():
        having[row_id] |= {titles[key] for key in (line_key(page["title"] or ""),) if key in titles}
    return {row_id: pages[row_id]["provenance"]["file_path"] for row_id in _enough(having)}


def _enough(having: Mapping[str, set[str]]) -> list[str]:
    """The first pages that have each line often enough."""
    seen: Counter[str] = Counter()
    chosen: list[str] = []
    for row_id, lines in having.items():
        if len(chosen) < MAX_MATES and any(seen[line] < MATES_A_LINE for line in lines):
            chosen.append(row_id)
            seen.update(lines)
    return chosen


def _records(wanted: Mapping[str, str], raw: Path, recipe: Recipe) -> dict[str, Page]:
    found: dict[str, Page] = {}
    for one in list_inputs(str(raw)):
        left = {row_id for row_id, file_path in wanted.items() if file_path == one.file_path}
        for split in plan_splits([one], _WHOLE_FILE) if left else ():
            for record in read(split, recipe.read):
                if isinstance(record, Page) and record.id in left:
                    found[record.id] = record
                    left.discard(record.id)
                if not left:
                    break
    return found


def _file(record: Page, recipe: Recipe, *, single: bool) -> tuple[str, bytes]:
    """The name and content of a page's file in the case."""
    content, suffix = _content(record, recipe)
    place = record.provenance
    own = PurePosixPath(place.file_path.removesuffix(".gz")).with_suffix("")
    stem = own if place.record_offset is None else record.id
    return (f"page{suffix}" if single else f"site/{stem}{suffix}"), content


def _content(record: Page, recipe: Recipe) -> tuple[bytes, str]:
    """HTML that says its address itself, and bare text, as they are; others as a row of JSONL with what came beside."""
    beside = {"url": record.url, **record.declared} if record.url or record.declared else {}
    if record.html is not None:
        if not beside or _says_its_address(record, recipe):
            return record.html, ".html"
        return _as_row(beside | {"html": decode_html(record.html, record.charset)}), ".jsonl"
    text = record.text or ""
    return (_as_row(beside | {"text": text}), ".jsonl") if beside else (text.encode(), ".txt")


def _as_row(row: Mapping[str, Any]) -> bytes:
    return (json.dumps(row, ensure_ascii=False) + "\n").encode()


def _says_its_address(record: Page, recipe: Recipe) -> bool:
    """Whether the same comes of the HTML alone."""
    bare = replace(record, url=None, declared={}, charset=None)
    given, alone = (extract(one, recipe.extract) for one in (record, bare))
    if not isinstance(given, Article) or not isinstance(alone, Article):
        return type(given) is type(alone)
    return (given.text, given.source_domain, given.metadata) == (alone.text, alone.source_domain, alone.metadata)


def _carried(recipe: Recipe) -> tuple[dict[str, Any], list[str]]:
    """The options for ``about.yaml``, and what cannot be said there."""
    default = Recipe().as_dict()
    options = {
        f"{section}.{name}": list(value) if isinstance(value, tuple) else value
        for section, table in recipe.as_dict().items()
        for name, value in table.items()
        if value != default[section][name] and section not in _NOT_CARRIED
    }
    notes = []
    if folders := options.pop("clean.rules", None):
        notes.append(f"The build also used the rules in {', '.join(folders)}; a case has the packaged ones only.")
        known = [glob for glob in options.pop("clean.disable", []) if _is_known(glob)]
        options |= {"clean.disable": known} if known else {}
    if options:
        said = ", ".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in options.items())
        notes.append(f"As in the build, about.yaml has the recipe: {said}.")
    return options, notes


def _is_known(glob: str) -> bool:
    """Whether a glob names something without the rules that a case does not have."""
    try:
        load_rules(recipe_from({"clean": {"disable": [glob]}}))
    except RecipeError:
        return False
    return True


def _made_otherwise(described: Mapping[str, Any]) -> Iterator[str]:
    rules = described.get("rules", {})
    if described.get("curate") != __version__:
        yield f"The build was made by curate {described.get('curate')}; the draft says what {__version__} does."
    elif rules.get("digest") != load_rules(Recipe()).digest and len(rules.get("packs", ())) == 1:
        yield "The build was made with other rule files than today's; the draft says what today's do."


def _merged(row: Row, out: Path) -> Iterator[str]:
    if row.subset == "duplicates":
        said = row.columns
        copy = f"a duplicate ({said['kind']}) of {said['kept_id']}"
        yield f"In {out} this page was merged as {copy}; the case has it alone."


def differences_from(row: Row, outcome: Outcome) -> Iterator[str]:
    """In what the draft of a page is not what the build says of it, a sentence."""
    if row.subset == "duplicates":
        return
    was = "an article" if row.subset == "data" else f"rejected, {row.columns['stage']}/{row.columns['reason']}"
    now = {
        "article": "an article",
        "rejected": f"rejected, {outcome.columns.get('rejected')}",
        "duplicate": f"a duplicate of {outcome.columns.get('duplicate_of')}",
    }[outcome.kind]
    if was != now:
        yield f"In the build the page is {was}; in the case it is {now}."
    elif outcome.text is not None and row.columns["text"] != outcome.text:
        yield f"The text is not that of the build{_why(row, outcome)}."


def _why(row: Row, outcome: Outcome) -> str:
    before, after = Counter(span["rule"] for span in row.removed), Counter(span.rule for span in outcome.removed)
    rules = [rule for rule in sorted(before | after) if before[rule] != after[rule]]
    changed = ", ".join(f"{rule} {before[rule]} -> {after[rule]}" for rule in rules)
    return f"; spans removed, in the build -> in the case: {changed}" if changed else ""
