"""Build the pages of cases, each case by itself, and compare."""

from __future__ import annotations

import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pyarrow.parquet as pq

from curate.build import build
from curate.engine import WorkerDied, open_engine
from curate.errors import CurateError
from curate.golden.cases import Case, Span, load_case
from curate.golden.compare import Outcome, Report, compare
from curate.recipe import Recipe

T = TypeVar("T")
R = TypeVar("R")


class _Here:
    """An engine that works in this process: a case is a small build, and cases are what runs side by side."""

    def map(self, function: Callable[[T], R], tasks: Sequence[T]) -> Iterator[tuple[int, R | WorkerDied]]:
        for number, task in enumerate(tasks):
            yield number, function(task)

    def close(self) -> None:
        pass


def check_cases(folders: Sequence[Path], workers: int | None = None) -> Iterator[Report]:
    """Check cases in parallel.

    Args:
        folders: the folders of the cases.
        workers: processes; None: one a core.

    Returns:
        The reports in the order of ``folders``. A case that cannot be read or built has a report that says why; a bug
        that it meets is reported with its traceback, and the other cases are checked.
    """
    engine = open_engine("local", workers)
    try:
        found: dict[int, Report] = {}
        for number, result in engine.map(partial(_checked), folders):
            name = folders[number].name
            found[number] = Report(name, True, (), "its worker died") if isinstance(result, WorkerDied) else result
        yield from (found[number] for number in sorted(found))
    finally:
        engine.close()


def _checked(folder: Path) -> Report:
    try:
        return check_case(load_case(folder))
    except CurateError as error:
        return Report(folder.name, True, (), str(error))
    except Exception as error:  # a bug that one case shows must not hide what the other cases say
        return Report(folder.name, True, (), "".join(traceback.format_exception(error)))


def check_case(case: Case) -> Report:
    """Build one case in this process, and compare.

    Raises:
        CurateError: the case cannot be built.
    """
    return compare(case, run_case(case.input, case.recipe, tuple(case.pages)))


def run_case(pages: Path, recipe: Recipe, names: Iterable[str] = ()) -> dict[str, Outcome]:
    """What comes of pages: name -> outcome.

    A page is called by its path below the input; a record of an archive or a JSONL file, and a page that is asked for
    by it in ``names``, by its URL.
    """
    with tempfile.TemporaryDirectory(prefix="curate-golden-") as folder:
        out = Path(folder) / "out"
        build(str(pages), out, recipe, _Here())
        return _outcomes(out, frozenset(names))


def _outcomes(out: Path, names: frozenset[str]) -> dict[str, Outcome]:
    tables = {subset: _rows(out / subset) for subset in ("data", "removed", "rejected", "duplicates")}
    files = Counter(
        [row["provenance"]["file_path"] for row in tables["data"]]
        + [row["file_path"] for subset in ("rejected", "duplicates") for row in tables[subset]]
    )

    def name_of(row: dict[str, Any], file_path: str) -> str:
        url: str | None = row["url"]
        if url in names or (files[file_path] > 1 and file_path not in names):
            return url or f"{file_path}#{row['id']}"
        return file_path

    taken: set[str] = set()

    def own_name(row: dict[str, Any], file_path: str) -> str:
        """An archive may hold the same URL twice."""
        name = name_of(row, file_path)
        name = f"{name}#{row['id']}" if name in taken else name
        taken.add(name)
        return name

    called = {row["id"]: own_name(row, row["provenance"]["file_path"]) for row in tables["data"]}
    spans: dict[str, list[Span]] = {}
    for row in tables["removed"]:
        spans.setdefault(row["id"], []).append(Span(row["start"], row["end"], row["rule"], row["text"]))
    found = {
        called[row["id"]]: Outcome(row["text"], _columns(row), tuple(sorted(spans.get(row["id"], ()))))
        for row in tables["data"]
    }
    for row in tables["rejected"]:
        name = own_name(row, row["file_path"])
        found[name] = Outcome(None, {"rejected": f"{row['stage']}/{row['reason']}"})
    for row in tables["duplicates"]:
        name = own_name(row, row["file_path"])
        found[name] = Outcome(None, {"duplicate_of": called.get(row["kept_id"]), "kind": row["kind"]})
    return found


def _columns(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in ("id", "text", "provenance", "cluster_id")}


def _rows(folder: Path) -> list[dict[str, Any]]:
    return [row for path in sorted(folder.glob("*.parquet")) for row in pq.read_table(path).to_pylist()]
