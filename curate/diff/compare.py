"""Two builds beside each other: what came, went and changed, by article, rule, site and column."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curate.diff.builds import Build, Record, Row, groups, open_build, records, texts
from curate.words import Piece, changed_words, shortened, word_diff

MAX_LISTED = 100
"""Articles that came or went, and sites, that are listed; all are counted."""

MAX_EXAMPLES = 3

MIN_SHARE_JUMP = 0.1
"""By how much the removed share of a site must move to be listed. Extracted pages hold 0.02 of residue, plain dumps
of pages 0.42 (measured November 2026): a layout that the extractor no longer knows moves a site by tenths."""

MAX_WAITING_CHARS = 20_000_000
MAX_WAITING = 5_000
"""Changed articles that wait for their texts to be read."""

ABSENT = "not in the build"
ANOTHER = " (of another article)"

# what follows from the text, and what is told of the build as a whole
_DERIVED = frozenset(
    (
        *("id", "original_length", "length", "original_nlines", "nlines", "word_count"),
        *("provenance.removed_chars", "provenance.extracted_digest", "provenance.recipe", "provenance.rules"),
    )
)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two builds. ``versions`` and digests tell whether the same curate ran with the same recipe."""

    folder: str
    curate: str
    recipe: str
    rules: str
    articles: int
    rejected: int
    duplicates: int
    removed_spans: int
    removed_chars: int


@dataclass(frozen=True, slots=True)
class OptionChange:
    """An option of the recipe that is not the same in both builds."""

    option: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Articles:
    """Counts of articles, matched by id; each that changed has one cause.

    A cause is ``page`` (the record read is another), ``extraction`` (the same record, another text extracted) or
    ``cleaning`` (the same text extracted, another kept).
    """

    both: int
    added: int
    gone: int
    changed: int
    causes: Mapping[str, int]
    changed_share: float


@dataclass(frozen=True, slots=True)
class Move:
    """An article that only one build has, and what became of its record in the other."""

    id: str
    url: str | None
    title: str | None
    elsewhere: str


@dataclass(frozen=True, slots=True)
class OutcomeChange:
    """Records that had one outcome and have another, with a few of their ids."""

    before: str
    after: str
    records: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What a rule removed in both builds; only rules whose spans or characters differ."""

    rule: str
    spans_before: int
    spans_after: int
    chars_before: int
    chars_after: int


@dataclass(frozen=True, slots=True)
class SiteChange:
    """A site whose removed share (removed of extracted characters, 0-1) moved by ``MIN_SHARE_JUMP`` or more."""

    site: str
    articles_before: int
    articles_after: int
    share_before: float
    share_after: float


@dataclass(frozen=True, slots=True)
class ColumnExample:
    """One article's value in both builds; the title is that of the second."""

    id: str
    title: str | None
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """A column by articles of both builds: how many values differ, and of these how many came or went."""

    column: str
    changed: int
    filled: int
    emptied: int
    examples: tuple[ColumnExample, ...]


@dataclass(frozen=True, slots=True)
class TextChange:
    """One changed text. ``rules`` has spans before and after of the rules that removed another number of them."""

    id: str
    url: str | None
    title: str | None
    cause: str
    changed_words: int
    rules: Mapping[str, tuple[int, int]]
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """What changed between two builds; lists of articles hold the first ``MAX_LISTED``, counts are whole.

    ``sites_share`` is the share (0-1) of the articles of both builds that stand on the sites whose removed share jumps.
    """

    before: Side
    after: Side
    options: tuple[OptionChange, ...]
    articles: Articles
    added: tuple[Move, ...]
    gone: tuple[Move, ...]
    outcomes: tuple[OutcomeChange, ...]
    rules: tuple[RuleChange, ...]
    sites: tuple[SiteChange, ...]
    sites_changed: int
    sites_share: float
    columns: tuple[ColumnChange, ...]
    texts: tuple[TextChange, ...]


