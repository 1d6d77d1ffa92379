"""Lines that the articles of a build still repeat, as proposed rules: ``curate rules mine``.

Nothing is applied: a person reads the evidence beside each proposal, chooses, and adds near misses. Lines that differ
in numbers and dates only count as one, and become a template.

Memory: the first pass writes the 63-bit hash of each line to one of 64 files, and counts file by file; the second
collects texts and places of the most frequent lines only.
"""

from __future__ import annotations

import json
import re
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from curate.build import read_build
from curate.clean import clean
from curate.corpus.site import MAX_COPIES, SHARED_PROSE, key_hash
from curate.errors import InputError, OutputError, RuleError
from curate.golden import find_cases, load_case
from curate.heuristics import HEURISTICS, SiteLines
from curate.lines import Line, lines_of
from curate.masks import masked
from curate.metadata import domain_of
from curate.model import Article, Metadata, Provenance
from curate.rules import Matcher, Rule, broken_examples, load_packs
from curate.rules.model import MAX_WORDS, Match, Where
from curate.rules.patterns import SLOT
from curate.text import harmless
from curate.write.manifest import SEAL

MIN_SUPPORT = 3
PROSE_FACTOR = 2
"""A line of prose needs so many times the support of a short one: two reports of one event share stock sentences. A
caution, not a measurement: none of the 19 that three or more articles of two dumped bench sets share is article text
(November 2026)."""
MIN_COPIED_LINES = 3
"""An article that shares so many lines of prose, and half of its prose, with others is a copy, in whole or part; a stub
with one or two sentences of the site's is none."""
NEARLY_ALL = 0.9
"""Share of a line's occurrences from which its rule is tied to their place, and of its articles to their site."""
QUANTILES = (0.1, 0.5, 0.9)
MAX_COLLECTED = 50_000
"""Lines whose texts and places are held at once, about 1 KB each."""
MAX_NEAR_MISS_ARTICLES = 20_000
MAX_NEAR_MISS_WORDS = 40
MAX_EXAMPLES = 3
NO_NEAR_MISS = "FIXME"
"""Stands where no near miss was found: it shares no word with a rule, so ``curate rules lint`` asks for another."""

_PARTS_BITS = 6
_HASH_BITS = 63
_BATCH_ROWS = 1_000
_COLUMNS = ("id", "text", "url", "source_domain", "language")
_LETTERS = re.compile(r"[^\W\d_].*[^\W\d_]")
"""Two at least: initials, list marks and axes of charts are lines of one letter."""
_WORD = re.compile(r"[a-z0-9]+")

