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
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import lru_cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curate import __version__, stages, wire
from curate.dedup import payload_copies
from curate.engine import Engine
from curate.engine.pages import supervise
from curate.errors import InputError, OutputError, RecipeError, RunError, did_you_mean
from curate.heuristics import HEURISTICS
from curate.model import SUBSETS
from curate.quality import check_filters, check_languages
from curate.read import Input, Split, list_inputs, plan_splits
from curate.recipe import Recipe
from curate.rules import Matcher, Pack, broken_examples, load_packs, packaged_rules, rules_of
from curate.write import (
    card,
    croissant,
    measure,
    plan_shards,
    sealed,
    shard_name,
    write_empty,
    write_json,
    write_text,
)
from curate.write.columns import UNDETERMINED

WORK = ".curate"
BATCH_BYTES = 8_000_000
"""Input bytes of one task: about 80 pages, some seconds of work; a lost worker costs no more."""
PINNED = (
    "trafilatura",
    "lxml",
    "htmldate",
    "langdetect",
    "google-re2",
    "fastwarc",
    "pyarrow",
    "numpy",
    "xxhash",
)
"""Packages whose version can change the output."""
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
    rules = _loaded(folders, tuple(_stamp(folder) for folder in folders))
    _check_disabled(recipe, rules.ids())
    return rules


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What changes when a file of a pack does."""
    files = sorted(folder.rglob("*.yaml"))
    return tuple((str(path), (found := path.stat()).st_mtime_ns, found.st_size) for path in files)


@lru_cache(maxsize=4)
def _loaded(folders: tuple[Path, ...], stamps: object) -> Rules:
    """The rules of some folders; kept for the next build in this process, unless a file has changed."""
    packs = load_packs(folders)
    # the packaged rules are compiled, and their examples run, by the project's tests and by `curate rules test`
    own = {rule.id for pack in packs[1:] for rule in pack.rules}
    Matcher([rule for rule in rules_of(packs) if rule.id in own])
    for error in broken_examples(rule for pack in packs[1:] for rule in pack.rules):
        raise error
    digest = hashlib.sha256(" ".join(f"{pack.id} {pack.version} {pack.digest}" for pack in packs).encode()).hexdigest()
    return Rules(folders, packs, digest[:16])


def _check_disabled(recipe: Recipe, ids: Sequence[str]) -> None:
    for glob in recipe.clean.disable:
        if not any(fnmatchcase(one, glob) for one in ids):
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
    if batch_bytes < 1:
        raise RecipeError(f"at least one byte a batch is wanted, not {batch_bytes}")
    check_filters(recipe.quality.filters)
    check_languages(recipe.language.keep)
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
        _forget_work(out, work)


def _inside(path: str, folder: Path) -> bool:
    return "://" not in path and Path(path).resolve().is_relative_to(folder.resolve())


def read_build(out: Path) -> dict[str, Any]:
    """What ``build.json`` says of a finished build.

    Raises:
        OutputError: ``out`` is no finished build, or its build.json cannot be read.
    """
    path = out / "build.json"
    try:
        described: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise OutputError(f"{out}: this is not a finished build: it has no build.json.") from None
    except (ValueError, OSError) as error:
        raise OutputError(f"{path} cannot be read: {error}") from None
    return described


def prepare_out(out: Path) -> None:
    """Make the output folder, or see that it is one of ours.

    Raises:
        OutputError: it is a file, or holds something that is no build.
    """
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out} is a file; the output is a folder.")
    if out.is_dir() and any(out.iterdir()) and not (out / WORK).is_dir() and not (out / "build.json").is_file():
        raise OutputError(
            f"{out} is not empty and no build of curate.\n  Name a new folder, or empty this one yourself."
        )
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


def _forget_work(out: Path, work: Path) -> None:
    """Remove what earlier, other builds left half done, and this one's work once it is complete."""
    for folder in (out / WORK).iterdir():
        if folder != work or (work / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)


def _batches(splits: Iterable[Split], batch_bytes: int) -> list[tuple[Split, ...]]:
    """Splits in order, put together until they hold ``batch_bytes``."""
    batches: list[list[Split]] = [[]]
    size = 0
    for split in splits:
        own = min(
            split.input.size_bytes, (split.end - split.start) if split.end is not None else split.input.size_bytes
        )
        if batches[-1] and size + own > batch_bytes:
            batches.append([])
            size = 0
        batches[-1].append(split)
        size += own
    return [tuple(batch) for batch in batches if batch]


