"""The whole way of a page: raw/ -> out/.

Every stage is a list of tasks, every task writes files below ``out/.curate/<key>/``, and a task whose statistics are
there is finished: a build that was killed goes on where it stood. The key says what the work belongs to (recipe, rules,
code, inputs, split size), so nothing of another build is ever taken for this one's.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from curate import __version__, stages, wire
from curate.dedup import candidates, clusters, payload_copies, verify
from curate.engine import Engine
from curate.engine.pages import supervise
from curate.errors import InputError, OutputError, RecipeError, RunError, did_you_mean
from curate.heuristics import HEURISTICS
from curate.model import DUPLICATES, SUBSETS, shard_key
from curate.quality import check_filters
from curate.read import Input, Split, list_inputs, plan_splits
from curate.recipe import Recipe
from curate.rules import Pack, broken_examples, compile_rules, load_pack, packaged_rules
from curate.write import (
    card,
    croissant,
    file_entry,
    plan_shards,
    shard_sizes,
    write_json,
    write_shard,
    write_text,
)

WORK = ".curate"
BATCH_BYTES = 8_000_000
"""Input bytes of one task: about 80 pages, some seconds of work; a lost worker costs no more."""
DEDUP_PARTITION_ROWS = 200_000
"""Articles whose candidate pairs are held in memory at once: about 2 GB (DESIGN, Dedup)."""
SITE_PARTITION_ROWS = 50_000


class Progress(Protocol):
    """Told what happens; prints it, or not."""

    def stage(self, name: str, tasks: int) -> None:
        """A stage begins, with so many tasks to do."""
        ...

    def done(self, name: str) -> None:
        """One task of the stage is done."""
        ...


class Silent:
    """Progress that nobody watches."""

    def stage(self, name: str, tasks: int) -> None:
        """Say nothing."""

    def done(self, name: str) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Rules:
    """The rule packs of a build: their folders, loaded, with one digest over all."""

    folders: tuple[Path, ...]
    packs: tuple[Pack, ...]
    digest: str

    def ids(self) -> list[str]:
        """Every id that may stand in ``removed``."""
        return sorted({rule.id for pack in self.packs for rule in pack.rules} | set(HEURISTICS))


def load_rules(recipe: Recipe) -> Rules:
    """The packaged rules and those of the recipe's folders, checked.

    Raises:
        RuleError: a file is wrong, a pattern cannot be compiled, or a rule contradicts one of its examples.
        RecipeError: ``clean.disable`` names nothing.
    """
    folders = (packaged_rules(), *(Path(folder).resolve() for folder in recipe.clean.rules))
    packs = tuple(load_pack(folder) for folder in folders)
    compile_rules(packs)
    for error in broken_examples(rule for pack in packs for rule in pack.rules):
        raise error
    digest = hashlib.sha256(" ".join(f"{pack.id} {pack.version} {pack.digest}" for pack in packs).encode()).hexdigest()
    rules = Rules(folders, packs, digest[:16])
    _check_disabled(recipe, rules.ids())
    return rules


def _check_disabled(recipe: Recipe, ids: Sequence[str]) -> None:
    for glob in recipe.clean.disable:
        if not any(Path(one).match(glob) or one == glob for one in ids):
            raise RecipeError(f"[clean] disable: no rule or heuristic is called {glob!r}{did_you_mean(glob, ids)}")


@dataclass(frozen=True)
class _Run:
    """What the steps of one build share."""

    out: Path
    work: Path
    recipe: Recipe
    rules: Rules
    engine: Engine
    progress: Progress
    times: dict[str, dict[str, Any]]

    def stage(self, name: str, function: Callable[[Any], Any], tasks: Sequence[Any]) -> list[dict[str, Any]]:
        """Run the tasks of one stage that are not finished yet; the statistics of all, in order."""
        before = time.monotonic()
        waiting = [task for task in tasks if not task.statistics().exists()]
        self.progress.stage(name, len(tasks))
        for _ in range(len(tasks) - len(waiting)):
            self.progress.done(name)
        supervise(
            self.engine,
            partial(stages.perform, function),
            waiting,
            lambda task: task.journal(),
            _with_suspects,
            lambda _number, _result: self.progress.done(name),
        )
        found = [json.loads(task.statistics().read_text()) for task in tasks]
        self.times[name] = {
            "tasks": len(tasks),
            "cpu_seconds": round(sum(one["cpu_seconds"] for one in found), 3),
            "wall_seconds": round(time.monotonic() - before, 3),
        }
        return found


def _with_suspects(task: Any, suspects: frozenset[str]) -> Any:
    return replace(task, suspects=suspects) if hasattr(task, "suspects") else task


def build(
    raw: str,
    out: Path,
    recipe: Recipe,
    engine: Engine,
    *,
    batch_bytes: int = BATCH_BYTES,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Build a dataset of clean articles.

    Args:
        raw: a file, a folder, a glob pattern or an fsspec URL.
        out: the output folder: new, empty, or a build of ours (which is replaced when the new one is complete).
        recipe: everything that can change the output.
        engine: where the work is done.
        batch_bytes: input bytes a task; changes the time, never the output.
        progress: told what happens.

    Returns:
        The content of ``out/build.json``.

    Raises:
        InputError: there is nothing to read.
        OutputError: ``out`` holds something else.
        RuleError, RecipeError: rules or recipe are wrong.
        RunError: workers keep dying, or a guard of the recipe stopped the build.
    """
    check_filters(recipe.quality.filters)
    rules = load_rules(recipe)
    inputs = [one for one in list_inputs(raw) if not _inside(one.path, out)]
    if not inputs:
        raise InputError(f"{raw}: there is no file to read.")
    prepare_out(out)
    work = out / WORK / _work_key(recipe, rules, inputs, batch_bytes)
    work.mkdir(parents=True, exist_ok=True)
    run = _Run(out, work, recipe, rules, engine, progress or Silent(), {})
    batches = _batches(plan_splits(inputs, batch_bytes), batch_bytes)
    try:
        return _build(run, batches)
    finally:
        _forget_other_work(out, work)