Row = Mapping[str, Any]
Hashes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a rule would do to texts whose right form is known.

    ``lost`` counts article lines that it would remove, ``residue`` lines of residue; ``alike`` counts article lines
    that it would remove if it held for all sites.
    """

    lost: int
    alike: int
    residue: int


@dataclass(frozen=True)
class Candidate:
    """A proposed rule, as its YAML says it, and what speaks for and against it.

    ``articles`` and ``sites`` (the five with most) count articles that have the line; ``share`` is 0-1 of the articles
    of their sites; ``places`` counts occurrences at the start (not below the first prose), at the end (below the last
    prose) and between; ``quantiles`` are those of `QUANTILES`, 0 the first line of an article and 1 the last;
    ``above_prose`` counts occurrences directly above a line of prose, where sub-headings stand; ``examples`` are lines
    with the URL or id of their article; ``effects`` maps the name of a reference to what the rule would do there.
    """

    rule: Mapping[str, Any]
    articles: int
    sites: Mapping[str, int]
    site_count: int
    share: float
    prose: bool
    places: Mapping[str, int]
    quantiles: tuple[float, ...]
    above_prose: int
    examples: tuple[tuple[str, str], ...]
    effects: Mapping[str, Effect] = field(default_factory=dict)


@dataclass(frozen=True)
class Reference:
    """Texts whose right form a person has said; ``articles`` and ``residue`` are (text, language, site)."""

    name: str
    articles: tuple[tuple[str, str | None, str | None], ...]
    residue: tuple[tuple[str, str | None, str | None], ...]

    @property
    def lines(self) -> int:
        """Number of article lines."""
        return sum(bool(line.key) for text, _, _ in self.articles for line in lines_of(text))


@dataclass(frozen=True)
class Mined:
    """The candidates by support, and what they were mined from; ``copies`` are articles with such lines
    that counted for nothing."""

    candidates: tuple[Candidate, ...]
    articles: int
    copies: int
    references: tuple[Reference, ...] = ()


@dataclass(slots=True)
class _Group:
    """The lines of one masked key, as they are collected; ``values`` are what its slots hold, None where it varies."""

    masked: str
    values: list[str | None]
    articles: int = 0
    prose: bool = False
    words: int = 0
    above_prose: int = 0
    sites: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    places: Counter[str] = field(default_factory=Counter)
    histogram: list[int] = field(default_factory=lambda: [0] * 101)
    lines: list[str] = field(default_factory=list)
    examples: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class _Counts:
    """Hashes that stand in two articles or more, ascending, with the number of articles; and articles a site."""

    keys: Hashes
    articles: Hashes
    sites: Counter[str]

    def of(self, hashes: Sequence[int]) -> Hashes:
        """Number of articles of each hash; 0 for those in one article only."""
        wanted = np.array(hashes, dtype=np.int64)
        if not len(self.keys):
            return np.zeros(len(wanted), dtype=np.int64)
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        return np.where(self.keys[at] == wanted, self.articles[at], 0)


def mine(out: Path, min_support: int = MIN_SUPPORT, limit: int = 100, references: Sequence[Reference] = ()) -> Mined:
    """Find the lines that the articles of a build repeat, and propose a rule for each.

    Args:
        out: the output folder of a build.
        min_support: articles that must have a line; for prose, `PROSE_FACTOR` times as many.
        limit: number of candidates.
        references: texts on which the rules are tried.

    Returns:
        Candidates by support. An article counts once, whatever it was merged with; one that is a copy of others which
        no dedup merged counts for nothing. Every rule is one that the loader accepts, that names its drop examples and
        none of its keep examples, and that removes the line where it stands alone.

    Raises:
        OutputError: ``out`` is not a finished build, or a shard cannot be read.
    """
    build = read_build(out)
    names = [name for name in build["files"] if name.startswith("data/")]
    counts = _count(out, names)
    groups, copies = _collect(out, names, counts, min_support)
    chosen = sorted(
        (one for one in groups if one.articles >= min_support * (PROSE_FACTOR if one.prose else 1)),
        key=lambda one: (-one.articles, -len(one.sites), one.masked),
    )
    total = sum(counts.sites.values())
    drafts = [
        _candidate(group, counts.sites, f"{total} articles ({build[SEAL][:16]})") for group in chosen[: 2 * limit]
    ]
    usable = _usable(_unique(drafts))[:limit]
    usable = _with_near_misses(usable, out, names, counts)
    effects = [_effects([rule for _, rule in usable], one) for one in references]
    candidates = tuple(
        replace(
            one,
            effects={reference.name: effect[rule.id] for reference, effect in zip(references, effects, strict=True)},
        )
        for one, rule in usable
    )
    return Mined(candidates, total, copies, tuple(references))


# ---- lines of a build


def _rows(out: Path, names: Iterable[str]) -> Iterator[Row]:
    for name in names:
        try:
            with pq.ParquetFile(out / name) as file:
                for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=list(_COLUMNS)):
                    yield from batch.to_pylist()
        except (pa.ArrowException, OSError, ValueError) as error:
            reason = str(error).split("\n")[0]
            raise OutputError(f"{out / name} cannot be read: {reason}\n  See more: curate verify {out}") from None


def _masked_lines(text: str) -> Iterator[tuple[Line, str, list[str]]]:
    """The lines that a phrase or template can name: those with some letters, and without braces."""
    for line in lines_of(text):
        if line.key and "{" not in line.key and "}" not in line.key:
            mask, values = masked(line.key)
            if _LETTERS.search(SLOT.sub("", mask) if values else mask):
                yield line, mask, values


def _count(out: Path, names: Sequence[str]) -> _Counts:
    """The first pass: how many articles have each line."""
    sites: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="curate-mine-") as folder:
        paths = [Path(folder) / f"{part:02x}" for part in range(1 << _PARTS_BITS)]
        with ExitStack() as stack:
            files = [stack.enter_context(path.open("wb")) for path in paths]
            hashes: list[int] = []
            for number, row in enumerate(_rows(out, names), 1):
                sites[row["source_domain"] or ""] += 1
                hashes += {key_hash(mask) for _, mask, _ in _masked_lines(row["text"])}
                if number % _BATCH_ROWS == 0:
                    _spill(hashes, files)
                    hashes = []
            _spill(hashes, files)
        counted = [np.unique(np.fromfile(path, dtype=np.int64), return_counts=True) for path in paths]
        repeated = [(keys[counts > 1], counts[counts > 1]) for keys, counts in counted]
    return _Counts(
        np.concatenate([keys for keys, _ in repeated]), np.concatenate([counts for _, counts in repeated]), sites
    )


def _spill(hashes: Sequence[int], files: Sequence[Any]) -> None:
    """Write hashes to the file of their first bits, so that equal ones meet and files are in order."""
    values = np.sort(np.array(hashes, dtype=np.int64))
    ends = np.searchsorted(values >> (_HASH_BITS - _PARTS_BITS), np.arange(len(files)), side="right")
    for file, part in zip(files, np.split(values, ends[:-1]), strict=True):
        file.write(part.tobytes())


def _collect(out: Path, names: Sequence[str], counts: _Counts, min_support: int) -> tuple[list[_Group], int]:
    """The second pass: texts and places of the lines with enough support; and how many of their articles are copies."""
    enough = np.flatnonzero(counts.articles >= min_support)
    order = np.lexsort((counts.keys[enough], -counts.articles[enough]))
    wanted = frozenset(counts.keys[enough[order[:MAX_COLLECTED]]].tolist())
    groups: dict[int, _Group] = {}
    copies = 0
    for row in _rows(out, names):
        lines = list(_masked_lines(row["text"]))
        hashes = [key_hash(mask) for _, mask, _ in lines]
        if wanted.isdisjoint(hashes):
            continue
        if _is_copy([line for line, _, _ in lines], hashes, counts):
            copies += 1
            continue
        places = _places([line for line in lines_of(row["text"]) if line.key])
        seen: set[int] = set()
        for (line, mask, values), hashed in zip(lines, hashes, strict=True):
            if hashed in wanted:
                group = groups.setdefault(hashed, _Group(mask, [*values]))
                _add_occurrence(group, line, values, *places[line.index])
                if hashed not in seen:
                    _add_article(group, line, row)
                    seen.add(hashed)
    return list(groups.values()), copies


def _is_copy(lines: Sequence[Line], hashes: Sequence[int], counts: _Counts) -> bool:
    """Whether an article shares its prose with others; lines in very many articles say nothing of that."""
    prose = [(line, hashed) for line, hashed in zip(lines, hashes, strict=True) if line.prose]
    articles = counts.of([hashed for _, hashed in prose])
    shared = (articles >= 2) & (articles <= MAX_COPIES)
    chars = np.array([line.end - line.start for line, _ in prose])
    return int(shared.sum()) >= MIN_COPIED_LINES and int(chars[shared].sum()) >= SHARED_PROSE * int(chars.sum())


def _places(filled: Sequence[Line]) -> dict[int, tuple[str, float, bool]]:
    """By line number: start, middle or end, as rules mean them; the relative position; whether prose is next below.

    An article without prose has no start and no end.
    """
    prose = [line.index for line in filled if line.prose]
    found = {}
    for number, line in enumerate(filled):
        place = "middle"
        if prose and line.index <= prose[0]:
            place = "start"
        elif prose and line.index > prose[-1]:
            place = "end"
        below = filled[number + 1] if number + 1 < len(filled) else None
        found[line.index] = (place, number / max(len(filled) - 1, 1), below is not None and below.prose)
    return found


def _add_occurrence(
    group: _Group, line: Line, values: Sequence[str], place: str, position: float, above_prose: bool
) -> None:
    group.prose |= line.prose
    group.words = max(group.words, line.words)
    group.above_prose += above_prose
    group.places[place] += 1
    group.histogram[round(100 * position)] += 1
    group.values = [one if one == value else None for one, value in zip(group.values, values, strict=True)]


def _add_article(group: _Group, line: Line, row: Row) -> None:
    text = " ".join(line.text.split())
    group.articles += 1
    group.sites[row["source_domain"] or ""] += 1
    if row["language"]:
        group.languages[row["language"]] += 1
    if len(group.lines) < MAX_EXAMPLES and text not in group.lines:
        group.lines.append(text)
    if len(group.examples) < MAX_EXAMPLES:
        group.examples.append((text, row["url"] or row["id"]))


# ---- rules


def _candidate(group: _Group, sites: Mapping[str, int], of_build: str) -> Candidate:
    top, most = group.sites.most_common(1)[0]
    domain = top if top and most >= NEARLY_ALL * group.articles else ""
    known = [site for site in group.sites if site]
    counted = [domain] if domain else known or [""]
    support = f"{_some(group.articles, 'article')} of {_some(len(known), 'site')}"
    kind, pattern = _pattern(group)
    where = _where(group, domain)
    rule = {
        "id": f"mined/{domain or 'any'}/{_slug(pattern)}",
        "title": f"The line “{pattern if len(pattern) <= 60 else pattern[:57] + '...'}”",
        "match": {kind: [pattern]},
        **({"where": where} if where else {}),
        "action": "drop",
        "why": f"The same line stands in other articles of {domain or 'several sites'}.",
        "source": f"curate rules mine: {support}, in a build of {of_build}",
        "examples": {"drop": list(group.lines), "keep": [NO_NEAR_MISS]},
    }
    return Candidate(
        rule,
        group.articles,
        dict(sorted(group.sites.items(), key=lambda one: (-one[1], one[0]))[:5]),
        len(known),
        sum(group.sites[site] for site in counted) / sum(sites[site] for site in counted),
        group.prose,
        {place: group.places[place] for place in ("start", "middle", "end")},
        _quantiles(group.histogram),
        group.above_prose,
        tuple(group.examples),
    )


def _pattern(group: _Group) -> tuple[str, str]:
    """The kind of match and its pattern: numbers that are always the same stay as they are."""
    parts = SLOT.split(group.masked)
    for at, value in enumerate(group.values):
        parts[2 * at + 1] = f"{{{parts[2 * at + 1]}}}" if value is None else value
    return "template" if None in group.values else "phrase", "".join(parts)


def _where(group: _Group, domain: str) -> dict[str, Any]:
    where: dict[str, Any] = {}
    occurrences = sum(group.places.values())
    place = next((one for one in ("end", "start") if group.places[one] >= NEARLY_ALL * occurrences), None)
    if place:
        where["position"] = place
    if domain:
        where["domain"] = domain
    elif len(group.languages) == 1:
        where["lang"] = next(iter(group.languages))
    if group.words > MAX_WORDS:
        where["max_words"] = group.words
    return where


def _slug(pattern: str) -> str:
    """A few words of a pattern in ASCII; where it has none, a digest of it."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", pattern) if not unicodedata.combining(char))
    return "-".join(_WORD.findall(bare)[:6])[:40].rstrip("-") or f"{key_hash(pattern):016x}"[:8]


