"""One page, line by line: kept or removed, by which rule, why, on what evidence."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
from rich.console import Console
from rich.text import Text

from curate.build import load_rules
from curate.errors import InputError, OutputError
from curate.extract import extract
from curate.lines import Line, lines_of
from curate.model import Page, Rejection, Removal
from curate.quality import detect, prose_sample
from curate.read import list_inputs, plan_splits, read
from curate.recipe import Recipe
from curate.stages import cleaned_article, compiled, refusal_of
from curate.text import harmless, restore

WHOLE_FILE_BYTES = 1 << 62


def explain_file(path: str, recipe: Recipe, out: Path | None = None) -> dict[str, Any]:
    """Explain the first page of a file as a build with this recipe would treat it, alone.

    What needs other pages (site lines, duplicates) is said only of a page of a build: see ``explain_row``.

    Raises:
        InputError: the file holds no page.
    """
    for split in plan_splits(list_inputs(path), WHOLE_FILE_BYTES):
        for record in read(split, recipe.read):
            return _explain_record(record, recipe)
    raise InputError(f"{path}: there is no page in this file.")


def _explain_record(record: Page | Rejection, recipe: Recipe) -> dict[str, Any]:
    article = record if isinstance(record, Rejection) else extract(record, recipe.extract)
    if isinstance(article, Rejection):
        return _head(article.id, article.url, None) | {"rejected": _reason(article), "lines": []}
    rules = load_rules(recipe)
    matcher = compiled(rules.folders, recipe.clean.disable, rules.digest)
    language = detect(prose_sample(article.text.split("\n"))) if recipe.language.enabled else None
    known = language[0] if language else article.metadata.language
    cleaned = cleaned_article(article, matcher, {}, recipe, known)
    refusal = refusal_of(article, cleaned, language, recipe)
    lines = explained_lines(lines_of(article.text, article.evidence), cleaned.removals)
    head = _head(article.id, article.url, article.metadata.title)
    return head | {
        "rejected": _reason(refusal) if refusal else None,
        "captured": dict(cleaned.captured),
        "lines": lines,
    }


def _head(identity: str, url: str | None, title: str | None) -> dict[str, Any]:
    return {"id": identity, "url": url, "title": title, "rejected": None, "duplicate_of": None, "captured": {}}


def _reason(rejection: Rejection) -> str:
    return f"{rejection.stage}/{rejection.reason}: {rejection.detail}"


def explain_row(name: str, out: Path) -> dict[str, Any]:
    """Explain a page of a build, by its id, URL or file path, from what the build wrote.

    Raises:
        OutputError: ``out`` is no build, or is damaged: removed and kept text do not fit.
        InputError: the build has no such page.
    """
    if not (out / "build.json").is_file():
        raise OutputError(f"{out} is no complete build of curate.")
    if row := _find(out / "data", name, ("id", "url", "provenance.file_path", "provenance.record_id")):
        spans = _spans(out, row["id"])
        extracted = restore(row["text"], spans)
        if extracted is None:
            raise OutputError(f"{out}: {row['id']}: its removed spans do not fit.\n  See more: curate verify {out}")
        lines = explained_lines(lines_of(extracted), [_removal(span) for span in spans])
        captured = {key: row[key] for key in ("wire_agency", "wire_evidence", "dateline") if row[key]}
        return _head(row["id"], row["url"], row["title"]) | {"captured": captured, "lines": lines}
    if row := _find(out / "rejected", name, ("id", "url", "file_path", "record_id")):
        reason = f"{row['stage']}/{row['reason']}: {row['detail']}"
        return _head(row["id"], row["url"], None) | {"rejected": reason, "lines": []}
    if row := _find(out / "duplicates", name, ("id", "url", "file_path")):
        kept = f"{row['kept_id']} ({row['kind']}, similarity {row['similarity']:.2f})"
        return _head(row["id"], row["url"], None) | {"duplicate_of": kept, "lines": []}
    raise InputError(f"{out} has no page with the id, URL or file name {name!r}.")


def _find(folder: Path, name: str, columns: Sequence[str]) -> dict[str, Any] | None:
    for path in sorted(folder.glob("*.parquet")):
        for column in columns:
            found = pq.read_table(path, filters=pc.field(*column.split(".")) == name)
            if found.num_rows:
                return dict(found.slice(0, 1).to_pylist()[0])
    return None


def _spans(out: Path, identity: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for path in sorted((out / "removed").glob("*.parquet")):
        rows += pq.read_table(path, filters=pc.field("id") == identity).to_pylist()
    return sorted(rows, key=lambda row: row["start"])


def _removal(span: Mapping[str, Any]) -> Removal:
    return Removal(span["start"], span["end"], span["rule"], span["stage"], span["why"])


def explained_lines(lines: Sequence[Line], removals: Sequence[Removal]) -> list[dict[str, Any]]:
    """Every line with the pieces it is made of: kept ones, and removed ones with rule and why."""
    explained = []
    for line in lines:
        here = [one for one in removals if one.start < line.end and one.end > line.start]
        explained.append(
            {
                "line": line.index + 1,
                "pieces": list(_pieces(line, here)),
                "evidence": _evidence(line),
            }
        )
    return explained


def _pieces(line: Line, removals: Sequence[Removal]) -> Iterator[dict[str, Any]]:
    at = line.start
    for removal in removals:
        start, end = max(removal.start, line.start), min(removal.end, line.end)
        if at < start:
            yield {"text": line.text[at - line.start : start - line.start], "rule": None, "why": None}
        piece = line.text[start - line.start : end - line.start]
        yield {"text": piece, "rule": removal.rule, "why": removal.why}
        at = end
    if at < line.end or (not removals and not line.text):
        yield {"text": line.text[at - line.start :], "rule": None, "why": None}


def _evidence(line: Line) -> dict[str, Any] | None:
    one = line.evidence
    return {"path": one.path, "link_share": one.link_share, "in_body": one.in_body} if one else None


def print_explanation(explained: Mapping[str, Any], console: Console) -> None:
    """Print with colours on a terminal; elsewhere removed pieces stand in ``[- -]``, with the rule behind them."""
    for name in ("id", "url", "title", "rejected", "duplicate_of"):
        if explained[name]:
            console.print(Text(f"{name}: {harmless(str(explained[name]))}", style="bold"), soft_wrap=True)
    for name, value in explained["captured"].items():
        console.print(Text(f"{name}: {harmless(value)}", style="bold"), soft_wrap=True)
    for line in explained["lines"]:
        console.print(_line(line, console.is_terminal), soft_wrap=True)


def _line(line: Mapping[str, Any], coloured: bool) -> Text:
    text = Text(f"{line['line']:5} ")
    reasons = []
    for piece in line["pieces"]:
        shown = harmless(piece["text"])
        if piece["rule"] is None:
            text.append(shown)
            continue
        text.append(shown if coloured else f"[-{shown}-]", style="strike red")
        reasons.append(f"{piece['rule']}: {piece['why']}")
    for reason, _ in itertools.groupby(reasons):
        text.append(f"  <- {harmless(reason)}", style="dim")
    if reasons and line["evidence"]:
        evidence = line["evidence"]
        text.append(f"  ({harmless(evidence['path'])}; {evidence['link_share']:.0%} links)", style="dim")
    return text
