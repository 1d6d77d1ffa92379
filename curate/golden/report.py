"""The result of a check: for people, for machines, for CI."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree

from curate.golden.baseline import plural
from curate.golden.compare import CHANGED, Report, floors_of
from curate.text import harmless

MAX_LINES_SHOWN = 40
"""Lines of a case's diff that are printed, beside wanted columns, which all are; --json has them all."""


def summary_lines(reports: Sequence[Report], baseline: Iterable[str] | None) -> Iterator[str]:
    """What `curate check` prints: a diff for each case that differs, what changed by rule, and the figures."""
    for report in reports:
        yield from case_lines(report)
    if any(line.startswith(CHANGED) for report in reports for page in report.pages for line in page.differences):
        yield ""
        yield "In changed lines, [-words-] are expected and not there, {+words+} are there and not expected."
    rules = _rule_changes(reports)
    if rules:
        yield ""
        yield "Spans removed, against what was accepted:"
        yield from (f"  {change:+5d}  {rule}" for rule, change in rules.items())
    if rules or baseline:
        yield ""
    for difference in baseline or ():
        yield f"baseline: {difference}"
    unreviewed = [report.case for report in reports if not report.reviewed]
    if unreviewed:
        yield f"Not counted, no person has reviewed them: {', '.join(unreviewed)}"
    floors = floors_of(reports)
    counted = [report for report in reports if report.reviewed]
    failed = sum(not report.passed for report in counted)
    yield (
        f"{plural(len(counted), 'case')}, {failed} differ. Lines: precision {floors.line_precision:.4f}, "
        f"recall {floors.line_recall:.4f}; {floors.lost_share:.2%} of the text lost."
    )


def case_lines(report: Report) -> Iterator[str]:
    """One case's diff, none where all is as accepted."""
    if report.passed:
        return
    yield f"{report.case}: differs" + ("" if report.reviewed else " (not reviewed)")
    for line in report.error.splitlines():
        yield f"  {harmless(line)}"
    left = MAX_LINES_SHOWN
    for page in report.pages:
        if page.differences and len(report.pages) > 1:
            yield f"  {harmless(page.name)}"
        columns = len(page.wrong_columns)
        shown, rest = page.differences[: columns + left], page.differences[columns + left :]
        yield from (f"    {harmless(difference)}" for difference in shown)
        if rest:
            yield f"    ... and {plural(len(rest), 'more line')}; all of them: --json"
        left = max(left - len(page.differences) + columns, 0)


def _rule_changes(reports: Iterable[Report]) -> dict[str, int]:
    changes: Counter[str] = Counter()
    for report in reports:
        for page in report.pages:
            changes.update(page.rules)
    return {rule: change for rule, change in sorted(changes.items()) if change}


def as_dict(reports: Sequence[Report], baseline: Sequence[str] | None) -> dict[str, Any]:
    """The whole result as plain values; ``baseline`` is None where it was not looked at."""
    return {
        "passed": passed(reports, baseline),
        "cases": [asdict(report) | {"passed": report.passed} for report in reports],
        "rules": _rule_changes(reports),
        "figures": asdict(floors_of(reports)),
        "baseline": None if baseline is None else list(baseline),
    }


def passed(reports: Iterable[Report], baseline: Sequence[str] | None) -> bool:
    """Whether a person has reviewed any of the cases, every such case is as accepted, and no figure below its floor."""
    counted = [report for report in reports if report.reviewed]
    return bool(counted) and not baseline and all(report.passed for report in counted)


def junit(reports: Sequence[Report], baseline: Sequence[str] | None) -> bytes:
    """The result as JUnit XML, a test case a golden case, one for the floors: skipped where they were not looked at."""
    counted = [report for report in reports if report.reviewed]
    failures = sum(not report.passed for report in counted) + bool(baseline)
    skipped = len(reports) - len(counted) + (baseline is None)
    suite = ElementTree.Element(
        "testsuite",
        name="curate check",
        tests=str(len(reports) + 1),
        failures=str(failures),
        skipped=str(skipped),
    )
    for report in reports:
        case = ElementTree.SubElement(suite, "testcase", classname="golden", name=report.case)
        if not report.reviewed:
            ElementTree.SubElement(case, "skipped", message="not reviewed")
        elif not report.passed:
            failure = ElementTree.SubElement(case, "failure", message=f"{report.case} differs")
            failure.text = "\n".join(case_lines(report))
    floors = ElementTree.SubElement(suite, "testcase", classname="golden", name="baseline")
    if baseline is None:
        ElementTree.SubElement(floors, "skipped", message="not all cases were checked")
    elif baseline:
        failure = ElementTree.SubElement(floors, "failure", message="below the baseline")
        failure.text = "\n".join(baseline)
    ElementTree.indent(suite)
    written: bytes = ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def to_json(reports: Sequence[Report], baseline: Sequence[str] | None) -> str:
    """The whole result as one JSON object."""
    return json.dumps(as_dict(reports, baseline), ensure_ascii=True)
