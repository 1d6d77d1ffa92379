"""``curate rules mine``: what repeats in a build becomes a proposal with its evidence, and nothing more."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from builds import curate
from hypothesis import given
from hypothesis import strategies as st

from curate import mine as module
from curate.build import build
from curate.errors import InputError, OutputError
from curate.masks import masked
from curate.mine import (
    NO_NEAR_MISS,
    Candidate,
    Effect,
    Mined,
    as_yaml,
    bench_reference,
    golden_reference,
    mine,
)
from curate.recipe import recipe_from
from curate.rules.patterns import SLOT

PLACES = (
    "Orford",
    "Silverdale",
    "Penhallow",
    "Garstang",
    "Kirkwall",
    "Ludlow",
    "Whitby",
    "Dunmore",
    "Tenby",
    "Harlech",
)
UNCLEANED: dict[str, Any] = {
    "clean": {"enabled": False},
    "quality": {"enabled": False},
    "language": {"enabled": False},
    "dedup": {"enabled": False},
}
"""Cleaning would remove what a test wants to be mined."""


class Here:
    """An engine that works in this process: the builds are small, and starting workers takes longer."""

    def map(self, function: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        yield from enumerate(map(function, tasks))

    def close(self) -> None:
        pass


def story(number: int) -> list[str]:
    """Prose of which no line stands in the story of another number."""
    place = PLACES[number % len(PLACES)] + " North" * (number // len(PLACES))
    return [
        f"The council of {place} voted on Tuesday evening to keep its swimming pool open for another winter.",
        f"Residents of {place} had filled the gallery since noon, and applauded when the result was read out.",
        f"A second vote on the fees is planned, said the treasurer of {place}, who had warned of the costs.",
    ]


def built(folder: Path, pages: Iterable[tuple[str, list[str]]], recipe: Mapping[str, Any] = UNCLEANED) -> Path:
    """A build of articles given as (site, lines)."""
    rows = [{"url": f"https://{site}/{number}", "text": "\n".join(lines)} for number, (site, lines) in enumerate(pages)]
    (folder / "raw.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    build(str(folder / "raw.jsonl"), folder / "out", recipe_from(recipe), Here())
    return folder / "out"


def patterns(mined: Mined) -> list[str]:
    return [pattern for one in mined.candidates for pattern in next(iter(one.rule["match"].values()))]


def only(mined: Mined) -> Candidate:
    (one,) = mined.candidates
    return one


def uncommented(text: str) -> str:
    """What a person makes of the file who chooses every candidate."""
    blocks = text.split("\n\n")[1:]
    return "\n".join(line.removeprefix("# ") for block in blocks for line in block.split("\n"))


# ---- what is proposed


def test_a_line_of_one_site_becomes_a_rule_for_that_site_where_it_stands(tmp_path: Path) -> None:
    pages = [("coast.example", [*story(n), "More from the Coast Courier"]) for n in range(4)]
    pages += [("coast.example", story(4)), ("hills.example", story(5))]

    one = only(mine(built(tmp_path, pages)))

    assert one.rule["match"] == {"phrase": ["more from the coast courier"]}
    assert one.rule["where"] == {"position": "end", "domain": "coast.example"}
    assert one.rule["action"] == "drop"
    assert one.rule["examples"]["drop"] == ["More from the Coast Courier"]
    assert (one.articles, one.sites, one.share) == (4, {"coast.example": 4}, 0.8)
    assert one.places == {"start": 0, "middle": 0, "end": 4}
    assert one.quantiles == (1.0, 1.0, 1.0)
    assert len({page for _, page in one.examples} & {f"https://coast.example/{n}" for n in range(4)}) == 3


def test_a_line_of_several_sites_becomes_a_rule_for_all(tmp_path: Path) -> None:
    lines = ["Story audio", "Story audio:", "» STORY AUDIO"]
    pages = [(f"site{n}.example", [lines[n % 3], *story(n)]) for n in range(3)]

    one = only(mine(built(tmp_path, pages)))

    assert one.rule["where"] == {"position": "start"}
    assert one.rule["id"] == "mined/any/story-audio"
    assert sorted(one.rule["examples"]["drop"]) == sorted(lines)
    assert one.site_count == 3
    assert one.above_prose == 3


def test_a_line_in_the_middle_has_no_position_and_says_that_it_may_be_a_heading(tmp_path: Path) -> None:
    pages = [(f"site{n}.example", [*story(n)[:1], "What we know", *story(n)[1:]]) for n in range(3)]
    out = built(tmp_path, pages)

    mined = mine(out)

    assert "where" not in only(mined).rule
    assert only(mined).places == {"start": 0, "middle": 3, "end": 0}
    assert "# # directly above prose in 3 places: it may be a sub-heading" in as_yaml(mined, out)


def test_a_rule_for_articles_of_one_language_holds_for_that_language(tmp_path: Path) -> None:
    pages = [(f"site{n}.example", ["Story audio", *story(n)]) for n in range(3)]

    one = only(mine(built(tmp_path, pages, {**UNCLEANED, "language": {"enabled": True}})))

    assert one.rule["where"] == {"position": "start", "lang": "en"}


@pytest.mark.parametrize(
    ("lines", "kind", "pattern"),
    [
        (["3 comments", "12 comments", "1,204 comments"], "template", "{n} comments"),
        (["Top 10: page 1", "Top 10: page 2", "Top 10: page 3"], "template", "top 10: page {n}"),
        (["Top 10 of the day"] * 3, "phrase", "top 10 of the day"),
        (["Printed 3 June 2021", "Printed 14 May 2020", "Printed 1 July 2022"], "template", "printed {date}"),
        (["Printed 03.06.2021", "Printed 14.05.2020", "Printed 1/7/22"], "template", "printed {date}"),
        (["Printed at 9:15 pm", "Printed at 11:40 am", "Printed at 8:05 am"], "template", "printed at {time}"),
        (["Stand 9.15 Uhr", "Stand 11.40 Uhr", "Stand 8.05 Uhr"], "template", "stand {time} uhr"),
        (["発行 2021年6月3日", "発行 2020年5月14日", "発行 2022年7月1日"], "template", "発行 {date}"),
    ],
)
def test_lines_that_differ_in_numbers_and_dates_become_a_template(
    tmp_path: Path, lines: list[str], kind: str, pattern: str
) -> None:
    pages = [("coast.example", [*story(n), line]) for n, line in enumerate(lines)]

    one = only(mine(built(tmp_path, pages)))

    assert one.rule["match"] == {kind: [pattern]}
    assert sorted(one.rule["examples"]["drop"]) == sorted(set(lines))


@given(st.text("ab 129.,:/-{}年月日éх", max_size=30))
def test_a_masked_key_with_its_values_in_the_slots_is_the_key(text: str) -> None:
    key = text.replace("{", "").replace("}", "")

    mask, values = masked(key)

    back = iter(values)
    assert SLOT.sub(lambda _: next(back), mask) == key
    assert not any(char.isdigit() for char in mask)


def test_what_no_rule_can_name_is_not_proposed(tmp_path: Path) -> None:
    quote = "“We have waited for nine years, and we can wait for one more,” she said on Friday."
    pages = [("coast.example", ["12", "***", "A", "{name} {{x}}", quote, *story(n)]) for n in range(7)]

    assert mine(built(tmp_path, pages)).candidates == ()


def test_a_long_line_is_named_in_spite_of_its_length(tmp_path: Path) -> None:
    notice = "This paper is printed on Thursdays, " + "with a page for each of the villages, " * 6 + "and by hand."
    pages = [("coast.example", [*story(n), notice]) for n in range(6)]

    one = only(mine(built(tmp_path, pages)))

    assert one.rule["where"] == {"domain": "coast.example", "max_words": 57}


# ---- support


def test_support_and_limit_are_what_was_asked_for(tmp_path: Path) -> None:
    often, seldom = "Printed in Tenby", "Printed in Orford"
    pages = [("coast.example", [*story(n), often, *([seldom] if n < 2 else [])]) for n in range(4)]
    out = built(tmp_path, pages)

    assert patterns(mine(out)) == ["printed in tenby"]
    assert patterns(mine(out, min_support=2)) == ["printed in tenby", "printed in orford"]
    assert patterns(mine(out, min_support=2, limit=1)) == ["printed in tenby"]
    assert patterns(mine(out, min_support=5)) == []


def test_a_line_twice_in_an_article_is_in_one_article(tmp_path: Path) -> None:
    pages = [("coast.example", [*story(n), "Printed in Orford", "Printed in Orford"]) for n in range(3)]
    out = built(tmp_path, pages)

    assert (only(mine(out)).articles, only(mine(out)).places["end"]) == (3, 6)
    assert mine(out, min_support=4).candidates == ()


@pytest.mark.parametrize(("articles", "proposed"), [(5, 0), (6, 1)])
def test_prose_needs_twice_the_support(tmp_path: Path, articles: int, proposed: int) -> None:
    appeal = "Our reporters work for you every day, and you can help them to go on."
    pages = [("coast.example", [*story(n), appeal]) for n in range(articles)]

    mined = mine(built(tmp_path, pages))

    assert len(mined.candidates) == proposed
    assert all("position" not in one.rule["where"] for one in mined.candidates)


def test_prose_that_opens_articles_is_looked_for_there(tmp_path: Path) -> None:
    greeting = "Good morning from the Coast Courier, which has been printed since the old bridge stood."
    pages = [("coast.example", [greeting, *story(n)]) for n in range(6)]

    assert only(mine(built(tmp_path, pages))).rule["where"] == {"position": "start", "domain": "coast.example"}


def test_merged_copies_of_one_article_are_one_article(tmp_path: Path) -> None:
    pages = [(f"site{n}.example", [*story(0), "What comes next"]) for n in range(4)]

    mined = mine(built(tmp_path, pages, {**UNCLEANED, "dedup": {"enabled": True}}))

    assert (mined.articles, mined.copies, mined.candidates) == (1, 0, ())


def test_copies_that_no_dedup_merged_count_for_nothing(tmp_path: Path) -> None:
    pages = [(f"site{n}.example", [*story(0), "What comes next"]) for n in range(7)]

    mined = mine(built(tmp_path, pages))

    assert (mined.articles, mined.copies, mined.candidates) == (7, 7, ())


def test_short_articles_below_long_notices_of_their_site_are_no_copies(tmp_path: Path) -> None:
    notices = [
        "The rest of this story is for those who pay for it, and you can be one of them from today.",
        "Readers pay for all that we do, so nobody else can tell us what to write and what to leave out.",
    ]
    pages = [("coast.example", [story(n)[0], *notices]) for n in range(6)]

    mined = mine(built(tmp_path, pages))

    assert (mined.copies, len(mined.candidates)) == (0, 2)


def test_shards_and_batches_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [("coast.example", [f"{n} comments", *story(n), "Printed in Orford"]) for n in range(8)]
    out = built(tmp_path, pages, {**UNCLEANED, "output": {"max_shard_bytes": 1000}})
    assert len(list((out / "data").iterdir())) > 2
    expected = mine(out)
    monkeypatch.setattr(module, "_BATCH_ROWS", 1)

    assert mine(out) == expected
    assert [one.articles for one in expected.candidates] == [8, 8]


def test_only_the_most_frequent_lines_are_collected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [
        ("coast.example", [*story(n), "Printed in Orford", *(["Printed in Tenby"] if n else [])]) for n in range(4)
    ]
    out = built(tmp_path, pages)
    monkeypatch.setattr(module, "MAX_COLLECTED", 1)

    assert patterns(mine(out)) == ["printed in orford"]


# ---- near misses and effects


def test_a_sentence_with_the_same_words_is_shown_as_near_miss(tmp_path: Path) -> None:
    near = "Nobody knows who had written the words printed in Orford below the picture of the mayor."
    pages = [("coast.example", [*story(n), "Printed in Orford"]) for n in range(3)]
    pages += [("hills.example", [story(3)[0], near, near.replace("picture", "statue"), *story(3)[1:]])]

    assert only(mine(built(tmp_path, pages))).rule["examples"]["keep"] == [near]


def test_a_sentence_that_the_rule_names_is_no_near_miss(tmp_path: Path) -> None:
    lines = [f"This page was printed in Orford on {day} June 2021" for day in (3, 4, 5)]
    named = "This page was printed in Orford on Sunday 6 June 2021."
    pages = [("coast.example", [*story(n), line]) for n, line in enumerate(lines)]
    pages += [("coast.example", [story(3)[0], named, *story(3)[1:]])]

    one = only(mine(built(tmp_path, pages)))

    assert one.rule["match"] == {"template": ["this page was printed in orford on {date}"]}
    assert one.rule["examples"]["keep"] == [NO_NEAR_MISS]


def test_where_there_is_no_near_miss_lint_asks_for_one(tmp_path: Path) -> None:
    out = built(tmp_path, [("coast.example", [*story(n), "Printed in Orford"]) for n in range(3)])
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "rules.yaml").write_text(uncommented(as_yaml(mine(out), out)), "utf-8")

    done = curate("rules", "lint", tmp_path / "mine", cwd=tmp_path)

    assert only(mine(out)).rule["examples"]["keep"] == [NO_NEAR_MISS]
    assert "no-near-miss: mined/coast.example/printed-in-orford" in done.stdout


def write_case(root: Path, expected: list[str], residue: list[str], *, reviewed: bool = True) -> None:
    folder = root / f"en-{len(list(root.iterdir()))}"
    folder.mkdir()
    (folder / "page.txt").write_text("\n".join([*expected, *residue]), "utf-8")
    (folder / "expected.txt").write_text("\n".join(expected), "utf-8")
    about = {"shows": "Something.", "language": "en", "license": "CC0-1.0", "reviewed": reviewed, "residue": residue}
    (folder / "about.yaml").write_text(yaml.safe_dump(about), "utf-8")


def test_golden_cases_say_what_a_rule_would_lose_and_remove(tmp_path: Path) -> None:
    pages = [(f"site{n}.example", [*story(n)[:1], "What we know", *story(n)[1:]]) for n in range(3)]
    pages += [(f"site{n}.example", [*story(n), "Printed in Orford"]) for n in range(4, 8)]
    root = tmp_path / "golden"
    root.mkdir()
    write_case(root, [*story(8)[:1], "What we know", *story(8)[1:], "What we know"], ["Printed in Orford"])
    write_case(root, ["Printed in Orford", *story(9)], [])  # not at the end, where the rule looks
    write_case(root, ["What we know"], ["Printed in Orford"], reviewed=False)

    golden = golden_reference(root)
    mined = mine(built(tmp_path, pages), references=[golden])

    assert (golden.lines, len(golden.residue)) == (9, 1)
    effects = dict(zip(patterns(mined), (one.effects["golden"] for one in mined.candidates), strict=True))
    assert effects == {"printed in orford": Effect(0, 0, 1), "what we know": Effect(2, 2, 0)}


def write_gold(folder: Path, *rows: Mapping[str, Any]) -> Path:
    folder.mkdir()
    (folder / "gold.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return folder


def test_a_bench_set_says_what_a_rule_would_lose_there_and_what_is_like_it_on_other_sites(tmp_path: Path) -> None:
    out = built(tmp_path, [("coast.example", [*story(n), "Printed in Orford"]) for n in range(3)])
    body = "\n\n".join([*story(8), "Printed in Orford"])
    bench = write_gold(
        tmp_path / "bench",
        {"id": "a", "url": "https://www.coast.example/a", "body": body},
        {"id": "b", "url": "https://hills.example/b", "body": body},
        {"id": "c", "url": "hard::c.html", "with": ["Printed in Orford", "Rain"], "without": ["Printed in Orford"]},
        {"id": "d", "url": "https://coast.example/d", "with": [], "without": ["Printed in Orford", "More"]},
    )

    mined = mine(out, references=[bench_reference(bench)])

    assert only(mined).effects == {"bench": Effect(lost=1, alike=3, residue=1)}
    said = "bench: removes 1 of 10 article lines, and 1 of 3 lines of residue; on other sites, 2 lines are like it"
    assert f"\n# # {said}\n" in as_yaml(mined, out)


# ---- the file


def test_every_candidate_is_commented_out_and_chosen_rules_pass_their_tests(tmp_path: Path) -> None:
    odd = ["Printed: 'in' \"Orford\" # no, not: [here]", "- yes: {2}", "\u0001 Odd \u200b sign \ufeff here 🎈", "Null"]
    pages = [
        (f"site{n % 2}.example", [*odd, "1 Kommentar ©", f"{n} votes", *story(n), "Šťáva čeká", "もっと読む"])
        for n in range(4)
    ]
    out = built(tmp_path, pages)

    text = as_yaml(mine(out), out)
    for name, content in (("as-written", text), ("chosen", uncommented(text))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "candidates.yaml").write_text(content, "utf-8")
    as_written = curate("rules", "test", tmp_path / "as-written", cwd=tmp_path)
    chosen = curate("rules", "test", tmp_path / "chosen", cwd=tmp_path)

    assert all(line.startswith("# ") or line in ("", "#") for line in text.rstrip("\n").split("\n"))
    assert as_written.stdout == "0 rules, 0 examples, 0 broken.\n"
    assert (chosen.returncode, chosen.stdout.split(",")[0], chosen.stdout.split()[-2]) == (0, "7 rules", "0")


def test_rules_of_one_name_get_numbers(tmp_path: Path) -> None:
    lines = ["Press © Orford", "Press Orford"]
    pages = [("coast.example", [*story(n), *lines]) for n in range(3)]

    mined = mine(built(tmp_path, pages))

    ids = [one.rule["id"] for one in mined.candidates]
    assert ids == ["mined/coast.example/press-orford", "mined/coast.example/press-orford-2"]


# ---- the command line


def test_the_command_tries_golden_cases_that_are_there_and_prints_yaml_or_json(tmp_path: Path) -> None:
    built(tmp_path, [("coast.example", [*story(n), "Printed in Orford"]) for n in range(3)])
    (tmp_path / "golden").mkdir()
    write_case(tmp_path / "golden", story(8), ["Printed in Orford"])
    bench = write_gold(tmp_path / "bench", {"id": "a", "url": "", "body": "Rain"})

    as_text = curate("rules", "mine", "out", cwd=tmp_path)
    as_json = curate("rules", "mine", "out", "--bench", bench, "--json", cwd=tmp_path)

    assert as_text.returncode == as_json.returncode == 0
    assert "\n# - id: mined/coast.example/printed-in-orford\n" in as_text.stdout
    assert "\n# # golden: removes 0 of 3 article lines" in as_text.stdout
    (one,) = json.loads(as_json.stdout)["candidates"]
    assert one["rule"]["match"] == {"phrase": ["printed in orford"]}
    assert one["effects"]["golden"] == {"lost": 0, "alike": 0, "residue": 0}
    assert one["effects"]["bench"] == {"lost": 0, "alike": 0, "residue": 0}


def test_a_build_without_articles_has_no_candidates(tmp_path: Path) -> None:
    out = built(tmp_path, [("coast.example", [""])])

    mined = mine(out)

    assert mined.candidates == ()
    assert as_yaml(mined, out).startswith("# 0 candidates for rules")


def test_what_is_no_build_or_a_damaged_one_is_said(tmp_path: Path) -> None:
    out = built(tmp_path, [("coast.example", story(n)) for n in range(3)])
    (shard,) = (out / "data").iterdir()
    shard.write_bytes(b"PAR1 no more")

    with pytest.raises(OutputError, match="not a finished build"):
        mine(tmp_path)
    with pytest.raises(OutputError, match=r"part-all.parquet cannot be read: .*\n  See more: curate verify"):
        mine(out)


@pytest.mark.parametrize(
    ("gold", "said"), [(None, "no such file"), ("{", "gold.jsonl: "), ('{"id": "a"}', "page 1 has neither")]
)
def test_what_is_no_bench_set_is_said(tmp_path: Path, gold: str | None, said: str) -> None:
    if gold is not None:
        (tmp_path / "gold.jsonl").write_text(gold, "utf-8")

    with pytest.raises(InputError, match=said):
        bench_reference(tmp_path)
