"""Accept what curate does today: ``removed.tsv``, and in ``about.yaml`` what falls short of the expected text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from curate.errors import InputError
from curate.golden.baseline import Baseline, measured, read_baseline, regressions, write_baseline
from curate.golden.cases import ABOUT, REMOVED, Case, Page, read_about, removed_text
from curate.golden.compare import PageReport, Report
from curate.golden.edit import remove_key, set_key


def update(
    root: Path,
    cases: Sequence[Case],
    reports: Sequence[Report],
    chosen: Collection[str],
    *,
    named: Collection[str] = (),
    allow_regression: bool = False,
) -> int:
    """Write the state of today into the cases that differ, and what was measured of them into the baseline.

    Args:
        root: the folder of cases.
        cases: all cases below it.
        reports: what came of each, in the same order.
        chosen: the cases to accept; the others, and what the baseline says of them, stay as they are.
        named: of these also a column that is not as ``about.yaml`` wants it is accepted. What is wanted of a page is a
            person's to say, as ``expected.txt`` is: a person who means it names the case.
        allow_regression: let the figures fall below the floors.

    Returns:
        How many cases were written. ``expected.txt`` never is: a person writes it. Of ``about.yaml`` only the keys
        that change are.

    Raises:
        InputError: a floor would be lowered, a wanted column of a case that is not named be changed, or a case could
            not be built or written; nothing is written then.
    """
    if broken := [report for report in reports if report.error]:
        raise InputError(f"{broken[0].case}: {broken[0].error}\n  Nothing was written.")
    changed = [
        (case, report) for case, report in zip(cases, reports, strict=True) if not report.passed and case.name in chosen
    ]
    _refuse_columns(root, (report for _, report in changed if report.reviewed and report.case not in named))
    known, found = read_baseline(root), measured(cases, reports)
    accepted = _accepted(known, found, chosen)
    worse = regressions(known, accepted) if known is not None else []
    if worse and not allow_regression:
        raise InputError("; ".join(worse) + ".\n  Nothing was written; --allow-regression lowers the floor.")
    abouts = [_new_about(case, report) for case, report in changed]
    for (case, report), about in zip(changed, abouts, strict=True):
        (case.folder / ABOUT).write_text(about, "utf-8", newline="\n")
        spans = {page.name: page.removed for page in report.pages}
        (case.folder / REMOVED).write_text(removed_text(spans), "utf-8", newline="\n")
    write_baseline(root, _as_written(accepted, {case.name for case, _ in changed}))
    return len(changed)


def _refuse_columns(root: Path, reports: Iterable[Report]) -> None:
    wrong = {
        report.case: columns
        for report in reports
        if (columns := list(dict.fromkeys(column for page in report.pages for column in page.wrong_columns)))
    }
    if wrong:
        said = "".join(f"\n  {name}: {', '.join(columns)}" for name, columns in wrong.items())
        raise InputError(
            f"what about.yaml wants would be overwritten:{said}\n"
            f"  Nothing was written. If that is meant, name the case: curate check {root} {next(iter(wrong))} --update"
        )


def _accepted(known: Baseline | None, found: Baseline, chosen: Collection[str]) -> Baseline:
    """The baseline with the chosen cases as they are today; cases that are gone are left out."""
    if known is None:
        return found
    kept = {name: case for name, case in known.items() if name in found and name not in chosen}
    return kept | {name: case for name, case in found.items() if name in chosen}


def _as_written(baseline: Baseline, written: Collection[str]) -> Baseline:
    """What is true once ``about.yaml`` wants the columns that were found."""
    return {
        name: replace(case, counts=replace(case.counts, wrong_columns=0)) if name in written else case
        for name, case in baseline.items()
    }


def _new_about(case: Case, report: Report) -> str:
    """The content of ``about.yaml``, in which only what changes is written anew.

    Raises:
        InputError: it is written in a way that a program cannot change.
    """
    path = case.folder / ABOUT
    text = path.read_text("utf-8")
    of_pages = read_about(case.folder).get("pages") is not None
    try:
        for page in report.pages:
            place = ("pages", page.name) if of_pages else ()
            if page.name in case.pages:
                text = _with_page(text, place, case.pages[page.name], page)
            elif of_pages:
                text = set_key(text, place, {"expect": dict(page.expect)})
    except InputError as error:
        raise InputError(f"{path}: {error}\n  Nothing was written.") from None
    return text


def _with_page(text: str, place: tuple[str, ...], wanted: Page, page: PageReport) -> str:
    for column in page.wrong_columns:
        text = set_key(text, (*place, "expect", column), page.expect[column])
    if not page.today:
        text = remove_key(text, (*place, "today"))
    elif page.today != wanted.today:
        text = set_key(text, (*place, "today"), page.today)
    for key, old, new in (("residue", wanted.residue, page.residue), ("lost", wanted.lost, page.lost)):
        if Counter(line.strip() for line in old) != Counter(line.strip() for line in new):
            text = set_key(text, (*place, key), new)
    return text