def _inside(path: str, folder: Path) -> bool:
    return "://" not in path and Path(path).resolve().is_relative_to(folder.resolve())


def prepare_out(out: Path) -> None:
    """Make the output folder, or see that it is one of ours.

    Raises:
        OutputError: it is a file, or holds something that is no build.
    """
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out} is a file; the output is a folder.")
    if out.is_dir() and any(out.iterdir()) and not (out / WORK).is_dir() and not (out / "build.json").is_file():
        raise OutputError(f"{out} is not empty and no build of curate.\n  Name a new folder, or empty this one yourself.")
    (out / WORK).mkdir(parents=True, exist_ok=True)


def _work_key(recipe: Recipe, rules: Rules, inputs: Iterable[Input], batch_bytes: int) -> str:
    """What the work in a folder belongs to: the same key, the same files."""
    code = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        code.update(path.read_bytes())
    listed = [(one.file_path, one.size_bytes, _modified(one.path)) for one in inputs]
    key = [code.hexdigest(), recipe.digest(), rules.digest, batch_bytes, listed]
    return hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]


def _modified(path: str) -> int:
    try:
        return Path(path).stat().st_mtime_ns
    except OSError:
        return 0


def _forget_other_work(out: Path, work: Path) -> None:
    """Remove what earlier, other builds left half done, and this one's work once it is complete."""
    for folder in (out / WORK).iterdir():
        if folder != work or (out / "build.json").is_file() and (work / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)


def _batches(splits: Iterable[Split], batch_bytes: int) -> list[tuple[Split, ...]]:
    """Splits in order, put together until they hold ``batch_bytes``."""
    batches: list[list[Split]] = [[]]
    size = 0
    for split in splits:
        own = min(split.input.size_bytes, (split.end - split.start) if split.end is not None else split.input.size_bytes)
        if batches[-1] and size + own > batch_bytes:
            batches.append([])
            size = 0
        batches[-1].append(split)
        size += own
    return [tuple(batch) for batch in batches if batch]


