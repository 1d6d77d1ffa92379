import json
from pathlib import Path

import pytest
from builds import curate

from curate import page_lines
from curate.rules import packaged_rules
from curate.rules.linting import KEPT_ATTRIBUTES, has_literal, lint

RULE = """
- id: {id}
  title: One
  match: {match}
  where: {where}
  action: drop
  why: Because.
  source: this test
  examples: {{drop: [{drop}], keep: [{keep}]}}
"""


SENTENCE = "The council expects more rain and worse news before the week is over."


def rule(
    name: str = "mine/one",
    match: str = "{phrase: more news}",
    where: str = "{position: any}",
    drop: str = "More news",
    keep: str = "More rain",
) -> str:
    return RULE.format(id=name, match=match, where=where, drop=drop, keep=keep)


def checks(folder: Path, text: str) -> list[tuple[str, int]]:
    (folder / "rules.yaml").write_text(text, "utf-8")
    return [(finding.check, finding.line) for finding in lint([folder])[0]]


def test_packaged_rules_have_no_errors_and_each_shows_where_it_stops() -> None:
    findings, checked = lint([packaged_rules()])

    assert checked > 300
    assert [str(one) for one in findings if one.check != "no-literal"] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (rule(), []),
        (rule(keep="Weather"), [("no-near-miss", 2)]),
        (rule(match="{regex: 'ab-cd'}", drop="ab-cd", keep="ef-gh"), []),
        (rule(match="{phrase: 日曜版}", drop="日曜版", keep="土の上"), [("no-near-miss", 2)]),
        (rule(match="{phrase: 日曜版}", drop="日曜版", keep="日が出る"), []),
        (rule(match=r"{regex: '^\p{L}+ \d+$'}", drop="More 1", keep="More rain"), [("no-literal", 2)]),
        (rule(match=r"{regex: '^\p{L}+ \d+$'}", where="{position: end}", drop="More 1", keep="More rain"), []),
        (
            rule(match="{regex: '[a-z]{2}/[a-z]{2}'}", drop="ab/cd", keep="ab-cd"),
            [("no-literal", 2), ("no-near-miss", 2)],
        ),
        (rule(match="{regex: '[a-z]{2}/[a-z]{2}'}", drop="ab/cd", keep="24/7"), [("no-literal", 2)]),
        (rule(match="{regex: '(?=a)'}"), [("refused", 2)]),
        (rule() + rule(), [("refused", 11)]),
        (
            rule() + "- id: x\n  colour: red\n" + rule(name="mine/two", match="{phrase: fog}", drop="Fog", keep="Rain"),
            [("refused", 11), ("no-near-miss", 13)],
        ),
        ("- [", [("refused", 2)]),
        (rule(match="{phrase: more news, at: start}", drop="More news here"), [("no-sentence", 2)]),
        (rule(match="{phrase: more news, at: anywhere}", drop="And more news", keep=SENTENCE), []),
        (rule(match="{phrase: more news, at: anywhere}", where="{position: end}", drop="And more news"), []),
        (rule(where="{position: end}", drop="And more news"), []),
        (rule(where="{position: end}", drop="And more news of the harbour for all of you."), [("never-last", 2)]),
        (rule(drop="And more news of the harbour for all of you."), []),
        (rule(where="{lang: [en, uk]}"), []),
        (rule(where="{lang: [en, ua]}"), [("no-language", 2)]),
        (rule(where="{lang: en-GB}"), [("no-language", 2)]),
        (rule(match="{selector: 'div[data-testid*=more]'}", drop="'div[data-testid=more]'", keep="p.more"), []),
        (rule(match="{selector: 'a[rel=tag]'}", drop="'a[rel=tag]'", keep="a.tag"), [("no-attribute", 2)]),
    ],
)
def test_each_doubt_is_found_where_it_stands_and_the_rest_is_still_checked(
    tmp_path: Path, text: str, found: list[tuple[str, int]]
) -> None:
    assert checks(tmp_path, text) == found


def test_a_pack_that_switches_off_nothing_is_named_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(rule(), "utf-8")
    (tmp_path / "pack.yaml").write_text("id: ours\ndisable: [en/share/*,\n  en/shear/*, mine/one]\n", "utf-8")

    findings = [one for one in lint([tmp_path], [packaged_rules()])[0] if one.check == "disables-nothing"]

    assert [(one.line, one.column) for one in findings] == [(3, 3), (3, 15)]
    assert "'disable: en/shear/*' switches off nothing" in findings[0].message


def test_the_attributes_that_a_selector_may_ask_for_are_those_that_pages_keep() -> None:
    assert set(KEPT_ATTRIBUTES) == {"id", "class", *page_lines._ATTRIBUTES}


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (rule(name="mine/two", where="{position: end}"), [("shadowed", 11)]),
        (rule(name="mine/two", where="{lang: en}"), [("shadowed", 11)]),
        (rule(name="mine/two"), [("shadowed", 11)]),
        (rule(name="mine/two", match="{phrase: more news, at: end}"), [("shadowed", 2)]),
        (rule(name="mine/two", where="{max_words: 50}"), [("shadowed", 2)]),
        (rule(name="mine/two", match="{phrase: [more news, more views]}"), [("shadowed", 2)]),
        (rule(name="mine/two", match='{template: "more {any}"}', keep="More"), [("shadowed", 2)]),
        (rule(name="mine/two", match='{template: "more {any}"}', keep="More", where="{domain: news.example}"), []),
    ],
)
def test_a_rule_is_shadowed_by_one_that_names_as_much_in_as_many_places(
    tmp_path: Path, other: str, found: list[tuple[str, int]]
) -> None:
    assert checks(tmp_path, rule() + other) == found


@pytest.mark.parametrize(
    ("pattern", "has"),
    [("read more (on|about)", True), (r"^\p{L}+$", False), ("もっと読む", True), ("news|[a-z]+", False)],
)
def test_a_literal_is_what_every_match_must_hold(pattern: str, has: bool) -> None:
    assert has_literal(pattern) is has


def test_a_pack_of_ones_own_is_checked_against_the_packaged_rules(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(rule(match="{phrase: read more}", drop="Read more", keep="Read me"), "utf-8")
    doubts = curate("rules", "lint", tmp_path, "--json", cwd=tmp_path)
    strict = curate("rules", "lint", tmp_path, "--strict", cwd=tmp_path)

    assert doubts.returncode == 0
    assert [one["check"] for one in json.loads(doubts.stdout)] == ["shadowed"]
    assert "en/readmore/link" in strict.stdout
    assert "1 rules, 0 errors, 1 doubts." in strict.stdout
    assert strict.returncode == 1


def test_a_rule_that_also_looks_among_the_articles_sentences_is_not_shadowed(tmp_path: Path) -> None:
    wide = rule(match="{phrase: more news, at: end}", drop="And more news", keep=SENTENCE)
    narrow = rule("mine/two", match="{phrase: some more news, at: end}", where="{sentences: %s}", drop="Some more news")

    assert checks(tmp_path, wide + narrow.replace("%s", "false")) == [("shadowed", 11)]
    assert checks(tmp_path, wide + narrow.replace("%s", "true")) == []
