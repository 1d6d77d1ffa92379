"""The stages of a build as functions of a task: each reads files, writes files, and returns small statistics.

A task is a frozen dataclass that can be pickled. Its outputs are written under a temporary name and renamed; the
statistics (``perform``) are written last, so a task with statistics is a finished task.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from curate import wire
from curate.clean import Cleaned, clean
from curate.corpus.site import PageLines, known_to, page_lines, site_lines
from curate.dedup import candidates, clusters, signature_columns, verify
from curate.engine.pages import PageDeath, run_pages
from curate.extract import extract
from curate.heuristics import SiteLines
from curate.lines import line_key, lines_of
from curate.masks import site_masks
from curate.model import ARTICLES, DUPLICATES, REJECTED, REMOVED, Article, Page, Rejection, shard_key
from curate.quality import detect, judge, prose_sample
from curate.read import Split, read
from curate.recipe import Recipe
from curate.rules import OPTIONS, Matcher, compile_rules, load_packs
from curate.text import count_words, split_lines
from curate.write import write_shard


@dataclass(frozen=True)
class Task:
    """What every task has: the folder of its stage and its number there."""

    folder: Path
    number: int

    def output(self, kind: str = "") -> Path:
        """Where the task writes its rows of ``kind``."""
        return self.folder / kind / f"{self.number:06d}.arrow"

    def statistics(self) -> Path:
        """The file that says the task is finished."""
        return self.folder / f"{self.number:06d}.json"

    def journal(self) -> Path:
        """Where the task writes the page it works on."""
        return self.folder / f"{self.number:06d}.page"


@dataclass(frozen=True)
class IndexTask(Task):
    """Name and digest every record of some splits."""

    splits: tuple[Split, ...] = ()
    recipe: Recipe = field(default_factory=Recipe)


@dataclass(frozen=True)
class ExtractTask(Task):
    """Extract the pages of some splits, but those in ``skip`` (a file of ids); ``suspects`` are worked on alone."""

    splits: tuple[Split, ...] = ()
    recipe: Recipe = field(default_factory=Recipe)
    skip: Path = Path()
    suspects: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SiteTask(Task):
    """Count the lines of the sites whose key falls into partition ``number`` of ``partitions``."""

    extracted: tuple[Path, ...] = ()
    partitions: int = 1


@dataclass(frozen=True)
class CleanTask(Task):
    """Clean and judge the articles of one extracted file."""

    extracted: Path = Path()
    sites: tuple[Path, ...] = ()
    rules: tuple[Path, ...] = ()
    rules_digest: str = ""
    recipe: Recipe = field(default_factory=Recipe)


@dataclass(frozen=True)
class PairTask(Task):
    """Find, or verify, the pairs of duplicates of partition ``number`` of ``partitions``."""

    cleaned: tuple[Path, ...] = ()
    pairs: tuple[Path, ...] = ()
    partitions: int = 1
    similarity: float = 0.0


@dataclass(frozen=True)
class MergeTask(Task):
    """Join pairs to clusters, and say what becomes of the copies that were left out of the extraction."""

    cleaned: tuple[Path, ...] = ()
    pairs: tuple[Path, ...] = ()
    indexed: tuple[Path, ...] = ()
    rejected: tuple[Path, ...] = ()
    copies: Path = Path()
    recipe: Recipe = field(default_factory=Recipe)


@dataclass(frozen=True)
class ShardTask(Task):
    """Write one shard of one subset."""

    subset: str = ""
    files: tuple[Path, ...] = ()
    prefix: str = ""
    merged: tuple[Path, ...] = ()
    clusters: tuple[Path, ...] = ()


def perform(function: Callable[[Any], dict[str, Any]], task: Task) -> dict[str, Any]:
    """Run one stage function on its task and write down its statistics and CPU seconds."""
    task.folder.mkdir(parents=True, exist_ok=True)
    before = _cpu_seconds()
    statistics = function(task)
    statistics["cpu_seconds"] = round(_cpu_seconds() - before, 4)
    temporary = task.statistics().with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(json.dumps(statistics, sort_keys=True))
    temporary.replace(task.statistics())
    return dict(statistics)


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def index(task: IndexTask) -> dict[str, Any]:
    """Name and digest every record, and digest the input files whose beginning is in the task."""
    rows = []
    records = 0
    for split in task.splits:
        for record in read(split, task.recipe.read):
            records += 1
            if isinstance(record, Page):
                rows.append(
                    {
                        "id": record.id,
                        "url": record.url,
                        "date_download": record.date_download,
                        **wire.provenance_columns(record.provenance),
                    }
                )
    wire.write_table(task.output(), wire.rows_table(rows, wire.INDEX))
    files = {split.input.file_path: file_digest(split.input.path) for split in task.splits if split.start == 0}
    return {"records": records, "files": files}


def file_digest(path: str) -> dict[str, Any]:
    """Size and sha256 of one input file; of a member of an archive, null: the archive is digested as a file."""
    digest, size = hashlib.sha256(), 0
    try:
        with Path(path).open("rb") as source:
            while chunk := source.read(1 << 20):
                digest.update(chunk)
                size += len(chunk)
    except OSError:
        return {"bytes": None, "sha256": None}
    return {"bytes": size, "sha256": digest.hexdigest()}


def extract_pages(task: ExtractTask) -> dict[str, Any]:
    """Read and extract; a page that fails, hangs or kills its worker is a rejection."""
    skip = _ids(task.skip)
    articles: list[dict[str, Any]] = []
    rejected: list[dict[str, Any]] = []

    def pages() -> Iterator[Page]:
        for split in task.splits:
            for record in read(split, task.recipe.read):
                if isinstance(record, Rejection):
                    rejected.append(wire.rejection_row(record))
                elif record.id not in skip:
                    yield record

    options = task.recipe.extract
    function = Extraction(task.recipe)
    for page, result in run_pages(function, pages(), task.journal(), task.suspects, options.page_seconds):
        if isinstance(result, PageDeath):
            result = Rejection(page.id, page.provenance, "extract", result.reason, result.detail, page.url)
        if isinstance(result, Rejection):
            rejected.append(wire.rejection_row(result))
        else:
            articles.append(_extracted_row(result))
    wire.write_table(task.output("rejected"), wire.rows_table(rejected, wire.keyed(REJECTED)))
    wire.write_table(task.output(), wire.rows_table(articles, wire.EXTRACTED))
    return {"articles": len(articles), "rejected": len(rejected)}


@dataclass(frozen=True)
class Extraction:
    """``extract`` with its options, as a function that can be pickled."""

    recipe: Recipe

    def __call__(self, page: Page) -> Article | Rejection:
        return extract(page, self.recipe.extract)


def _ids(path: Path) -> frozenset[str]:
    return frozenset(wire.read_table(path, ["id"])["id"].to_pylist())


def _extracted_row(article: Article) -> dict[str, Any]:
    counted = page_lines(article.id, article.metadata.title, article.text)
    return wire.article_row(article) | {
        "line_keys": [key for key, _, _ in counted.lines],
        "line_chars": [chars for _, chars, _ in counted.lines],
        "line_prose": [prose for _, _, prose in counted.lines],
        "site_key": site_key(article.source_domain),
    }


def site_key(domain: str | None) -> int:
    """32 bits that decide the partition of a site; 0 where the site is not known."""
    return xxhash.xxh3_64_intdigest(domain.encode()) % (2**32 - 1) + 1 if domain else 0


SITES = pa.schema(
    [
        ("domain", pa.string()),
        ("pages", pa.int64()),
        ("keys", pa.list_(pa.int64())),
        ("counts", pa.list_(pa.int64())),
        ("titles", pa.list_(pa.string())),
    ]
)


def count_sites(task: SiteTask) -> dict[str, Any]:
    """The repeated lines and titles of every site of one partition; sites with one page say nothing."""
    columns = ["id", "source_domain", "title", "line_keys", "line_chars", "line_prose", "site_key"]
    pages: dict[str, list[PageLines]] = {}
    for path in task.extracted:
        table = wire.read_table(path, columns)
        keys = table["site_key"].to_numpy()
        wanted = (keys > 0) & (keys % task.partitions == task.number)
        for row in table.filter(pa.array(wanted)).to_pylist():
            lines = tuple(zip(row["line_keys"], row["line_chars"], row["line_prose"], strict=True))
            pages.setdefault(row["source_domain"], []).append(PageLines(row["id"], line_key(row["title"] or ""), lines))
    rows = []
    for domain in sorted(pages):
        if len(pages[domain]) > 1:
            repeated, titles = site_lines(pages[domain])
            rows.append(
                {
                    "domain": domain,
                    "pages": len(pages[domain]),
                    "keys": list(repeated),
                    "counts": list(repeated.values()),
                    "titles": list(titles),
                }
            )
    wire.write_table(task.output(), wire.rows_table(rows, SITES))
    return {"sites": len(rows)}


def clean_articles(task: CleanTask) -> dict[str, Any]:
    """Clean, detect the language, judge, and sign the articles of one file."""
    table = wire.read_table(task.extracted)
    matcher = compiled(task.rules, task.recipe.clean.disable, task.rules_digest)
    sites = _sites_of(task.sites, set(table["source_domain"].to_pylist()))
    kept: list[dict[str, Any]] = []
    removed: list[dict[str, Any]] = []
    rejected: list[dict[str, Any]] = []
    for article in wire.articles(table):
        row, removals = clean_article(article, matcher, sites, task.recipe, task.rules_digest)
        if isinstance(row, Rejection):
            rejected.append(wire.rejection_row(row))
            continue
        kept.append(row)
        removed += removals
    cleaned = wire.rows_table(kept, wire.keyed(ARTICLES))
    signatures = signature_columns(cleaned["text"].to_pylist(), cleaned["url"].to_pylist())
    for name, column in signatures.items():
        cleaned = cleaned.append_column(name, column)
    wire.write_table(task.output("removed"), wire.rows_table(removed, wire.keyed(REMOVED)))
    wire.write_table(task.output("rejected"), wire.rows_table(rejected, wire.keyed(REJECTED)))
    wire.write_table(task.output(), cleaned)
    return {"articles": len(kept), "rejected": len(rejected)}


@lru_cache(maxsize=4)
def compiled(folders: tuple[Path, ...], disable: tuple[str, ...], digest: str) -> Matcher:
    """The compiled rules of some folders; ``digest`` makes a changed rule file another key."""
    return compile_rules(load_packs(folders), disable)


def _sites_of(paths: Sequence[Path], domains: set[str | None]) -> dict[str, tuple[dict[int, int], dict[str, int]]]:
    sites = {}
    for number, path in enumerate(paths):
        wanted = [one for one in domains if one and site_key(one) % len(paths) == number]
        if not wanted:
            continue
        table = wire.read_table(path)
        for row in table.filter(pc.is_in(table["domain"], pa.array(wanted, pa.string()))).to_pylist():
            repeated = dict(zip(row["keys"], row["counts"], strict=True))
            sites[row["domain"]] = (repeated, dict.fromkeys(row["titles"], 1))
    return sites


def clean_article(
    article: Article,
    matcher: Matcher,
    sites: dict[str, tuple[dict[int, int], dict[str, int]]],
    recipe: Recipe,
    rules_digest: str,
) -> tuple[dict[str, Any] | Rejection, list[dict[str, Any]]]:
    """One article through cleaning, language and quality: its row and the rows of its removals, or why it is none."""
    language = None
    if recipe.language.enabled:
        language = detect(prose_sample(split_lines(article.text)))
    cleaned = cleaned_article(article, matcher, sites, recipe, language[0] if language else article.metadata.language)
    refusal = refusal_of(article, cleaned, language, recipe)
    if refusal is not None:
        return refusal, []
    return _article_row(article, cleaned, language, recipe, rules_digest), _removed_rows(article, cleaned)


def cleaned_article(
    article: Article,
    matcher: Matcher,
    sites: dict[str, tuple[dict[int, int], dict[str, int]]],
    recipe: Recipe,
    language: str | None,
) -> Cleaned:
    """The cleaning alone."""
    if not recipe.clean.enabled:
        return Cleaned(article.text, (), {}, tuple(range(article.text.count("\n") + 1)))
    repeated, titles = sites.get(article.source_domain or "", ({}, {}))
    lines = lines_of(article.text, article.evidence)
    site = SiteLines()
    if repeated or titles:
        site = known_to([*(line.key for line in lines), *site_masks(lines).values()], repeated, titles)
    options = recipe.clean
    keep = {name for name in OPTIONS if getattr(options, name) == "keep"}
    return clean(article, matcher, site, language, lines=lines, disable=options.disable, keep=keep)


def refusal_of(
    article: Article, cleaned: Cleaned, language: tuple[str, float] | None, recipe: Recipe
) -> Rejection | None:
    def reject(stage: str, reason: str, detail: str) -> Rejection:
        return Rejection(article.id, article.provenance, stage, reason, detail, article.url)

    if not cleaned.text.strip():
        return reject("clean", "no-text", "Nothing was left after cleaning.")
    options = recipe.language
    if options.enabled and options.keep:
        if language is None or language[0] not in options.keep:
            return reject("language", "other-language", f"Detected: {language[0] if language else 'none'}.")
        if language[1] < options.min_score:
            return reject(
                "language", "unsure-language", f"{language[0]} at {language[1]:.2f}, below {options.min_score}."
            )
    if recipe.quality.enabled:
        evidence = [article.evidence[number] for number in cleaned.kept_lines] if article.evidence else []
        shares = [one.link_share if one else None for one in evidence]
        refusal = judge(cleaned.text, language[0] if language else None, recipe.quality.filters, shares, article.url)
        if refusal is not None:
            return reject("quality", refusal.reason, refusal.detail)
    return None


def _article_row(
    article: Article, cleaned: Cleaned, language: tuple[str, float] | None, recipe: Recipe, rules_digest: str
) -> dict[str, Any]:
    metadata, captured = article.metadata, cleaned.captured
    return {
        "id": article.id,
        "text": cleaned.text,
        "url": article.url,
        "canonical_url": metadata.canonical_url,
        "source_domain": article.source_domain,
        "publisher": metadata.publisher or captured.get("publisher"),
        "title": metadata.title,
        "authors": list(metadata.authors) or ([captured["authors"]] if "authors" in captured else []),
        "date_published": metadata.date_published or captured.get("date_published"),
        "date_modified": metadata.date_modified,
        "date_download": article.date_download,
        "language": language[0] if language else None if recipe.language.enabled else metadata.language,
        "language_score": round(language[1], 4) if language else None,
        "license": metadata.license,
        "wire_agency": captured.get("wire_agency"),
        "wire_evidence": captured.get("wire_evidence"),
        "dateline": captured.get("dateline"),
        "original_length": len(article.text),
        "length": len(cleaned.text),
        "original_nlines": article.text.count("\n") + 1,
        "nlines": cleaned.text.count("\n") + 1,
        "word_count": count_words(cleaned.text),
        "shard_key": shard_key(article.id),
        "provenance": wire.provenance_columns(article.provenance)
        | {
            "extractor": article.extractor,
            "rules": rules_digest,
            "recipe": recipe.digest(),
            "removed_chars": sum(one.end - one.start for one in cleaned.removals),
            "extracted_digest": hashlib.sha256(article.text.encode("utf-8")).hexdigest(),
        },
    }


def _removed_rows(article: Article, cleaned: Cleaned) -> list[dict[str, Any]]:
    key = shard_key(article.id)
    return [
        {
            "id": article.id,
            "start": one.start,
            "end": one.end,
            "text": article.text[one.start : one.end],
            "rule": one.rule,
            "stage": one.stage,
            "why": one.why,
            "shard_key": key,
        }
        for one in cleaned.removals
    ]


def find_pairs(task: PairTask) -> dict[str, Any]:
    """Pairs of articles that share a key of one partition."""
    table = candidates(task.cleaned, task.number, task.partitions)
    wire.write_table(task.output(), table)
    return {"pairs": table.num_rows}


def verify_pairs(task: PairTask) -> dict[str, Any]:
    """The pairs of one partition that are really similar."""
    table = verify(task.cleaned, task.pairs, task.number, task.partitions, task.similarity)
    wire.write_table(task.output(), table)
    return {"pairs": table.num_rows}


CLUSTERS = pa.schema([("id", pa.string()), ("cluster_id", pa.string()), ("cluster_size", pa.int64())])


def merge(task: MergeTask) -> dict[str, Any]:
    """Clusters of articles, with the copies that were never extracted: rows of duplicates, or of rejected."""
    edges = [wire.read_table(path) for path in task.pairs]
    duplicates, kept = clusters(task.cleaned, edges, task.recipe.dedup)
    merged = {row["id"]: row for row in duplicates.to_pylist()}
    sizes = {row["id"]: (row["cluster_id"], row["cluster_size"]) for row in kept.to_pylist()}
    copies = dict(zip(*(wire.read_table(task.copies)[name].to_pylist() for name in ("id", "kept_id")), strict=True))
    wanted = pa.array(sorted(set(copies.values())), pa.string())
    dates = _column_of(task.cleaned, wanted, "date_published")
    refusals = _rows_of(task.rejected, wanted)
    rejected = []
    for row in _rows_of(task.indexed, pa.array(sorted(copies), pa.string())).values():
        same = copies[row["id"]]
        if same in refusals:
            rejected.append(_rejected_copy(row, refusals[same]))
            continue
        canonical = merged[same]["kept_id"] if same in merged else same
        cluster, size = sizes.get(canonical, (canonical, 1))
        sizes[canonical] = (cluster, size + 1)
        merged[row["id"]] = _copy_row(row, canonical, cluster, merged.get(same), dates.get(same))
    rows = [merged[one] for one in sorted(merged)]
    wire.write_table(task.output("duplicates"), wire.rows_table(rows, wire.keyed(DUPLICATES)))
    wire.write_table(task.output("rejected"), wire.rows_table(rejected, wire.keyed(REJECTED)))
    counted = [
        {"id": one, "cluster_id": cluster, "cluster_size": size} for one, (cluster, size) in sorted(sizes.items())
    ]
    wire.write_table(task.output("clusters"), wire.rows_table(_keyed_rows(counted), wire.keyed(CLUSTERS)))
    return {"duplicates": len(rows), "rejected": len(rejected)}


def _keyed_rows(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row | {"shard_key": shard_key(row["id"])} for row in rows]


def _rows_of(files: Sequence[Path], ids: pa.Array) -> dict[str, dict[str, Any]]:
    """The rows of some ids, by id."""
    found: dict[str, dict[str, Any]] = {}
    for path in files:
        table = wire.read_table(path)
        found |= {row["id"]: row for row in table.filter(pc.is_in(table["id"], ids)).to_pylist()}
    return found


def _column_of(files: Sequence[Path], ids: pa.Array, column: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in files:
        table = wire.read_table(path, ["id", column])
        table = table.filter(pc.is_in(table["id"], ids))
        found |= zip(table["id"].to_pylist(), table[column].to_pylist(), strict=True)
    return found


def _rejected_copy(row: Mapping[str, Any], refusal: Mapping[str, Any]) -> dict[str, Any]:
    detail = f"The same bytes as {refusal['id']}: {refusal['detail']}"
    own = {name: row[name] for name in ("id", "url", "file_path", "format", "record_id", "record_offset", "digest")}
    return own | {
        "stage": refusal["stage"],
        "reason": refusal["reason"],
        "detail": detail,
        "shard_key": shard_key(row["id"]),
    }


def _copy_row(
    row: Mapping[str, Any], canonical: str, cluster: str, same: Mapping[str, Any] | None, date: str | None
) -> dict[str, Any]:
    """A record with the bytes of another one: as similar to the canonical article as that one is."""
    return {
        "id": row["id"],
        "kept_id": canonical,
        "cluster_id": cluster,
        "kind": "payload",
        "similarity": same["similarity"] if same else 1.0,
        "url": row["url"],
        "date": date,
        "file_path": row["file_path"],
        "record_offset": row["record_offset"],
        "digest": row["digest"],
        "shard_key": shard_key(row["id"]),
    }


def write_rows(task: ShardTask) -> dict[str, Any]:
    """One shard of one subset."""
    folder = task.folder / task.subset
    return write_shard(task.subset, task.files, task.prefix, folder, merged=task.merged, clusters=task.clusters)
