"""Whether a finished build is what its build.json says: ``curate verify``.

Every check is a generator of differences, so nothing is read after enough of them were found.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from curate.errors import OutputError
from curate.model import SUBSETS, shard_key
from curate.text import restore
from curate.write.columns import CONFIGS, UNDETERMINED
from curate.write.manifest import SEAL, json_bytes, sealed, sha256_of
from curate.write.shards import shard_prefix

_BATCH_ROWS = 1_000

_COUNTS = ("records", "articles", "rejected", "duplicates", "removed", "chars", "languages")

_READ: Mapping[str, Sequence[str]] = {
    "data": (
        *("id", "text", "language", "original_length", "length", "original_nlines", "nlines"),
        *("cluster_id", "cluster_size", "provenance"),
    ),
    "removed": ("id", "start", "end", "text", "rule"),
    "rejected": ("id", "stage", "reason", "file_path"),
    "duplicates": ("id", "kept_id", "cluster_id", "kind", "file_path"),
}
"""The columns that are checked."""

Row = Mapping[str, Any]


class _ShardError(Exception):
    """A shard that cannot be read; the message names it."""


@dataclass
class _Totals:
    """What the rows add up to, in the words of ``build["counts"]``."""

    articles: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    duplicates: Counter[str] = field(default_factory=Counter)
    spans: Counter[str] = field(default_factory=Counter)
    chars: Counter[str] = field(default_factory=Counter)
    removed_chars: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)


def verify(out: Path, limit: int = 20) -> list[str]:
    """Check a finished build against its build.json and against itself.

    That is: the digest of build.json, digest, size and rows of every file, the schemas and places of the shards; for
    every article that kept text + removed spans = extracted text, by its digest; ids, clusters, and all counts, which
    are made again from the rows.

    Rows are joined by the prefixes of their shards, so the largest shard decides the memory, beside one entry for
    each cluster of duplicates.

    Args:
        out: the output folder of a build.
        limit: number of differences after which the search stops.

    Returns:
        The differences, each naming its file; none: all is well. Rows are looked at only when all files are as
        build.json says.

    Raises:
        OutputError: ``out`` is not the folder of a finished build.
    """
    path = out / "build.json"
    if not path.is_file():
        raise OutputError(
            f"{out}: this is not a finished build: it has no build.json.\n  Make one: curate build RAW {out}"
        )
    return list(itertools.islice(_differences(out, path.read_bytes()), limit))


def _differences(out: Path, written: bytes) -> Iterator[str]:
    try:
        build = json.loads(written)
        wrong = _wrong_build(build, written)
    except (ValueError, RecursionError) as error:
        yield f"build.json: cannot be read: {error}"
        return
    if wrong:
        yield f"build.json: {wrong}"
        return
    in_files = False
    for difference in itertools.chain(_check_files(out, build), _check_card(out, build), _check_croissant(out, build)):
        in_files = True
        yield difference
    if in_files:
        return
    try:
        yield from _check_rows(out, build)
    except _ShardError as error:
        yield str(error)


def _wrong_build(build: Any, written: bytes) -> str | None:
    """What is wrong with build.json itself."""
    if not isinstance(build, dict) or not isinstance(build.get("counts"), dict):
        return "it is not the build.json of a build: it has no counts"
    missing = [key for key in _COUNTS if key not in build["counts"]]
    missing += [key for key in ("files", "rules", SEAL) if key not in build]
    if missing:
        return f"it lacks {', '.join(missing)}"
    if build[SEAL] != sealed(build)[SEAL] or json_bytes(build) != written:
        return "it was changed: its digest is another"
    return None


# ---- files


def _check_files(out: Path, build: Mapping[str, Any]) -> Iterator[str]:
    for name, entry in build["files"].items():
        yield from _check_file(out, name, entry)
    for subset in SUBSETS:
        if not any(name.startswith(subset + "/") for name in build["files"]):
            yield f"{subset}/: build.json lists no shard of it"
        found = sorted((out / subset).iterdir()) if (out / subset).is_dir() else []
        yield from (f"{subset}/{path.name}: not in build.json" for path in found if _unlisted(path, subset, build))


def _unlisted(path: Path, subset: str, build: Mapping[str, Any]) -> bool:
    return f"{subset}/{path.name}" not in build["files"]


def _check_file(out: Path, name: str, entry: Row) -> Iterator[str]:
    if not _is_inside(name):
        yield f"{name!r}: not a path inside the build"
        return
    path = out / name
    if not path.is_file():
        yield f"{name}: missing"
    elif path.stat().st_size != entry["bytes"]:
        yield f"{name}: {path.stat().st_size} bytes, {entry['bytes']} in build.json"
    elif (digest := sha256_of(path)) != entry["sha256"]:
        yield f"{name}: sha256 {digest}, {entry['sha256']} in build.json"
    elif name.split("/")[0] in SUBSETS:
        yield from _check_shard(path, name, entry)


def _check_shard(path: Path, name: str, entry: Row) -> Iterator[str]:
    if shard_prefix(path.name) is None:
        yield f"{name}: not the name of a shard"
        return
    try:
        footer = pq.read_metadata(path)
        schema = footer.schema.to_arrow_schema()
    except (pa.ArrowException, OSError, ValueError) as error:
        yield f"{name}: cannot be read: {_first_line(error)}"
        return
    if footer.num_rows != entry.get("rows"):
        yield f"{name}: {footer.num_rows} rows, {entry.get('rows')} in build.json"
    if not schema.equals(SUBSETS[name.split("/")[0]]):
        yield f"{name}: its columns are not those of {name.split('/')[0]}"
    if any(footer.row_group(index).num_rows == 0 for index in range(footer.num_row_groups)):
        yield f"{name}: has an empty row group, which load_dataset cannot read"


def _is_inside(name: str) -> bool:
    """A relative path that leads nowhere else, on any system."""
    path = PureWindowsPath(name)  # knows / as well
    return not path.root and ".." not in path.parts


def _first_line(error: BaseException) -> str:
    return str(error).split("\n")[0]


# ---- documents


def _check_card(out: Path, build: Mapping[str, Any]) -> Iterator[str]:
    try:
        text = (out / "README.md").read_text("utf-8")
        front = yaml.safe_load(text.split("---\n")[1])
        said = {config["config_name"]: config["splits"][0]["num_examples"] for config in front["dataset_info"]}
    except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError, RecursionError) as error:
        yield f"README.md: its dataset_info cannot be read: {_first_line(error)}"
        return
    for subset, config in CONFIGS.items():
        rows = sum(entry["rows"] for name, entry in build["files"].items() if name.startswith(subset + "/"))
        if said.get(config) != rows:
            yield f"README.md: {said.get(config)} rows of {config}, {rows} in build.json"


def _check_croissant(out: Path, build: Mapping[str, Any]) -> Iterator[str]:
    try:
        described = json.loads((out / "croissant.json").read_bytes())
        said = {entry["@id"]: entry["sha256"] for entry in described["distribution"] if "sha256" in entry}
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        yield f"croissant.json: cannot be read: {_first_line(error)}"
        return
    listed = {name: entry["sha256"] for name, entry in build["files"].items() if name.split("/")[0] in SUBSETS}
    for name in sorted(said.keys() | listed.keys()):
        if said.get(name) != listed.get(name):
            yield f"croissant.json: sha256 {said.get(name)} of {name}, {listed.get(name)} in build.json"


# ---- rows


def _check_rows(out: Path, build: Mapping[str, Any]) -> Iterator[str]:
    shards = {subset: [name for name in build["files"] if name.startswith(subset + "/")] for subset in SUBSETS}
    for names in shards.values():
        for name in names:
            yield from _check_places(out, name)
    totals = _Totals()
    clusters = _cluster_sizes(out, shards["duplicates"])
    rules = frozenset(build["rules"]["ids"])
    for prefix in _leaves([_prefix(name) for names in shards.values() for name in names]):
        rows = {subset: _rows_below(out, names, prefix) for subset, names in shards.items()}
        yield from _check_leaf(rows, clusters, rules, totals)
    for kept, cluster in sorted(clusters):
        yield f"duplicates/: no article is called {kept} and stands for cluster {cluster}"
    yield from _check_counts(build["counts"], totals)


def _prefix(name: str) -> str:
    prefix = shard_prefix(PurePosixPath(name).name)
    assert prefix is not None  # _check_shard has seen to it
    return prefix


def _leaves(prefixes: Iterable[str]) -> list[str]:
    """The coarsest prefixes that hold every id once and cut through none of ``prefixes``."""
    inner = {prefix[:bits] for prefix in prefixes for bits in range(len(prefix))}
    return sorted({node + bit for node in inner for bit in "01"} - inner) if inner else [""]


def _key_bits(row_id: str) -> str:
    return f"{shard_key(row_id):032b}"


def _batches(out: Path, name: str, columns: Sequence[str]) -> Iterator[list[Row]]:
    try:
        with pq.ParquetFile(out / name) as file:
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=list(columns)):
                yield batch.to_pylist()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _ShardError(f"{name}: cannot be read: {_first_line(error)}") from None


def _check_places(out: Path, name: str) -> Iterator[str]:
    """Rows of a shard belong there by their id and stand in order, so none is there twice."""
    prefix = _prefix(name)
    place = ("id", "start") if name.startswith("removed/") else ("id",)
    last: tuple[Any, ...] = ()
    for row in itertools.chain.from_iterable(_batches(out, name, place)):
        here = tuple(row[column] for column in place)
        if None in here:
            yield f"{name}: a row without {' or '.join(place)}"
            continue
        if not _key_bits(row["id"]).startswith(prefix):
            yield f"{name}: {row['id']} belongs to another shard"
        if last and here <= last:
            yield f"{name}: {row['id']} stands there twice" if here == last else f"{name}: {row['id']} is out of order"
        last = here


def _cluster_sizes(out: Path, names: Sequence[str]) -> Counter[tuple[str, str]]:
    """Number of duplicates by the article that was kept and the name of the cluster."""
    sizes: Counter[tuple[str, str]] = Counter()
    for name in names:
        for batch in _batches(out, name, ("kept_id", "cluster_id")):
            sizes.update((row["kept_id"] or "", row["cluster_id"] or "") for row in batch)
    return sizes


def _rows_below(out: Path, names: Sequence[str], prefix: str) -> dict[str, list[Row]]:
    """Rows of a subset whose id falls below ``prefix``, by id."""
    found: dict[str, list[Row]] = {}
    for name in names:
        here = _prefix(name)
        if not (here.startswith(prefix) or prefix.startswith(here)):
            continue
        for row in itertools.chain.from_iterable(_batches(out, name, _READ[name.split("/")[0]])):
            if _lacks(row):
                raise _ShardError(f"{name}: {row['id']} lacks {_lacks(row)}")
            if _key_bits(row["id"]).startswith(prefix):
                found.setdefault(row["id"], []).append(row)
    return found


def _lacks(row: Row) -> str:
    """The checked columns that are null; only a language may be."""
    empty = [column for column, value in row.items() if value is None and column != "language"]
    provenance = row.get("provenance") or {}
    empty += [column for column in ("removed_chars", "extracted_digest") if provenance.get(column, 0) is None]
    return ", ".join(empty)


def _check_leaf(
    rows: Mapping[str, Mapping[str, list[Row]]],
    clusters: Counter[tuple[str, str]],
    rules: frozenset[str],
    totals: _Totals,
) -> Iterator[str]:
    articles, removed = rows["data"], rows["removed"]
    for article_id, (article, *_) in articles.items():
        spans = removed.get(article_id, [])
        yield from _check_article(article, spans, rules)
        yield from _check_cluster(article, clusters)
        _count_article(article, spans, totals)
    for article_id in sorted(removed.keys() - articles.keys()):
        yield f"removed/: {article_id} is no article"
    for first, second in (("data", "rejected"), ("data", "duplicates"), ("rejected", "duplicates")):
        for row_id in sorted(rows[first].keys() & rows[second].keys()):
            yield f"{row_id}: stands in {first}/ and in {second}/"
    for subset in ("rejected", "duplicates"):
        for row in itertools.chain.from_iterable(rows[subset].values()):
            yield from _check_path(f"{subset}/", row["id"], row["file_path"])
    totals.rejected.update(f"{row['stage']}/{row['reason']}" for found in rows["rejected"].values() for row in found)
    totals.duplicates.update(row["kind"] for found in rows["duplicates"].values() for row in found)


def _count_article(article: Row, spans: Sequence[Row], totals: _Totals) -> None:
    totals.articles += 1
    totals.languages[article["language"] or UNDETERMINED] += 1
    removed_chars = article["provenance"]["removed_chars"]
    totals.chars.update(extracted=article["original_length"], kept=article["length"], removed=removed_chars)
    for span in spans:
        totals.spans[span["rule"]] += 1
        totals.removed_chars[span["rule"]] += len(span["text"])


def _check_article(article: Row, spans: Sequence[Row], rules: frozenset[str]) -> Iterator[str]:
    name, provenance = article["id"], article["provenance"]
    yield from _check_path("data/", name, provenance["file_path"])
    yield from (f"removed/: {name}: no rule is called {s['rule']!r}" for s in spans if s["rule"] not in rules)
    extracted = restore(article["text"], spans)
    if extracted is None:
        yield f"removed/: {name}: its spans overlap or leave the text"
        return
    if hashlib.sha256(extracted.encode()).hexdigest() != provenance["extracted_digest"]:
        yield f"data/: {name}: kept and removed text do not give the extracted text (another sha256)"
    facts = (
        ("length", article["length"], len(article["text"])),
        ("original_length", article["original_length"], len(extracted)),
        ("nlines", article["nlines"], article["text"].count("\n") + 1),
        ("original_nlines", article["original_nlines"], extracted.count("\n") + 1),
        ("provenance.removed_chars", provenance["removed_chars"], sum(len(span["text"]) for span in spans)),
    )
    yield from (f"data/: {name}: {column} is {said}, not {is_}" for column, said, is_ in facts if said != is_)


def _check_cluster(article: Row, clusters: Counter[tuple[str, str]]) -> Iterator[str]:
    """An article stands for as many records as it says; what it answers for is taken out of ``clusters``."""
    merged = clusters.pop((article["id"], article["cluster_id"]), 0)
    if article["cluster_size"] != merged + 1:
        yield f"data/: {article['id']}: cluster_size is {article['cluster_size']}, with {merged} duplicates"


def _check_path(where: str, row_id: str, file_path: str | None) -> Iterator[str]:
    if not file_path or not _is_inside(file_path):
        yield f"{where}: {row_id}: file_path {file_path!r} is not relative to the input folder"


def _check_counts(counts: Mapping[str, Any], totals: _Totals) -> Iterator[str]:
    rejected, duplicates = sum(totals.rejected.values()), sum(totals.duplicates.values())
    removed = {
        rule: {"spans": spans, "chars": totals.removed_chars[rule]} for rule, spans in sorted(totals.spans.items())
    }
    made = {
        "records": totals.articles + rejected + duplicates,
        "articles": totals.articles,
        "rejected": dict(totals.rejected),
        "duplicates": dict(totals.duplicates),
        "removed": removed,
        "chars": {name: totals.chars[name] for name in ("extracted", "kept", "removed")},
        "languages": dict(totals.languages),
    }
    said, found = dict(_flat("counts", {key: counts[key] for key in _COUNTS})), dict(_flat("counts", made))
    for name in sorted(said.keys() | found.keys()):
        if said.get(name, 0) != found.get(name, 0):
            yield f"build.json: {name} is {said.get(name, 0)}, but the rows make {found.get(name, 0)}"


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Numbers of nested tables, by their names joined with dots."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(f"{name}.{key}", inner)
    else:
        yield name, value
