"""The golden cases together: what fires in none of them could break unseen. Nothing is built here, only read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache

import pytest
from builds import ROOT

from curate.golden import Case, find_cases, load_case
from curate.golden.baseline import read_baseline
from curate.heuristics import HEURISTICS

GOLDEN, RULES = ROOT / "golden", ROOT / "rules"
SILENT: Mapping[str, str] = {}
"""Rule files and heuristics that need fire in no case, each with the reason why none can show it."""
RULED = ("ar", "de", "en", "es", "fr", "it", "ja", "nl", "pl", "pt", "ru", "zh")
WITHOUT_RULES = ("he", "hi", "ko")
"""Languages without rules of their own, whose pages must come through whole."""
NO_DATELINE = ("pa",)
"""PA opens its stories without place and name."""


@cache
def cases() -> tuple[Case, ...]:
    return tuple(load_case(folder) for folder in find_cases(GOLDEN))


@cache
def rule_files() -> frozenset[str]:
    """The files as rules' ids name them: ``en/newsletter``."""
    paths = (path.relative_to(RULES).with_suffix("") for path in RULES.rglob("*.yaml") if path.name != "pack.yaml")
    return frozenset(path.as_posix() for path in paths)


def fired(some: Iterable[Case]) -> set[str]:
    """Ids of the rules and heuristics that removed something."""
    return {span.rule for case in some for page in case.pages.values() for span in page.removed}


def files_of(rules: Iterable[str]) -> set[str]:
    return {rule.rpartition("/")[0] for rule in rules}


def silent(some: Sequence[Case]) -> set[str]:
    """The rule files and heuristics that removed nothing."""
    rules = fired(some)
    return {*rule_files() - files_of(rules), *HEURISTICS} - rules


def test_every_rule_file_and_every_heuristic_fires_in_a_case() -> None:
    assert silent(cases()) == set(SILENT)


def test_the_cases_are_those_that_the_floors_were_measured_on() -> None:
    baseline = read_baseline(GOLDEN)

    assert baseline is not None
    assert {case.name: case.digest() for case in cases()} == {name: one.digest for name, one in baseline.items()}


def test_what_fires_only_in_the_cases_that_are_left_out_is_silent() -> None:
    dumps = {"fr-texte-de-page-entiere", "ru-tekst-vsej-stranicy", "ja-peeji-zentai-no-tekisuto"}

    assert {"page/comments", "page/head"} <= silent([case for case in cases() if case.name not in dumps])
    assert "fr/adverts" in silent([case for case in cases() if case.language != "fr"])


def test_every_language_with_or_without_rules_has_a_case() -> None:
    languages = {case.language for case in cases()}

    assert {file.partition("/")[0] for file in rule_files()} == {*RULED, "any", "wire"}
    assert languages >= {*RULED, *WITHOUT_RULES}


@pytest.mark.parametrize("language", RULED)
def test_one_page_of_a_language_walks_through_all_its_rule_files(language: str) -> None:
    wanted = {file for file in rule_files() if file.startswith(f"{language}/")}
    pages = [page for case in cases() if case.language == language for page in case.pages.values()]

    left = min((wanted - files_of(span.rule for span in page.removed) for page in pages), key=len)

    assert left == set()


@pytest.mark.parametrize("agency", sorted(file.partition("/")[2] for file in rule_files() if file.startswith("wire/")))
def test_an_agency_is_known_by_its_dateline_and_by_something_else(agency: str) -> None:
    parts = [rule.rpartition("/")[2] for rule in fired(cases()) if rule.startswith(f"wire/{agency}/")]

    assert has(parts, "dateline") is (agency not in NO_DATELINE)
    assert [part for part in parts if not part.startswith("dateline")]


def has(parts: Collection[str], start: str) -> bool:
    return any(part.startswith(start) for part in parts)
