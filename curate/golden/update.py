"""Accept what curate does today: ``removed.tsv``, and in ``about.yaml`` what falls short of the expected text."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import yaml

from curate.errors import InputError
from curate.golden.baseline import read_baseline, write_baseline
from curate.golden.cases import ABOUT, REMOVED, Case, read_about, removed_text
from curate.golden.compare import Floors, PageReport, Report, floors_of


def update(
    root: Path,
    cases: Sequence[Case],
    reports: Sequence[Report],
    names: Collection[str],
    *,
    allow_regression: bool = False,
) -> int:
    """Write the state of today into the cases that differ, and the figures of all into the baseline.

    Args:
        root: the folder of cases.
        cases: all cases below it.
        reports: what came of each, in the same order.
        names: the cases to accept; the others are only measured.
        allow_regression: let the figures fall below the floors.

    Returns:
        How many cases were written. ``expected.txt`` never is: a person writes it.

    Raises:
        InputError: a floor would be lowered, or a case could not be built; nothing is written then.
    """
    broken = [report for report in reports if report.error]
    if broken:
        raise InputError(f"{broken[0].case}: {broken[0].error}\n  Nothing was written.")
    baseline = read_baseline(root)
    worse = floors_of(reports).below(Floors(**baseline["floors"])) if baseline else []
    if worse and not allow_regression:
        raise InputError("; ".join(worse) + ".\n  Nothing was written; --allow-regression lowers the floor.")
    changed = [
        (case, report) for case, report in zip(cases, reports, strict=True) if not report.passed and case.name in names
    ]
    for case, report in changed:
        _write_case(case, report)
    write_baseline(root, cases, reports)
    return len(changed)


def _write_case(case: Case, report: Report) -> None:
    about = read_about(case.folder)
    tables = about["pages"] if isinstance(about.get("pages"), dict) else {report.pages[0].name: about}
    for page in report.pages:
        if page.name in case.pages:
            _set_page(tables[page.name], page)
        else:
            tables[page.name] = {"expect": dict(page.expect)}
    text = yaml.safe_dump(about, sort_keys=False, allow_unicode=True, width=120)
    (case.folder / ABOUT).write_text(text, "utf-8")
    spans = {page.name: page.removed for page in report.pages}
    (case.folder / REMOVED).write_text(removed_text(spans), "utf-8", newline="\n")


def _set_page(table: dict[str, Any], page: PageReport) -> None:
    table["expect"] = dict(page.expect)
    table.pop("today", None)
    if page.today:
        table["today"] = page.today
    for key, lines in (("residue", page.residue), ("lost", page.lost)):
        if lines or key in table:
            table[key] = list(lines)