def _quantiles(histogram: Sequence[int]) -> tuple[float, ...]:
    reached = np.cumsum(histogram)
    return tuple(int(np.searchsorted(reached, share * reached[-1])) / 100 for share in QUANTILES)


def _unique(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The candidates with a number behind ids that are taken."""
    seen: Counter[str] = Counter()
    found = []
    for one in candidates:
        name = one.rule["id"]
        seen[name] += 1
        found.append(one if seen[name] == 1 else replace(one, rule={**one.rule, "id": f"{name}-{seen[name]}"}))
    return found


def _usable(candidates: Sequence[Candidate]) -> list[tuple[Candidate, Rule]]:
    """The candidates whose rule loads, keeps its examples and removes a line that is there, each with its rule."""
    with tempfile.TemporaryDirectory(prefix="curate-mine-") as folder:
        (Path(folder) / "candidates.yaml").write_text(_dump([one.rule for one in candidates]), "utf-8")
        errors: list[RuleError] = []
        (pack,) = load_packs([Path(folder)], errors)
    rules = {rule.id: rule for rule in pack.rules}
    matcher = Matcher(pack.rules)
    broken = {error.line for error in broken_examples(pack.rules, matcher)}
    return [
        (one, rule)
        for one in candidates
        if (rule := rules.get(one.rule["id"])) and rule.line not in broken and _removes(rule, matcher)
    ]


def _removes(rule: Rule, matcher: Matcher) -> bool:
    """Whether cleaning obeys the rule: it never drops what somebody says."""
    domain = next(iter(rule.where.domains), None)
    return all(_removed(text, None, domain, matcher)[rule.id] for text in rule.drop_examples)


def _removed(text: str, language: str | None, domain: str | None, matcher: Matcher) -> Counter[str]:
    """Number of lines of a text that each rule would remove."""
    article = Article("", Provenance("", "text"), text, "", Metadata(), source_domain=domain)
    cleaned = clean(article, matcher, SiteLines(), language, disable=HEURISTICS)
    return Counter(removal.rule for removal in cleaned.removals)


def _dump(rules: Sequence[Mapping[str, Any]]) -> str:
    dumped: str = yaml.safe_dump(
        list(rules), sort_keys=False, allow_unicode=True, width=float("inf"), default_flow_style=None
    )
    return dumped


# ---- near misses


def _with_near_misses(
    usable: Sequence[tuple[Candidate, Rule]], out: Path, names: Sequence[str], counts: _Counts
) -> list[tuple[Candidate, Rule]]:
    """The candidates with a sentence of the build as keep example: one that holds the words and says more."""
    if not usable:
        return []
    rules = Matcher([rule for _, rule in usable])
    wide = Matcher([_anywhere(rule) for _, rule in usable])
    found: dict[str, str] = {}
    for number, row in enumerate(_rows(out, names), 1):
        if len(found) == len(usable) or number > MAX_NEAR_MISS_ARTICLES:
            break
        for line, mask in _inner_prose(row["text"]):
            names_of = {hit.rule.id for hit in wide.hits(line)} - found.keys()
            if names_of and not counts.of([key_hash(mask)])[0]:
                stopped = {hit.rule.id for hit in rules.hits(line)}
                found |= dict.fromkeys(names_of - stopped, " ".join(line.text.split()))
    return [
        (
            replace(one, rule={**one.rule, "examples": {**one.rule["examples"], "keep": [found[rule.id]]}})
            if rule.id in found
            else one,
            rule,
        )
        for one, rule in usable
    ]


def _inner_prose(text: str) -> Iterator[tuple[Line, str]]:
    """The lines of prose between the first and the last one: those two are the likeliest to be residue."""
    prose = [(line, mask) for line, mask, _ in _masked_lines(text) if line.prose]
    return ((line, mask) for line, mask in prose[1:-1] if line.words <= MAX_NEAR_MISS_WORDS)


def _anywhere(rule: Rule) -> Rule:
    return replace(
        rule, match=Match(rule.match.kind, rule.match.patterns, "anywhere"), where=Where(max_words=MAX_NEAR_MISS_WORDS)
    )


# ---- effects


def golden_reference(root: Path) -> Reference:
    """The reviewed golden cases: their expected texts, and the residue that they list.

    Raises:
        InputError: there is no case, or one cannot be read.
    """
    cases = [case for case in map(load_case, find_cases(root)) if case.reviewed]
    pages = [(page, case.language) for case in cases for page in case.pages.values()]
    return Reference(
        "golden",
        tuple((page.text, language, None) for page, language in pages if page.text is not None),
        tuple((line, language, None) for page, language in pages for line in page.residue),
    )


def bench_reference(folder: Path) -> Reference:
    """A bench set: gold.jsonl with a page a line, which has a ``body``, or lists ``with`` and ``without``.

    Raises:
        InputError: there is no such file, or a line of it is no such page.
    """
    path = folder / "gold.jsonl"
    try:
        rows = [json.loads(line) for line in path.read_text("utf-8").split("\n") if line.strip()]
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file.") from None
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None
    articles, residue = [], []
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict) or not ("body" in row or "with" in row):
            raise InputError(f"{path}: page {number} has neither 'body' nor 'with'.")
        site = domain_of(row.get("url"))
        articles += [(text, None, site) for text in ([row["body"]] if "body" in row else row["with"])]
        residue += [(text, None, site) for text in row.get("without", ())]
    return Reference("bench", tuple(articles), tuple(residue))


def _effects(rules: Sequence[Rule], reference: Reference) -> dict[str, Effect]:
    """What each rule would do, all of them applied together."""
    here = Matcher(rules)
    everywhere = Matcher([replace(rule, where=replace(rule.where, domains=())) for rule in rules])
    lost, alike, residue = (
        sum((_removed(*text, matcher) for text in texts), Counter[str]())
        for texts, matcher in (
            (reference.articles, here),
            (reference.articles, everywhere),
            (reference.residue, here),
        )
    )
    return {rule.id: Effect(lost[rule.id], alike[rule.id], residue[rule.id]) for rule in rules}


# ---- the report


def as_dict(mined: Mined) -> dict[str, Any]:
    """The whole result as plain values."""
    return {
        "articles": mined.articles,
        "copies": mined.copies,
        "references": {one.name: {"lines": one.lines, "residue": len(one.residue)} for one in mined.references},
        "candidates": [asdict(one) for one in mined.candidates],
    }


def as_yaml(mined: Mined, out: Path) -> str:
    """A rule file in which every rule is commented out, its evidence in comments above it."""
    lines = [f"# {line}".rstrip() for line in _head(mined, out)]
    totals = {one.name: (one.lines, len(one.residue)) for one in mined.references}
    for one in mined.candidates:
        evidence = [f"# # {harmless(line)}" for line in _evidence(one, totals)]
        lines += ["", *evidence, *(f"# {line}" for line in _dump([one.rule]).rstrip("\n").split("\n"))]
    return "\n".join(lines) + "\n"


def _head(mined: Mined, out: Path) -> Iterator[str]:
    found, read = _some(len(mined.candidates), "candidate"), _some(mined.articles, "article")
    yield f"{found} for rules: lines that still stand in the articles of {harmless(str(out))}, and repeat."
    yield f"{read} read; {mined.copies} counted for nothing, as copies: half of their prose stands in others."
    if not mined.candidates:
        return
    yield ""
    yield "None of these is a rule yet, and many should never be one: sub-headings repeat, too. To choose one:"
    yield f"  1. Read its evidence, and see the line in its place: curate explain URL --out {harmless(str(out))}"
    yield "  2. Take the first '# ' from each line of its block; the evidence stays a comment. Give it a better id."
    yield "  3. Add keep examples: near misses, lines with the same words that are article. The one that is there is a"
    yield f"     sentence of the build, or {NO_NEAR_MISS}, which is none."
    yield "  4. Move it to a pack (my-rules/), and run: curate rules test my-rules/ && curate rules lint my-rules/"


def _evidence(one: Candidate, totals: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    sites = ", ".join(f"{site or 'unknown'} {count}" for site, count in one.sites.items())
    more = ", ..." if sum(one.sites.values()) < one.articles else ""
    support = f"{_some(one.articles, 'article')} of {_some(one.site_count, 'site')} ({sites}{more})"
    these = "this site" if "domain" in one.rule.get("where", {}) else "these sites"
    yield f"{support}: {one.share:.0%} of the articles of {these}"
    places = ", ".join(f"{place} {count}" for place, count in one.places.items())
    tenths = ", ".join(f"{position:.2f}" for position in one.quantiles)
    yield f"{places}; position {tenths} (tenth, half, nine tenths of them; 0 the first line, 1 the last)"
    if one.above_prose and not one.prose:
        yield f"directly above prose in {one.above_prose} places: it may be a sub-heading"
    for name, effect in one.effects.items():
        lines, residue = totals[name]
        alike = (
            f"; on other sites, {effect.alike - effect.lost} lines are like it" if effect.alike > effect.lost else ""
        )
        said = f"removes {effect.lost} of {lines} article lines, and {effect.residue} of {residue} lines of residue"
        yield f"{name}: {said}{alike}"
    for line, page in one.examples:
        yield f"{line if len(line) <= 100 else line[:97] + '...'} <- {page}"


def _some(count: int, name: str) -> str:
    return f"{count} {name}" if count == 1 else f"{count} {name}s"
