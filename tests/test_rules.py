import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import RuleError
from curate.lines import lines_of
from curate.model import Evidence
from curate.rules import Matcher, broken_examples, compile_rules, load_pack, load_packs, packaged_rules
from curate.rules.joined import Joined
from curate.rules.patterns import on_many_lines
from curate.rules.schema import rule_schema
from curate.rules.selectors import parse_path, parse_selector, selected_step

RULE = """
- id: test/one
  title: One
  match: {match}
  where: {{position: any}}
  action: {action}
  why: Because.
  source: this test
  examples:
    {shown}: [{example}]
    keep: ["nothing of the kind"]
"""


def pack_of(folder: Path, text: str) -> Matcher:
    (folder / "rules.yaml").write_text(text, "utf-8")
    return compile_rules([load_pack(folder)])


def one_rule(folder: Path, match: str, example: str = "x", action: str = "drop") -> Matcher:
    shown = "strip" if action == "strip" else "drop"
    return pack_of(folder, RULE.format(match=match, action=action, shown=shown, example=example))


def names(matcher: Matcher, line: str) -> bool:
    return bool(matcher.hits(lines_of(line)[0]))


def test_every_packaged_rule_agrees_with_its_own_examples() -> None:
    pack = load_pack(packaged_rules())

    assert len(pack.rules) > 100
    assert [str(error) for error in broken_examples(pack.rules)] == []


def test_lines_looked_at_together_have_the_rules_that_they_have_one_by_one() -> None:
    pack = load_pack(packaged_rules())
    matcher = Matcher(pack.rules)
    shown = [text for rule in pack.rules for text in (*rule.drop_examples, *rule.keep_examples)]
    lines = lines_of("\n\n".join(text.replace("\n", " ") for text in shown))

    together = [[hit.rule.id for hit in hits] for hits in matcher.hits_of(lines)]

    assert sum(map(len, together)) > len(pack.rules)
    assert together == [[hit.rule.id for hit in matcher.hits(line)] for line in lines]


PATTERNS = [r"[^a]+", r"[^]a]", r"[^-a]+b", r"\s+", r"\S+", r"\W", r"[\s,]+b", r"[\W]", r"[[:space:]]a", r"\D+"]
PATTERNS += [
    r"\PL+",
    r"\P{Lu}",
    r"[\\s\s]",
    r"a\x{0a}?b",
    r"a\012?b",
    r"(?s)a.b",
    r"(?i)A.?B",
    r".*",
    r"\pC",
    r"[^\pL]$",
]
PATTERNS += [r"\bb", r"\Aa", r"a\z", r"^a", r"^$", r"a$", r"a|^b", r"\[^a", r"(?-s:a.b)", r"(?P<n>[^b])$", r"\Ba"]
PATTERNS += [r"[\s-]b", r"[\t-\r]a"]


@pytest.mark.parametrize("source", PATTERNS)
@given(st.lists(st.text("ab -,A[]\t\r", max_size=5), min_size=1, max_size=4))
def test_a_pattern_for_many_lines_matches_where_it_matches_one_of_them(source: str, lines: list[str]) -> None:
    pattern, is_confined = on_many_lines(source)
    alone = [number for number, line in enumerate(lines) if re2.search(source, line)]
    joined = Joined(list(enumerate(lines)))

    found = [joined.number_at(match.start()) for match in re2.finditer(pattern, joined.content)]

    assert found or not alone
    assert not is_confined or sorted(set(found)) == alone


@pytest.mark.parametrize(
    ("match", "named", "left"),
    [
        (
            "{phrase: Read more}",
            ["Read more", "  » READ MORE …", "|read  more|", "Ｒead more:"],
            ["Read more here", "I read more"],
        ),
        ("{phrase: read more, at: start}", ["Read more: the storm"], ["Bread more", "read moreover", "I read more"]),
        ("{phrase: read more, at: anywhere}", ["Why not read more today"], ["bread more", "read moreover"]),
        ("{phrase: もっと読む, at: anywhere}", ["記事をもっと読むには"], ["読む"]),
        (
            '{template: "{n} comments"}',
            ["12 comments", "1,204 Comments", "3k comments"],
            ["no comments", "12 comments on it"],
        ),
        ('{template: "follow {name} on {name}"}', ["Follow us on X", "Follow Jane Doe on Bluesky!"], ["Follow us"]),
        ('{template: "updated {date}"}', ["Updated 6 June 2023", "Updated: Jun 6, 2023"][:1], ["Updated his diary"]),
        ('{template: "learn more at {domain}"}', ["Learn more at News.example.org"], ["Learn more at noon"]),
        (
            "{tokens: {separators: '-/', item: '[a-z]{2,4}', min: 2, max: 4}}",
            ["ab-cd/ef"],
            ["ab", "ab-cd-ef-gh-ij", "AB-CD"],
        ),
        (r"{regex: '^\(\p{L}+ Photo\)$'}", ["(Ünlü Photo)"], ["(Photo)", "see (A Photo)"]),
        (
            r"{regex: '(?i)more (on|about) \p{Lu}\p{L}+|see all', at: line}",
            ["More on Lima", "» (more about Lima) …", "– See all →"],
            ["See all.", "No more on Lima", "See all the ships"],
        ),
    ],
)
def test_each_kind_of_match_names_its_lines_and_no_near_miss(
    tmp_path: Path, match: str, named: list[str], left: list[str]
) -> None:
    matcher = one_rule(tmp_path, match)

    assert [line for line in named if not names(matcher, line)] == []
    assert [line for line in left if names(matcher, line)] == []