def _build(run: _Run, batches: Sequence[tuple[Split, ...]]) -> dict[str, Any]:
    indexed, inputs = _index(run, batches)
    copies = _payload_copies(run, indexed)
    extracted = [
        stages.ExtractTask(run.work / "extracted", number, batch, run.recipe, copies)
        for number, batch in enumerate(batches)
    ]
    found = run.stage("extract", stages.extract_pages, extracted)
    sites = _count_sites(run, extracted, sum(one["articles"] for one in found))
    cleaned = _clean(run, extracted, sites)
    merged = _dedup(run, cleaned, indexed, copies)
    return _write(run, extracted, cleaned, merged, inputs)


def _index(run: _Run, batches: Sequence[tuple[Split, ...]]) -> tuple[list[Path], list[dict[str, Any]]]:
    tasks = [stages.IndexTask(run.work / "index", number, batch, run.recipe) for number, batch in enumerate(batches)]
    found = run.stage("read", stages.index, tasks)
    files: dict[str, Any] = {}
    for one in found:
        files |= one["files"]
    return [task.output() for task in tasks], [{"path": path, **files[path]} for path in sorted(files)]


def _payload_copies(run: _Run, indexed: Sequence[Path]) -> Path:
    """The records whose bytes another record has, and which one: a file of id, kept_id."""
    path = run.work / "copies.arrow"
    if not path.exists():
        wanted = run.recipe.dedup.enabled and run.recipe.dedup.payload
        wire.write_table(path, payload_copies(indexed if wanted else []))
    return path


def _count_sites(run: _Run, extracted: Sequence[stages.ExtractTask], articles: int) -> tuple[Path, ...]:
    partitions = 1 + articles // SITE_PARTITION_ROWS
    files = tuple(task.output() for task in extracted)
    tasks = [stages.SiteTask(run.work / "sites", number, files, partitions) for number in range(partitions)]
    run.stage("site", stages.count_sites, tasks)
    return tuple(task.output() for task in tasks)


def _clean(run: _Run, extracted: Sequence[stages.ExtractTask], sites: tuple[Path, ...]) -> list[stages.CleanTask]:
    tasks = [
        stages.CleanTask(
            run.work / "cleaned", task.number, task.output(), sites, run.rules.folders, run.rules.digest, run.recipe
        )
        for task in extracted
    ]
    run.stage("clean", stages.clean_articles, tasks)
    return tasks


@dataclass(frozen=True)
class _Merged:
    """What deduplication found: files of DUPLICATES, of rejected copies, and a table id, cluster_id, cluster_size."""

    duplicates: Path
    rejected: Path
    kept: Path
    excluded: Path


def _dedup(run: _Run, cleaned: Sequence[stages.CleanTask], indexed: Sequence[Path], copies: Path) -> _Merged:
    folder = run.work / "dedup"
    merged = _Merged(*(folder / f"{name}.arrow" for name in ("duplicates", "rejected", "kept", "excluded")))
    files = tuple(task.output() for task in cleaned)
    rows = sum(json.loads(task.statistics().read_text())["articles"] for task in cleaned)
    partitions = 1 + rows // DEDUP_PARTITION_ROWS
    pairs: list[Path] = []
    if run.recipe.dedup.enabled and rows:
        tasks = [stages.PairTask(folder / "pairs", number, files, (), partitions, run.recipe) for number in range(partitions)]
        run.stage("dedup-pairs", stages.find_pairs, tasks)
        found = tuple(task.output() for task in tasks)
        tasks = [stages.PairTask(folder / "edges", number, files, found, partitions, run.recipe) for number in range(partitions)]
        run.stage("dedup-verify", stages.verify_pairs, tasks)
        pairs = [task.output() for task in tasks]
    task = stages.MergeTask(folder, 0, files, tuple(pairs), tuple(indexed), copies, run.recipe)
    run.stage("dedup-merge", stages.merge, [task])
    return merged
