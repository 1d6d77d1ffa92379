"""``baseline.json``: what was measured of each reviewed case, so that no change makes the figures worse unseen.

Like is compared with like: the floors are the figures of the cases whose pages and expected texts are those that the
baseline knows (by digest), and are held against the figures of today of just these cases. A case that is new, or whose
page or expected text a person has changed, lowers no floor; from the next update on it is known.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from curate.errors import InputError
from curate.golden.cases import Case
from curate.golden.compare import Counts, Report, counts_of, figures

BASELINE = "baseline.json"
MAX_NAMED = 5


@dataclass(frozen=True, slots=True)
class Measured:
    """The counts of a case, and the digest of the pages and expected texts on which they were measured."""

    digest: str
    counts: Counts


Baseline = Mapping[str, Measured]
"""Name of a reviewed case -> what was measured of it."""


def measured(cases: Sequence[Case], reports: Sequence[Report]) -> Baseline:
    """What was measured today; cases that nobody has reviewed, or that could not be built, are left out."""
    digests = {case.name: case.digest() for case in cases if case.reviewed}
    return {
        report.case: Measured(digests[report.case], counts_of(report))
        for report in reports
        if report.case in digests and not report.error
    }


def read_baseline(root: Path) -> Baseline | None:
    """The baseline of a folder of cases; None where there is none yet.

    Raises:
        InputError: the file is damaged, or of another version of curate.
    """
    path = root / BASELINE
    if not path.is_file():
        return None
    try:
        cases = json.loads(path.read_text("utf-8"))["cases"]
        found = {name: dict(case) for name, case in cases.items()}
        return {name: Measured(str(case.pop("digest")), _counts(case)) for name, case in found.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} cannot be read: {error!r}\n  Bring it back, or remove it and write it anew: "
            f"curate check {root} --update"
        ) from None


def _counts(values: Mapping[str, int]) -> Counts:
    if not all(type(value) is int for value in values.values()):
        raise ValueError("counts are whole numbers")
    return Counts(**values)


def write_baseline(root: Path, baseline: Baseline) -> None:
    """A line a case, so that two branches which add cases can be merged; counts of 0 are left out."""
    lines = []
    for name, case in sorted(baseline.items()):
        counts = {count: number for count, number in asdict(case.counts).items() if number}
        lines.append(f"  {json.dumps(name)}: {json.dumps({'digest': case.digest} | counts)}")
    (root / BASELINE).write_text('{\n "cases": {\n' + ",\n".join(lines) + "\n }\n}\n", "utf-8")


def regressions(known: Baseline, found: Baseline) -> list[str]:
    """In what the figures of the cases that both have, with the same pages and expected texts, are worse."""
    same = [name for name in known if name in found and found[name].digest == known[name].digest]
    now, floors = (figures(side[name].counts for name in same) for side in (found, known))
    return now.below(floors)


def baseline_differences(root: Path, cases: Sequence[Case], reports: Sequence[Report]) -> list[str]:
    """In what the figures fall below the baseline, and which cases it does not know."""
    known = read_baseline(root)
    if known is None:
        return [f"{root / BASELINE} is missing; write it: curate check {root} --update"]
    found = measured(cases, reports)
    return [*regressions(known, found), *_unknown(root, known, found, {one.case for one in reports if one.error})]


def _unknown(root: Path, known: Baseline, found: Baseline, broken: set[str]) -> Iterator[str]:
    changed = [name for name in found if name in known and found[name].digest != known[name].digest]
    for said, names in (
        (f"not in {BASELINE} yet", [name for name in found if name not in known]),
        (f"with another page or expected text than in {BASELINE}", changed),
        (f"of {BASELINE} gone, or not reviewed", [name for name in known if name not in found and name not in broken]),
    ):
        if names:
            more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
            called = f"{', '.join(names[:MAX_NAMED])}{more}"
            yield f"{plural(len(names), 'case')} {said}: {called}; curate check {root} --update"


def plural(number: int, word: str) -> str:
    """``1 case``, ``2 cases``."""
    return f"{number:,} {word}" + ("" if number == 1 else "s")
