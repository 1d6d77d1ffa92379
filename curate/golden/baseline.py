"""``baseline.json``: the figures below which a change may not fall, and the cases they were measured on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from curate.errors import InputError
from curate.golden.cases import Case
from curate.golden.compare import Floors, Report, floors_of

BASELINE = "baseline.json"


def cases_digest(cases: Sequence[Case]) -> str:
    """16 hex characters of the reviewed cases' pages and expected texts."""
    parts = sorted(f"{case.name} {case.digest()}" for case in cases if case.reviewed)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def read_baseline(root: Path) -> dict[str, Any] | None:
    """The baseline of a folder of cases; None where there is none yet.

    Raises:
        InputError: the file is damaged.
    """
    path = root / BASELINE
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text("utf-8"))
        Floors(**found["floors"])
        int(found["cases"]), str(found["digest"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} cannot be read: {error}") from None
    return dict(found)


def write_baseline(root: Path, cases: Sequence[Case], reports: Sequence[Report]) -> None:
    """Set the floors to the figures of today."""
    found = {
        "cases": sum(case.reviewed for case in cases),
        "digest": cases_digest(cases),
        "floors": asdict(floors_of(reports)),
    }
    (root / BASELINE).write_text(json.dumps(found, indent=1) + "\n", "utf-8")


def baseline_differences(root: Path, cases: Sequence[Case], reports: Sequence[Report]) -> list[str]:
    """In what the figures of all cases fall below the baseline, or were measured on other cases."""
    baseline = read_baseline(root)
    if baseline is None:
        return [f"{root / BASELINE} is missing; write it: curate check {root} --update"]
    said = floors_of(reports).below(Floors(**baseline["floors"]))
    if baseline["digest"] != cases_digest(cases):
        said.append(f"the cases are not those of {BASELINE} ({baseline['cases']} cases); curate check {root} --update")
    return said