def compare_builds(before: Path, after: Path, worst: int = 10) -> Diff:
    """Compare two finished builds.

    Both are read once, by id, without the texts; a text is read only where its article's extracted text or removed
    spans differ, since kept text + removed spans = extracted text (``curate verify`` checks that). Memory holds some
    rows of each shard that is open, and one entry a rule, a site and a column.

    Args:
        before: folder of a build.
        after: folder of the other.
        worst: how many of the largest changes of a text to show word by word.

    Returns:
        The differences. The same folder twice gives empty ones.

    Raises:
        OutputError: a folder is no finished build, or a shard cannot be read.
    """
    builds = open_build(before), open_build(after)
    tally = _Tally(builds, worst)
    for group in groups(builds):
        for old, new in _pairs(records(builds[0], group), records(builds[1], group)):
            tally.add(old, new)
    tally.read_texts()
    return tally.diff()


def _pairs(
    before: Iterator[Record], after: Iterator[Record]
) -> Iterator[tuple[Record, Record] | tuple[Record, None] | tuple[None, Record]]:
    """Records of both by id, where only one has it beside None."""
    old, new = next(before, None), next(after, None)
    while old is not None or new is not None:
        if old is None or (new is not None and new.id < old.id):
            assert new is not None
            yield None, new
            new = next(after, None)
        elif new is None or old.id < new.id:
            yield old, None
            old = next(before, None)
        else:
            yield old, new
            old, new = next(before, None), next(after, None)


@dataclass(slots=True)
class _SideTally:
    """Counts of one build."""

    outcomes: Counter[str] = field(default_factory=Counter)
    spans: Counter[str] = field(default_factory=Counter)
    chars: Counter[str] = field(default_factory=Counter)
    site_articles: Counter[str] = field(default_factory=Counter)
    site_extracted: Counter[str] = field(default_factory=Counter)
    site_removed: Counter[str] = field(default_factory=Counter)

    def add(self, record: Record) -> None:
        self.outcomes[record.subset] += 1
        if not record.is_article:
            return
        for start, end, rule in record.spans:
            self.spans[rule] += 1
            self.chars[rule] += end - start
        if site := record.row.get("source_domain"):
            self.site_articles[site] += 1
            self.site_extracted[site] += record.row["original_length"]
            self.site_removed[site] += sum(end - start for start, end, _ in record.spans)

    def removed_share(self, site: str) -> float:
        return self.site_removed[site] / max(self.site_extracted[site], 1)


