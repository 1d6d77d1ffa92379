"""What came of a case's pages, beside what is wanted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import SequenceMatcher
from typing import Any

from curate.golden.cases import Case, Page, Span
from curate.words import in_marks, shortened, similarity, word_diff

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
NOT_EXTRACTED = "not extracted"
WITHIN = "it stands within a longer line"
NO_RULE = "no rule removed it before"
CHANGED = "~ "
"""Begins a difference that is a line with other words: those that are gone in ``[- -]``, new ones in ``{+ +}``."""
MIN_SIMILARITY = 0.5
"""A line with so many of an expected one's words is that line, changed. It decides only how both are shown."""
MAX_PAIRS = 10_000
"""Of more pairs of a line that is gone and one that is new, none is looked at."""


@dataclass(frozen=True)
class Outcome:
    """What came of one page: a row of ``data`` with its text and removed spans, or where else it went."""

    text: str | None
    columns: Mapping[str, Any]
    removed: tuple[Span, ...] = ()

    @property
    def kind(self) -> str:
        """What became of the page: ``article``, ``rejected`` or ``duplicate``."""
        return "article" if self.text is not None else "rejected" if "rejected" in self.columns else "duplicate"


@dataclass(frozen=True)
class PageReport:
    """One page beside what is wanted of it.

    ``differences`` are lines of a readable diff, none where all is as accepted, wrong columns first; ``residue`` and
    ``lost`` are the lines by which the text differs from the expected one today; ``wrong_columns`` are the wanted
    columns that ``expect`` says otherwise; the counts are of lines and characters of both.
    """

    name: str
    differences: tuple[str, ...]
    residue: tuple[str, ...]
    lost: tuple[str, ...]
    expect: Mapping[str, Any]
    removed: tuple[Span, ...]
    rules: Mapping[str, int]
    kept_lines: int = 0
    expected_lines: int = 0
    matched_lines: int = 0
    expected_chars: int = 0
    lost_chars: int = 0
    wanted_columns: int = 0
    wrong_columns: tuple[str, ...] = ()
    today: str = ""


@dataclass(frozen=True)
class Report:
    """One case: its pages, and whether it is counted (a person has reviewed it)."""

    case: str
    reviewed: bool
    pages: tuple[PageReport, ...]
    error: str = ""

    @property
    def passed(self) -> bool:
        """Whether all is as accepted."""
        return not self.error and not any(page.differences for page in self.pages)


@dataclass(frozen=True, slots=True)
class Floors:
    """Figures over all reviewed cases, 0-1: of the kept lines, how many are wanted; of the wanted ones, how many are
    kept; of the wanted characters, how many are lost; of the wanted columns, how many are right; and of the pages, how
    many become what they should: an article, a rejection, a duplicate.
    """

    line_precision: float
    line_recall: float
    lost_share: float
    columns_right: float = 1.0
    outcomes_right: float = 1.0

    def below(self, other: Floors) -> list[str]:
        """In what these figures are worse than ``other``."""
        worse = []
        signs = {"lost_share": -1}
        for name in ("line_precision", "line_recall", "lost_share", "columns_right", "outcomes_right"):
            sign = signs.get(name, 1)
            own, floor = getattr(self, name), getattr(other, name)
            if sign * own < sign * floor:
                worse.append(f"{name} is {own:.5f}, the floor is {floor:.5f}")
        return worse


@dataclass(frozen=True, slots=True)
class Counts:
    """What the figures of a case are made of: lines, characters, columns and pages, over its pages."""

    kept_lines: int = 0
    expected_lines: int = 0
    matched_lines: int = 0
    expected_chars: int = 0
    lost_chars: int = 0
    wanted_columns: int = 0
    wrong_columns: int = 0
    pages: int = 0
    wrong_outcomes: int = 0


def counts_of(report: Report) -> Counts:
    """The counts of one case."""
    pages = report.pages
    return Counts(
        kept_lines=sum(page.kept_lines for page in pages),
        expected_lines=sum(page.expected_lines for page in pages),
        matched_lines=sum(page.matched_lines for page in pages),
        expected_chars=sum(page.expected_chars for page in pages),
        lost_chars=sum(page.lost_chars for page in pages),
        wanted_columns=sum(page.wanted_columns for page in pages),
        wrong_columns=sum(len(page.wrong_columns) for page in pages),
        pages=len(pages),
        wrong_outcomes=sum(bool(page.today) for page in pages),
    )


def figures(counts: Iterable[Counts]) -> Floors:
    """The figures of some cases together."""
    found = list(counts)
    total = Counts(**{one.name: sum(getattr(case, one.name) for case in found) for one in fields(Counts)})
    return Floors(
        round(total.matched_lines / max(total.kept_lines, 1), 5),
        round(total.matched_lines / max(total.expected_lines, 1), 5),
        round(total.lost_chars / max(total.expected_chars, 1), 5),
        round(1 - total.wrong_columns / max(total.wanted_columns, 1), 5),
        round(1 - total.wrong_outcomes / max(total.pages, 1), 5),
    )


