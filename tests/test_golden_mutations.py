"""`curate check` sees what breaks: one rule, heuristic or offset at a time, in a copy of curate."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import yaml
from builds import ROOT, curate

Break = Callable[[Path], None]

CASES = ("corpus-stock-phrases", "en-newsletter-prompts", "en-wire-ap-table")
"""Enough to see what is broken below; each check loads all rules and takes seconds."""


def copy_of_curate(folder: Path) -> Path:
    """The package and its rules, to be broken."""
    for name in ("curate", "rules"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def checked(copy: Path) -> CompletedProcess[str]:
    """What ``curate check`` of a copy says of some of the golden cases."""
    return curate("check", ROOT / "golden", *CASES, "--workers", "1", cwd=copy, PYTHONPATH=str(copy))


def in_rule(file: str, name: str, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Break:
    """Change one rule of ``rules/``, or leave it out where ``change`` returns None."""

    def break_it(copy: Path) -> None:
        path = copy / "rules" / file
        rules = yaml.load(path.read_text("utf-8"), yaml.BaseLoader)
        (number,) = (number for number, rule in enumerate(rules) if rule["id"] == name)
        changed = change(rules.pop(number))
        rules[number:number] = [changed] if changed else []
        path.write_text(yaml.safe_dump(rules, allow_unicode=True), "utf-8")

    return break_it


def in_code(file: str, old: str, new: str) -> Break:
    """Change one place of ``curate/``."""

    def break_it(copy: Path) -> None:
        path = copy / "curate" / file
        code = path.read_text("utf-8")
        assert code.count(old) == 1, f"{file} has {old!r} {code.count(old)} times"
        path.write_text(code.replace(old, new), "utf-8")

    return break_it


def also_headings(rule: dict[str, Any]) -> dict[str, Any]:
    return rule | {"match": {"selector": [*rule["match"]["selector"], "h2", "h3"]}}


MUTATIONS = {
    "a rule is deleted": (
        in_rule("any/dom.yaml", "any/dom/newsletter", lambda rule: None),
        "+ Start your day at the Falls    (not expected; any/dom/newsletter removed it before)",
    ),
    "a rule is widened": (
        in_rule("any/dom.yaml", "any/dom/notice", also_headings),
        "- Back on the floor    (expected; removed by any/dom/notice)",
    ),
    "a limit of a heuristic is moved": (
        in_code("heuristics/site.py", "MIN_PARAGRAPH_ARTICLES = 3", "MIN_PARAGRAPH_ARTICLES = 2"),
        "- Reader, it rained.    (expected; removed by site/repeated-line)",
    ),
    "a heuristic is switched off": (
        in_code("heuristics/__init__.py", '    "page/own-title": own_title,\n', ""),
        "+ A tin of keys, and no doors    (not expected; page/own-title removed it before)",
    ),
    "an offset is wrong": (
        in_code("clean.py", "line.start + end, cut.rule", "line.start + end - 1, cut.rule"),
        "removed.tsv: spans that stand at other offsets: 1 (wire/ap/dateline)",
    ),
    "a row of the removals is dropped": (
        in_code("stages.py", "in cleaned.removals\n    ]", "in cleaned.removals[1:]\n    ]"),
        "- page/own-title no longer removes 'Last steam laundry",
    ),
}


def test_the_cases_pass_where_nothing_is_broken(tmp_path: Path) -> None:
    done = checked(copy_of_curate(tmp_path))

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(CASES)} cases, 0 differ." in done.stdout


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_the_check_fails_and_names_the_rule_where(mutation: str, tmp_path: Path) -> None:
    break_it, said = MUTATIONS[mutation]
    copy = copy_of_curate(tmp_path)
    break_it(copy)

    done = checked(copy)

    assert done.returncode == 1, done.stdout + done.stderr
    assert said in done.stdout


def test_a_case_that_meets_a_bug_differs_and_the_others_are_checked(tmp_path: Path) -> None:
    copy = copy_of_curate(tmp_path)
    in_code("read/html.py", "source.place().html_page(content)", "1 / 0")(copy)
    (copy / "golden" / "en-text").mkdir(parents=True)
    for name in ("about.yaml", "expected.txt", "removed.tsv"):
        shutil.copy(ROOT / "golden" / CASES[1] / name, copy / "golden" / "en-text")
    (copy / "golden" / "en-text" / "page.txt").write_text("Home\nNews\n", "utf-8")
    shutil.copytree(ROOT / "golden" / CASES[1], copy / "golden" / CASES[1])

    done = curate("check", "golden", "--workers", "1", cwd=copy, PYTHONPATH=str(copy))

    assert (done.returncode, done.stderr) == (1, "")
    assert f"{CASES[1]}: differs\n  Traceback (most recent call last):\n" in done.stdout
    assert "  ZeroDivisionError: division by zero\nen-text: differs\n    the page is no article now" in done.stdout