def test_a_long_line_is_never_dropped_for_a_cue_in_it(tmp_path: Path) -> None:
    matcher = one_rule(tmp_path, "{phrase: newsletter, at: anywhere}")

    assert names(matcher, "our newsletter " + "word " * 37)
    assert not names(matcher, "our newsletter " + "word " * 40)


def test_a_hostile_pattern_matches_in_linear_time(tmp_path: Path) -> None:
    matcher = one_rule(tmp_path, "{regex: '(a+)+$'}")

    assert not names(matcher, "a" * 5000 + "b")


def test_a_strip_rule_cuts_its_group_and_captures_the_others(tmp_path: Path) -> None:
    text = RULE.format(
        match=r"{regex: '^(?P<cut>(?P<place>\p{Lu}+) \(ABC\) - )\S'}",
        action="strip",
        shown="strip",
        example="{line: a, kept: b}",
    )
    matcher = pack_of(tmp_path, text.replace("  why:", "  capture: {wire_agency: ABC, dateline: $place}\n  why:"))

    (hit,) = matcher.hits(lines_of("ÖREBRO (ABC) - The mayor")[0])

    assert "ÖREBRO (ABC) - The mayor"[hit.end :] == "The mayor"
    assert hit.captured == {"wire_agency": "ABC", "dateline": "ÖREBRO"}


@pytest.mark.parametrize(
    ("selector", "path", "selected"),
    [
        ("aside", "main > aside > p", True),
        (".related", "div.content.related > ul", True),
        (".related", "div.unrelated > ul", False),
        ("div[class*=newsletter]", "div.box-newsletter-signup > p", True),
        ("div[class*=newsletter]", "section.newsletter > p", False),
        ("[class$=-share]", "ul.post-share > li", True),
        ("[class$=-share]", "header.post-shared > p", False),
        ("[class^=share-]", "ul.share-bar > li", True),
        ("[class^=share-]", "ul.no-share-bar > li", False),
        ("#footer p", "div#footer > div > p", True),
        ("#footer p", "p > div#footer", False),
        ("[role=navigation]", "ul[role=navigation] > li", True),
        ("figure figcaption", "figcaption > figure", False),
    ],
)
def test_selectors_look_at_the_elements_around_a_line(selector: str, path: str, selected: bool) -> None:
    assert (selected_step(parse_selector(selector), parse_path(path)) is not None) is selected


def test_a_selector_rule_needs_evidence(tmp_path: Path) -> None:
    matcher = one_rule(tmp_path, "{selector: .related}", '"div.related"')
    evidence = Evidence("div.related > a", 1.0, None)

    assert matcher.hits(lines_of("Ferry returns", [evidence])[0])
    assert not matcher.hits(lines_of("Ferry returns")[0])


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("- id: [a", "2:1", "not YAML"),
        ("id: a", "1:1", "a list is wanted"),
        ("- id: a\n  titel: b", "2:3", "did you mean 'title'"),
        ("- id: a\n  id: b", "2:3", "twice"),
        (RULE.format(match="{phrase: a, regex: b}", action="drop", shown="drop", example="a"), "4:10", "exactly one"),
        (RULE.format(match="{phrase: a}", action="dorp", shown="drop", example="a"), "6:11", "did you mean 'drop'"),
        (RULE.format(match="{phrase: a}", action="strip", shown="strip", example="a"), "4:10", "must be a regex"),
        (RULE.format(match="{regex: a, at: end}", action="drop", shown="drop", example="a"), "4:25", "no choice"),
        (RULE.format(match="{tokens: {}, at: line}", action="drop", shown="drop", example="a"), "4:27", "not with"),
        (RULE.format(match="{regex: a, at: line}", action="strip", shown="strip", example="a"), "4:10", "as it is"),
        (RULE.format(match="{regex: '(?=a)'}", action="drop", shown="drop", example="a"), "2:3", "RE2 refuses"),
        (RULE.format(match="{template: '{who} said'}", action="drop", shown="drop", example="a"), "2:3", "no slot"),
        (RULE.format(match="{phrase: '...'}", action="drop", shown="drop", example="a"), "2:3", "no letter"),
        (RULE.format(match="{selector: 'a > b'}", action="drop", shown="drop", example="a"), "2:3", "not understood"),
        (RULE.format(match="{phrase: a}", action="drop", shown="drop", example="a") * 2, "13:3", "stands already"),
        ("- id: !!python/object/apply:os.system [ls]", "1:7", "text is wanted"),
    ],
)
def test_a_wrong_rule_file_is_refused_with_file_line_and_column(
    tmp_path: Path, text: str, place: str, said: str
) -> None:
    with pytest.raises(RuleError, match=said) as caught:
        pack_of(tmp_path, text)

    assert f"rules.yaml:{place}" in str(caught.value)