@dataclass(slots=True)
class _ColumnTally:
    changed: int = 0
    filled: int = 0
    emptied: int = 0
    examples: list[ColumnExample] = field(default_factory=list)

    def add(self, article: Record, before: Any, after: Any) -> None:
        self.changed += 1
        self.filled += before is None
        self.emptied += after is None
        if len(self.examples) < MAX_EXAMPLES:
            self.examples.append(ColumnExample(article.id, article.row.get("title"), before, after))


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An article whose text may have changed, until the texts are read."""

    old: Record
    new: Record
    cause: str


@dataclass(frozen=True, slots=True)
class _Changed:
    """One of the largest changes so far."""

    changed_words: int
    article: _Waiting
    before: str
    after: str


class _Tally:
    """What is known of the differences while the builds are read."""

    def __init__(self, builds: tuple[Build, Build], worst: int) -> None:
        self._builds = builds
        self._worst = worst
        self._before, self._after = _SideTally(), _SideTally()
        self._both = self._added = self._gone = 0
        self._moves: dict[str, list[Move]] = {"added": [], "gone": []}
        self._causes: Counter[str] = Counter()
        self._outcomes: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self._outcome_counts: Counter[tuple[str, str]] = Counter()
        self._columns: defaultdict[str, _ColumnTally] = defaultdict(_ColumnTally)
        self._waiting: list[_Waiting] = []
        self._waiting_chars = 0
        self._largest: list[_Changed] = []

    def add(self, old: Record | None, new: Record | None) -> None:
        """Count one record of either build or both."""
        if old:
            self._before.add(old)
        if new:
            self._after.add(new)
        self._add_outcome(old, new)
        if old and new and old.is_article and new.is_article:
            self._add_article(old, new)
        elif new and new.is_article:
            self._added += 1
            self._move("added", new, old)
        elif old and old.is_article:
            self._gone += 1
            self._move("gone", old, new)

    def _add_outcome(self, old: Record | None, new: Record | None) -> None:
        change = old.outcome if old else ABSENT, new.outcome if new else ABSENT
        if change[0] == change[1]:
            assert old and new
            if old.subset != "duplicates" or old.row.get("kept_id") == new.row.get("kept_id"):
                return
            change = change[0], change[1] + ANOTHER
        record = old or new
        assert record
        self._outcome_counts[change] += 1
        if len(self._outcomes[change]) < MAX_EXAMPLES:
            self._outcomes[change].append(record.id)

    def _move(self, direction: str, article: Record, elsewhere: Record | None) -> None:
        if len(self._moves[direction]) < MAX_LISTED:
            row = article.row
            outcome = elsewhere.outcome if elsewhere else ABSENT
            self._moves[direction].append(Move(article.id, row.get("url"), row.get("title"), outcome))

    def _add_article(self, old: Record, new: Record) -> None:
        self._both += 1
        if old.row != new.row:
            self._add_columns(old, new)
        if cause := _cause(old, new):
            self._waiting.append(_Waiting(old, new, cause))
            self._waiting_chars += old.row["original_length"] + new.row["original_length"]
            if self._waiting_chars > MAX_WAITING_CHARS or len(self._waiting) >= MAX_WAITING:
                self.read_texts()

    def _add_columns(self, old: Record, new: Record) -> None:
        before, after = _flat(old.row), _flat(new.row)
        for column in before.keys() & after.keys() - _DERIVED:
            if before[column] != after[column]:
                self._columns[column].add(new, before[column], after[column])

    def read_texts(self) -> None:
        """Read the texts that are waited for, and see which changed."""
        if not self._waiting:
            return
        wanted = sorted(one.old.id for one in self._waiting)
        before, after = (texts(build, wanted) for build in self._builds)
        for one in self._waiting:
            old, new = before[one.old.id], after[one.old.id]
            if old != new:
                self._causes[one.cause] += 1
                self._largest.append(_Changed(changed_words(old, new), one, old, new))
        self._largest.sort(key=lambda changed: (-changed.changed_words, changed.article.old.id))
        del self._largest[self._worst :]
        self._waiting.clear()
        self._waiting_chars = 0

    def diff(self) -> Diff:
        """Everything, in its final order."""
        changed = self._causes.total()
        differ = changed + self._added + self._gone
        sites = self._sites()
        return Diff(
            before=_side(self._builds[0], self._before),
            after=_side(self._builds[1], self._after),
            options=tuple(_options(*self._builds)),
            articles=Articles(
                both=self._both,
                added=self._added,
                gone=self._gone,
                changed=changed,
                causes={cause: self._causes[cause] for cause in ("page", "extraction", "cleaning")},
                changed_share=differ / max(self._both + self._added + self._gone, 1),
            ),
            added=tuple(self._moves["added"]),
            gone=tuple(self._moves["gone"]),
            outcomes=tuple(
                OutcomeChange(*change, count, tuple(self._outcomes[change]))
                for change, count in sorted(self._outcome_counts.items(), key=lambda item: (-item[1], item[0]))
            ),
            rules=self._rules(),
            sites=tuple(sites[:MAX_LISTED]),
            sites_changed=len(sites),
            sites_share=self._sites_share(sites),
            columns=tuple(
                ColumnChange(name, one.changed, one.filled, one.emptied, tuple(one.examples))
                for name, one in sorted(self._columns.items(), key=lambda item: (-item[1].changed, item[0]))
            ),
            texts=tuple(_text_change(one) for one in self._largest),
        )

    def _rules(self) -> tuple[RuleChange, ...]:
        before, after = self._before, self._after
        rules = [
            RuleChange(rule, before.spans[rule], after.spans[rule], before.chars[rule], after.chars[rule])
            for rule in sorted(before.spans.keys() | after.spans.keys())
        ]
        differ = [r for r in rules if (r.spans_before, r.chars_before) != (r.spans_after, r.chars_after)]
        return tuple(sorted(differ, key=lambda rule: -abs(rule.chars_after - rule.chars_before)))

    def _sites(self) -> list[SiteChange]:
        before, after = self._before, self._after
        sites = [
            SiteChange(
                site,
                before.site_articles[site],
                after.site_articles[site],
                before.removed_share(site),
                after.removed_share(site),
            )
            for site in sorted(before.site_articles.keys() & after.site_articles.keys())
        ]
        jumps = [site for site in sites if _jump(site) >= MIN_SHARE_JUMP]
        return sorted(jumps, key=lambda site: -_jump(site))

    def _sites_share(self, sites: Sequence[SiteChange]) -> float:
        articles = self._before.outcomes["data"] + self._after.outcomes["data"]
        return sum(site.articles_before + site.articles_after for site in sites) / max(articles, 1)


def _options(before: Build, after: Build) -> Iterator[OptionChange]:
    old, new = (_flat(build.described.get("recipe") or {}) for build in (before, after))
    for option in sorted(old.keys() | new.keys()):
        if old.get(option) != new.get(option):
            yield OptionChange(option, old.get(option), new.get(option))


def _jump(site: SiteChange) -> float:
    return abs(site.share_after - site.share_before)


def _cause(old: Record, new: Record) -> str | None:
    """What changed the text of an article of both builds, if anything can have."""
    before, after = old.row.get("provenance") or {}, new.row.get("provenance") or {}
    extracted = before.get("extracted_digest")
    same_extracted = extracted is not None and extracted == after.get("extracted_digest")
    # another rule for the same span changes no text
    if same_extracted and [span[:2] for span in old.spans] == [span[:2] for span in new.spans]:
        return None
    if before.get("digest") != after.get("digest"):
        return "page"
    return "cleaning" if same_extracted else "extraction"


def _flat(row: Row) -> dict[str, Any]:
    """A row with fields of a struct as ``column.field``."""
    flat: dict[str, Any] = {}
    for column, value in row.items():
        if isinstance(value, dict):
            flat |= {f"{column}.{name}": inner for name, inner in value.items()}
        else:
            flat[column] = value
    return flat


def _side(build: Build, tally: _SideTally) -> Side:
    described = build.described
    rules = described.get("rules")
    return Side(
        folder=str(build.folder),
        curate=str(described.get("curate")),
        recipe=str(described.get("recipe_digest")),
        rules=str(rules.get("digest")) if isinstance(rules, dict) else "None",
        articles=tally.outcomes["data"],
        rejected=tally.outcomes["rejected"],
        duplicates=tally.outcomes["duplicates"],
        removed_spans=tally.spans.total(),
        removed_chars=tally.chars.total(),
    )


def _text_change(changed: _Changed) -> TextChange:
    old, new = changed.article.old, changed.article.new
    before, after = (Counter(rule for _, _, rule in one.spans) for one in (old, new))
    return TextChange(
        id=new.id,
        url=new.row.get("url"),
        title=new.row.get("title"),
        cause=changed.article.cause,
        changed_words=changed.changed_words,
        rules={
            rule: (before[rule], after[rule])
            for rule in sorted(before.keys() | after.keys())
            if before[rule] != after[rule]
        },
        pieces=shortened(word_diff(changed.before, changed.after)),
    )