def floors_of(reports: Iterable[Report]) -> Floors:
    """The figures of all reviewed cases together."""
    return figures(counts_of(report) for report in reports if report.reviewed)


def compare(case: Case, outcomes: Mapping[str, Outcome]) -> Report:
    """Every page of a case, and every page that came of it unasked, beside what is wanted."""
    pages = [_compared(name, wanted, outcomes.get(name)) for name, wanted in case.pages.items()]
    pages += [_unasked(name, outcome) for name, outcome in outcomes.items() if name not in case.pages]
    return Report(case.name, case.reviewed, tuple(pages))


def _compared(name: str, wanted: Page, outcome: Outcome | None) -> PageReport:
    if outcome is None:
        return _gone(name, wanted)
    if wanted.outcome != outcome.kind or wanted.text is None or outcome.text is None:
        return _other_outcome(name, wanted, outcome)
    expect = {key: _as_wanted(value, outcome.columns.get(key)) for key, value in wanted.expect.items()}
    expected, kept = _lines(wanted.text), _lines(outcome.text)
    residue, lost = _line_differences(expected, kept)
    rules = Counter(span.rule for span in outcome.removed)
    rules.subtract(span.rule for span in wanted.removed)
    wrong = _wrong_columns(wanted, expect)
    said = _more(residue, wanted.residue), _more(lost, wanted.lost)
    differences = [
        *_column_differences(wanted, expect, wrong),
        *_past(wanted),
        *_text_differences(wanted, outcome, residue, lost),
        *_span_differences(wanted.removed, outcome.removed, *said),
    ]
    squeezed = " ".join(outcome.text.split())
    return PageReport(
        name,
        tuple(differences),
        tuple(residue),
        tuple(lost),
        expect,
        outcome.removed,
        {rule: change for rule, change in sorted(rules.items()) if change},
        kept_lines=len(kept),
        expected_lines=len(expected),
        matched_lines=len(kept) - len(residue),
        expected_chars=sum(map(len, expected)),
        # a line that stands inside a longer one is not lost
        lost_chars=sum(len(line) for line in lost if " ".join(line.split()) not in squeezed),
        wanted_columns=len(wanted.expect),
        wrong_columns=wrong,
    )


def _unasked(name: str, outcome: Outcome) -> PageReport:
    expect = outcome.columns if outcome.text is None else {}
    return PageReport(name, (f"{name}: about.yaml says nothing of it",), (), (), expect, outcome.removed, {})


def _gone(name: str, wanted: Page) -> PageReport:
    """A page of which nothing came: what is wanted of it stays wanted."""
    lines = _lines(wanted.text or "")
    chars = sum(map(len, lines))
    return PageReport(
        name,
        ("the page is gone: it is no row of any table",),
        wanted.residue,
        wanted.lost,
        wanted.expect,
        wanted.removed,
        {},
        expected_lines=len(lines),
        expected_chars=chars,
        lost_chars=chars,
        today=wanted.today,
    )


def _other_outcome(name: str, wanted: Page, outcome: Outcome) -> PageReport:
    """A page that is no article, or should be none."""
    expect = {key: outcome.columns.get(key) for key in wanted.expect}
    if wanted.outcome == outcome.kind:
        wrong = _wrong_columns(wanted, expect)
        differences = [*_column_differences(wanted, expect, wrong), *_past(wanted)]
        return PageReport(
            name, tuple(differences), (), (), expect, (), {}, wanted_columns=len(expect), wrong_columns=wrong
        )
    happened = "an article now" if outcome.text is not None else f"no article now: {_where(outcome.columns)}"
    accepted = wanted.today == outcome.kind
    lines, chars = (len(_lines(wanted.text)), len(wanted.text)) if wanted.text is not None else (0, 0)
    return PageReport(
        name,
        () if accepted else (f"the page is {happened}; wanted: {wanted.outcome}",),
        (),
        (),
        wanted.expect,
        outcome.removed,
        {},
        expected_lines=lines,
        expected_chars=chars,
        lost_chars=chars,
        today=outcome.kind,
    )


def _wrong_columns(wanted: Page, expect: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(key for key, value in wanted.expect.items() if value != expect[key])


def _column_differences(wanted: Page, expect: Mapping[str, Any], wrong: Iterable[str]) -> list[str]:
    return [f"{key}: {_shown(wanted.expect[key])} -> {_shown(expect[key])}" for key in wrong]


def _past(wanted: Page) -> list[str]:
    return [f"= right now, though about.yaml says it is {wanted.today} today: update"] if wanted.today else []


def _as_wanted(wanted: Any, found: Any) -> Any:
    """What was found; a time as its day, where only a day is wanted."""
    is_day = isinstance(wanted, str) and _DAY.fullmatch(wanted)
    return wanted if is_day and isinstance(found, str) and found.startswith(f"{wanted}T") else found


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.split("\n") if line.strip()]