def test_text_that_looks_like_a_truth_value_stays_text(tmp_path: Path) -> None:
    matcher = one_rule(tmp_path, "{phrase: [no, 1.10]}")

    assert names(matcher, "No")
    assert names(matcher, "1.10")


def test_a_contradicted_example_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        RULE.format(match="{phrase: nothing of the kind}", action="drop", shown="drop", example="other")
    )

    errors = [str(error) for error in broken_examples(load_pack(tmp_path).rules)]

    drop, keep = errors
    assert drop.startswith(f"{tmp_path / 'a.yaml'}:10:12: rule 'test/one': drop example is not matched: 'other'")
    assert keep.startswith(f"{tmp_path / 'a.yaml'}:11:12: rule 'test/one': keep example is matched")


def test_rules_are_disabled_by_id_and_by_glob(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(RULE.format(match="{phrase: a}", action="drop", shown="drop", example="a"))
    pack = load_pack(tmp_path)

    assert len(compile_rules([pack]).rules) == 1
    assert compile_rules([pack], ["test/*"]).rules == ()


EXTENDING = """
- id: mine/pause
  extends: base/button
  match: {phrase: [pause, resume]}
  where: {max_words: 3}
  examples: {drop: [Pause], keep: [nothing of the kind]}
- id: mine/late
  extends: base/button
  where: {position: end}
"""
BASE = """
- id: base/button
  title: Button
  match: {phrase: play}
  where: {max_words: 9, lang: en}
  action: drop-block
  until: 2
  why: A button.
  source: this test
  examples: {drop: [Play], keep: [nothing of the kind]}
"""


def two_packs(folder: Path, base: str, mine: str, about: str = "") -> list[Path]:
    folders = [folder / "base", folder / "mine"]
    for one, text in zip(folders, (base, mine), strict=True):
        one.mkdir()
        (one / "rules.yaml").write_text(text, "utf-8")
    if about:
        (folders[1] / "pack.yaml").write_text(about, "utf-8")
    return folders


def test_a_rule_takes_over_what_it_does_not_say_from_the_one_it_extends(tmp_path: Path) -> None:
    packs = load_packs(two_packs(tmp_path, BASE, EXTENDING))
    pause, late = packs[1].rules

    assert (pause.title, pause.action, pause.until, pause.why) == ("Button", "drop-block", "2", "A button.")
    assert (pause.where.max_words, pause.where.languages) == (3, ("en",))
    assert (pause.match.patterns, pause.drop_examples) == (("pause", "resume"), ("Pause",))
    assert (late.where.position, late.where.max_words, late.match.patterns) == ("end", 9, ("play",))
    assert late.drop_examples == ("Play",)
    assert broken_examples(packs[1].rules) == []


@pytest.mark.parametrize(
    ("mine", "said"),
    [
        ("- id: a\n  extends: base/buton\n", "did you mean 'base/button'"),
        ("- id: a\n  extends: base/button\n  match: {phrase: stop}\n", "has no 'examples'"),
    ],
)
def test_a_rule_that_extends_nothing_or_shows_nothing_is_refused(tmp_path: Path, mine: str, said: str) -> None:
    with pytest.raises(RuleError, match=said):
        load_packs(two_packs(tmp_path, BASE, mine))


def test_a_pack_switches_off_rules_of_the_packs_before_it(tmp_path: Path) -> None:
    about = "id: mine\nversion: 1.2.3\nlicense: MIT\ndisable: ['base/*']\n"
    packs = load_packs(two_packs(tmp_path, BASE, EXTENDING, about))

    assert [rule.id for rule in compile_rules(packs).rules] == ["mine/late", "mine/pause"]
    assert (packs[1].id, packs[1].version, packs[1].license) == ("mine", "1.2.3", "MIT")


def test_the_schema_has_a_name_and_serves_a_folder_of_ones_own(tmp_path: Path) -> None:
    readme = (packaged_rules() / "README.md").read_text("utf-8")
    (command,) = re.findall(r"^python (-c .+) > my-rules/schema\.json$", readme, re.MULTILINE)
    (tmp_path / "my-rules").mkdir()

    printed = subprocess.run([sys.executable, *shlex.split(command)], capture_output=True, text=True, check=True)
    (tmp_path / "my-rules" / "schema.json").write_text(printed.stdout, "utf-8")

    assert json.loads(printed.stdout) == rule_schema()
    assert rule_schema()["$id"] == "urn:curate:rules"
    assert load_packs([tmp_path / "my-rules"])[0].rules == ()