def _build(run: _Run, batches: Sequence[tuple[Split, ...]]) -> dict[str, Any]:
    indexed, read = _index(run, batches)
    copies = _payload_copies(run, indexed)
    extracted = [
        stages.ExtractTask(run.work / "extracted", number, batch, run.recipe, copies)
        for number, batch in enumerate(batches)
    ]
    found = run.stage("extract", stages.extract_pages, extracted)
    sites = _count_sites(run, extracted, sum(one["articles"] for one in found))
    cleaned = _clean(run, extracted, sites)
    merged = _dedup(run, extracted, cleaned, indexed, copies)
    return _write(run, extracted, cleaned, merged, read)


def _index(run: _Run, batches: Sequence[tuple[Split, ...]]) -> tuple[list[Path], dict[str, Any]]:
    tasks = [stages.IndexTask(run.work / "index", number, batch, run.recipe) for number, batch in enumerate(batches)]
    found = run.stage("read", stages.index, tasks)
    files: dict[str, Any] = {}
    for one in found:
        files |= one["files"]
    records = sum(one["records"] for one in found)
    inputs = [{"path": path, **files[path]} for path in sorted(files)]
    return [task.output() for task in tasks], {"records": records, "files": inputs}


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


def _dedup(
    run: _Run,
    extracted: Sequence[stages.ExtractTask],
    cleaned: Sequence[stages.CleanTask],
    indexed: Sequence[Path],
    copies: Path,
) -> stages.MergeTask:
    folder = run.work / "dedup"
    files = tuple(task.output() for task in cleaned)
    rows = sum(json.loads(task.statistics().read_text())["articles"] for task in cleaned)
    edges: tuple[Path, ...] = ()
    if run.recipe.dedup.enabled and rows:
        edges = _verified_pairs(run, files, 1 + rows // DEDUP_PARTITION_ROWS)
    rejected = (*(task.output("rejected") for task in extracted), *(task.output("rejected") for task in cleaned))
    task = stages.MergeTask(folder, 0, files, edges, tuple(indexed), rejected, copies, run.recipe)
    run.stage("dedup", stages.merge, [task])
    return task


def _verified_pairs(run: _Run, files: tuple[Path, ...], partitions: int) -> tuple[Path, ...]:
    similarity = run.recipe.dedup.similarity
    found: tuple[Path, ...] = ()
    for name, function in (("pairs", stages.find_pairs), ("verify", stages.verify_pairs)):
        tasks = [
            stages.PairTask(run.work / name, number, files, found, partitions, similarity)
            for number in range(partitions)
        ]
        run.stage(name, function, tasks)
        found = tuple(task.output() for task in tasks)
    return found


def _write(
    run: _Run,
    extracted: Sequence[stages.ExtractTask],
    cleaned: Sequence[stages.CleanTask],
    merged: stages.MergeTask,
    indexed: Mapping[str, Any],
) -> dict[str, Any]:
    duplicates, clusters = (merged.output("duplicates"),), (merged.output("clusters"),)
    sources = {
        "data": tuple(task.output() for task in cleaned),
        "removed": tuple(task.output("removed") for task in cleaned),
        "rejected": (*merged.rejected, merged.output("rejected")),
        "duplicates": duplicates,
    }
    tasks: list[stages.ShardTask] = []
    for subset, rows in sources.items():
        leaves_out = duplicates if subset in ("data", "removed") else ()
        for prefix in plan_shards(measure(rows), run.recipe.output.max_shard_bytes):
            tasks.append(
                stages.ShardTask(
                    run.work / "write",
                    len(tasks),
                    subset,
                    rows,
                    prefix,
                    leaves_out,
                    clusters if subset == "data" else (),
                )
            )
    found = run.stage("write", stages.write_rows, tasks)
    files = {
        f"{task.subset}/{shard_name(task.prefix)}": {key: one[key] for key in ("sha256", "bytes", "rows")}
        for task, one in zip(tasks, found, strict=True)
        if "sha256" in one
    }
    for subset in SUBSETS:
        if not any(name.startswith(f"{subset}/") for name in files):
            files[f"{subset}/{shard_name('')}"] = write_empty(subset, run.work / "write" / subset)
    counts = count(run.work / "write", indexed["records"])
    _guard(run.recipe, counts)
    return _publish(run, files, counts, indexed["files"])


def count(folder: Path, records: int) -> dict[str, Any]:
    """What the shards below ``folder`` hold, counted from their columns.

    Raises:
        RunError: records were lost or made up on the way: a bug.
    """
    data = _columns(folder / "data", ["original_length", "length", "language"])
    removed = _columns(folder / "removed", ["rule", "start", "end"])
    removed = removed.append_column("chars", pc.subtract(removed["end"], removed["start"]))
    by_rule = removed.group_by("rule").aggregate([("chars", "sum"), ("chars", "count")]).sort_by("rule").to_pylist()
    rejected = _columns(folder / "rejected", ["stage", "reason"])
    reasons = Counter(f"{one['stage']}/{one['reason']}" for one in rejected.to_pylist())
    counts = {
        "records": records,
        "articles": data.num_rows,
        "rejected": dict(sorted(reasons.items())),
        "duplicates": _counted(_columns(folder / "duplicates", ["kind"])["kind"]),
        "removed": {one["rule"]: {"spans": one["chars_count"], "chars": one["chars_sum"]} for one in by_rule},
        "chars": {
            "extracted": pc.sum(data["original_length"]).as_py() or 0,
            "kept": pc.sum(data["length"]).as_py() or 0,
            "removed": pc.sum(removed["chars"]).as_py() or 0,
        },
        "languages": _counted(pc.fill_null(data["language"], UNDETERMINED)),
    }
    whole = counts["articles"] + sum(reasons.values()) + sum(counts["duplicates"].values())
    if whole != records:
        raise RunError(
            f"{records} records were read, but {whole} are accounted for; please report this with the input."
        )
    return counts


def _columns(folder: Path, columns: list[str]) -> pa.Table:
    return pa.concat_tables(pq.read_table(path, columns=columns) for path in sorted(folder.glob("*.parquet")))


def _counted(values: pa.ChunkedArray) -> dict[str, int]:
    return {one["values"]: one["counts"] for one in values.drop_null().value_counts().to_pylist()}


def _guard(recipe: Recipe, counts: Mapping[str, Any]) -> None:
    rejected, limit = sum(counts["rejected"].values()), recipe.guard.max_rejected_share
    if counts["records"] and rejected / counts["records"] > limit:
        reasons = ", ".join(f"{reason} {number}" for reason, number in counts["rejected"].items())
        raise RunError(
            f"{rejected} of {counts['records']} records were rejected, more than the share {limit} that the recipe "
            f"allows: {reasons}.\n  Look: curate explain FILE. Then change the recipe: [guard] max_rejected_share."
        )


def _publish(run: _Run, files: dict[str, Any], counts: dict[str, Any], inputs: list[dict[str, Any]]) -> dict[str, Any]:
    """Put the shards in place and write what describes them; build.json last, as the sign of a complete build."""
    (run.out / "build.json").unlink(missing_ok=True)
    for subset in SUBSETS:
        _place(run.work / "write" / subset, run.out / subset, {name for name in files if name.startswith(f"{subset}/")})
    described = sealed(_description(run, files, counts, inputs))
    write_text(run.out / "README.md", card(described, SUBSETS))
    write_json(run.out / "croissant.json", croissant(described, SUBSETS))
    write_json(run.out / "build.json", described)
    (run.work / "complete").touch()
    return described


def _place(source: Path, folder: Path, names: set[str]) -> None:
    folder.mkdir(exist_ok=True)
    wanted = {name.split("/")[1] for name in names}
    for old in folder.iterdir():
        if old.name not in wanted:
            old.unlink()
    for name in sorted(wanted):
        temporary = folder / f"{name}.tmp"
        shutil.copyfile(source / name, temporary)
        temporary.replace(folder / name)


def _description(
    run: _Run, files: dict[str, Any], counts: dict[str, Any], inputs: list[dict[str, Any]]
) -> dict[str, Any]:
    packs = [
        {
            "id": pack.id,
            "version": pack.version,
            "license": pack.license,
            "digest": pack.digest,
            "rules": len(pack.rules),
        }
        for pack in run.rules.packs
    ]
    return {
        "curate": __version__,
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PINNED},
        "created": _created(),
        "name": run.recipe.output.name or run.out.resolve().name,
        "recipe": run.recipe.as_dict(),
        "recipe_digest": run.recipe.digest(),
        "rules": {"digest": run.rules.digest, "packs": packs, "ids": run.rules.ids()},
        "inputs": inputs,
        "counts": counts,
        "stages": run.times,
        "files": files,
    }


def _created() -> str:
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    moment = datetime.fromtimestamp(int(epoch), UTC) if epoch and epoch.isdecimal() else datetime.now(UTC)
    return moment.isoformat(timespec="seconds")