def _line_differences(expected: Sequence[str], kept: Sequence[str]) -> tuple[list[str], list[str]]:
    """Lines that are kept and not expected, and lines that are expected and not kept, in order."""
    residue: list[str] = []
    lost: list[str] = []
    for tag, start, end, kept_start, kept_end in SequenceMatcher(None, expected, kept, autojunk=False).get_opcodes():
        if tag != "equal":
            lost += expected[start:end]
            residue += kept[kept_start:kept_end]
    return residue, lost


def _text_differences(wanted: Page, outcome: Outcome, residue: Sequence[str], lost: Sequence[str]) -> Iterator[str]:
    """What differs from the accepted state: each line with the rule that removes it now, or did."""
    gone, new = _more(lost, wanted.lost), _more(residue, wanted.residue)
    changed = _changed(gone, new)
    for number, line in enumerate(gone):
        if number in changed:
            kept = new[changed[number]]
            reason = _change(line, kept, wanted, outcome)
            yield f"{CHANGED}{in_marks(shortened(word_diff(line, kept)))}    (changed; {reason})"
        else:
            yield f"- {line}    (expected; {_remover(line, outcome)})"
    for number, line in enumerate(new):
        if number not in changed.values():
            yield f"+ {line}    (not expected; {_former(line, wanted.removed)})"
    for line in _more(wanted.lost, lost):
        yield f"= {line}    (kept now, though about.yaml calls it lost: update)"
    for line in _more(wanted.residue, residue):
        yield f"= {line}    (gone now, though about.yaml calls it residue: update)"


def _changed(gone: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """Which expected line became which other one, by their numbers; each at most once, the most similar first."""
    if len(gone) * len(new) > MAX_PAIRS:
        return {}
    pairs = [(similarity(line, other), -at, -to) for at, line in enumerate(gone) for to, other in enumerate(new)]
    changed: dict[int, int] = {}
    for similar, at, to in sorted(pairs, reverse=True):
        if similar >= MIN_SIMILARITY and -at not in changed and -to not in changed.values():
            changed[-at] = -to
    return changed


def _change(line: str, kept: str, wanted: Page, outcome: Outcome) -> str:
    """Why a line has other words than expected."""
    now, before = _remover(line, outcome), _former(kept, wanted.removed)
    by_rule = [reason for reason in (now, before) if reason not in (NOT_EXTRACTED, WITHIN, NO_RULE)]
    return "; ".join(by_rule) or (now if now == WITHIN else "by no rule")


def _more(lines: Iterable[str], than: Iterable[str]) -> list[str]:
    """``lines`` without those of ``than``, each as often as it stands there."""
    left = Counter(line.strip() for line in than)
    more = []
    for line in lines:
        if left[line.strip()]:
            left[line.strip()] -= 1
        else:
            more.append(line)
    return more


def _remover(line: str, outcome: Outcome) -> str:
    if rules := _rules_around(line, outcome.removed):
        return f"removed by {rules[0]}"
    if " ".join(line.split()) in " ".join((outcome.text or "").split()):
        return WITHIN
    rules = _rules_within(line, outcome.removed)
    return f"removed in part by {', '.join(rules)}" if rules else NOT_EXTRACTED


def _former(line: str, removed: Sequence[Span]) -> str:
    if rules := _rules_around(line, removed):
        return f"{rules[0]} removed it before"
    rules = _rules_within(line, removed)
    return f"{', '.join(rules)} removed a part of it before" if rules else NO_RULE


def _rules_around(line: str, removed: Iterable[Span]) -> list[str]:
    return [span.rule for span in removed if line.strip() in span.text]


def _rules_within(line: str, removed: Iterable[Span]) -> list[str]:
    return list(dict.fromkeys(span.rule for span in removed if span.text.strip() and span.text.strip() in line))


def _span_differences(
    before: Sequence[Span], now: Sequence[Span], residue: Iterable[str], lost: Iterable[str]
) -> Iterator[str]:
    """Spans as accepted and as they are now; where only offsets moved, one line says so.

    A span that is a line of the new ``residue``, or of what is newly ``lost``, has been told of with that line.
    """
    gone, new = Counter(before) - Counter(now), Counter(now) - Counter(before)
    moved = Counter((one.rule, one.text.strip()) for one in gone.elements())
    moved &= Counter((one.rule, one.text.strip()) for one in new.elements())
    if moved:
        rules = ", ".join(sorted({rule for rule, _ in moved}))
        yield f"removed.tsv: spans that stand at other offsets: {moved.total()} ({rules})"
    for sign, spans, verb, lines in (("-", gone, "no longer removes", residue), ("+", new, "now removes", lost)):
        left, told = Counter(moved), {line.strip() for line in lines}
        for span in sorted(spans.elements()):
            key = span.rule, span.text.strip()
            if left[key]:
                left[key] -= 1
            elif key[1] not in told:
                yield f"{sign} {span.rule} {verb} {key[1]!r} ({span.start}-{span.end})"


def _where(columns: Mapping[str, Any]) -> str:
    if "rejected" in columns:
        return f"rejected, {columns['rejected']}"
    return f"a duplicate of {columns.get('duplicate_of')} ({columns.get('kind')})"


def _shown(value: Any) -> str:
    return "nothing" if value is None else repr(value)
