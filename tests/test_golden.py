"""Golden cases: read, compared with what comes of them, accepted, and made of pages."""

from __future__ import annotations

import dataclasses
import gzip
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from builds import EXAMPLES, MORE_PROSE, PROSE, curate, make_build, rows, write_pages
from hypothesis import example, given
from hypothesis import strategies as st
from test_read_warc import record, response

from curate.errors import CurateError, InputError, OutputError
from curate.golden import (
    Report,
    Span,
    case_lines,
    check_case,
    check_cases,
    find_cases,
    floors_of,
    load_case,
)
from curate.golden.baseline import Measured, baseline_differences, read_baseline
from curate.golden.cases import read_removed, removed_text
from curate.golden.compare import Counts, figures
from curate.golden.draft import new_case
from curate.golden.report import as_dict, junit, passed, summary_lines
from curate.golden.run import run_case
from curate.golden.update import update
from curate.recipe import Recipe, recipe_from

GOOD = {"line_precision": 1.0, "line_recall": 1.0, "lost_share": 0.0, "columns_right": 1.0, "outcomes_right": 1.0}
TITLE = "Board keeps the old ferry for another winter"
URL = "https://harbour-post.example/ferry"
BOX, BOX_RULE = "Sign up for our newsletter", "en/newsletter/invitation"
NOTICE, NOTICE_RULE = "© 2023 The Harbour Post", "any/copyright/notice"
DATED = "HARBOUR (AP) — The tide was high on Tuesday, and nobody in the hall had seen the like."
STORY = PROSE + MORE_PROSE
LAST_LINE = STORY.splitlines()[-1]
TEXT = f"{PROSE}{BOX}\n{MORE_PROSE}{NOTICE}"
"""A story of seven lines with a box in the middle and a line below."""
REMOVED = (
    Span(len(PROSE) - 1, len(PROSE) + len(BOX), BOX_RULE, f"\n{BOX}"),
    Span(len(TEXT) - len(NOTICE) - 1, len(TEXT), NOTICE_RULE, f"\n{NOTICE}"),
)
GULLS = """\
The gulls of the northern pier have learnt to open lunch boxes, and the school has bought new ones with a clasp.
Nobody knows which bird began it, but the caretaker, Ansel Brody, blames a large one with a white patch on its wing.
"She looks at the clasp, then at me, and then she waits until I have gone in," said Brody on Friday morning.
The children have been told to eat indoors, which most of them call the best thing that any bird has done for them.
A biologist from the university will film the pier for two weeks, and hopes to see how the others learn it.
"""
STUB, STUB_REJECTED = "Harbour Post\nHome\nShipping\nWeather\nContact", "quality/min-words"


def row(text: str = TEXT, **columns: str) -> str:
    return json.dumps({"url": URL, "title": TITLE, "text": text} | columns) + "\n"


def describe(folder: Path, **about: Any) -> None:
    known = {"shows": "A box and a notice go.", "language": "en", "license": "CC0-1.0", "reviewed": True}
    (folder / "about.yaml").write_text(yaml.safe_dump(known | about, sort_keys=False), "utf-8")


def write_case(
    root: Path,
    name: str = "en-ferry",
    *,
    text: str = TEXT,
    expected: str | None = STORY,
    removed: Iterable[Span] = REMOVED,
    **about: Any,
) -> Path:
    """A case of one page with a title and a URL; as it is, it passes."""
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "page.jsonl").write_text(row(text), "utf-8")
    if expected is not None:
        (folder / "expected.txt").write_text(expected, "utf-8")
    (folder / "removed.tsv").write_text(removed_text({"page.jsonl": removed}), "utf-8")
    describe(folder, **about)
    return folder


def write_corpus(root: Path, pages: dict[str, dict[str, Any]], expected: dict[str, str], **texts: str) -> Path:
    """A case of several text files, named without their ``.txt``."""
    folder = root / "corpus"
    write_pages(folder / "site", **texts)
    for name, text in expected.items():
        path = folder / "expected" / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    describe(folder, pages=pages)
    return folder


def accept(root: Path, *names: str, allow_regression: bool = False) -> int:
    """What ``curate check --update`` does with some cases or all, in this process."""
    cases = [load_case(folder) for folder in find_cases(root)]
    chosen = {case.name for case in cases if not names or case.name in names}
    reports = [check_case(case) for case in cases]
    return update(root, cases, reports, chosen, named=names, allow_regression=allow_regression)


def floors_in(root: Path) -> dict[str, float]:
    """The figures of the cases of a baseline."""
    baseline = read_baseline(root)
    assert baseline is not None
    return dataclasses.asdict(figures(case.counts for case in baseline.values()))


def check(folder: Path) -> Report:
    return check_case(load_case(folder))


def reports_of(root: Path) -> list[Report]:
    """What ``check_cases`` finds, in this process: a process of its own takes seconds to load the rules."""
    return [check(folder) for folder in find_cases(root)]


def differences(folder: Path) -> list[str]:
    return [difference for page in check(folder).pages for difference in page.differences]


def content(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


# --- a case is read ---


def test_a_case_is_read_with_what_is_wanted_of_its_page(tmp_path: Path) -> None:
    folder = write_case(
        tmp_path,
        expect={"title": TITLE, "date_published": "2023-06-06"},
        residue=["Share", 12],
        lost=["A line."],
        today="rejected",
        recipe={"quality.enabled": False, "clean": {"disable": ["page/menu"]}},
    )

    case = load_case(folder)

    assert (case.name, case.language, case.license, case.reviewed) == ("en-ferry", "en", "CC0-1.0", True)
    assert case.shows == "A box and a notice go."
    assert case.input == folder / "page.jsonl"
    assert case.recipe == recipe_from({"quality": {"enabled": False}, "clean": {"disable": ["page/menu"]}})
    (page,) = case.pages.values()
    assert page.text == STORY.rstrip("\n")
    assert page.expect == {"title": TITLE, "date_published": "2023-06-06"}
    assert (page.residue, page.lost, page.today) == (("Share", "12"), ("A line.",), "rejected")
    assert page.removed == REMOVED


def test_a_bare_date_is_read_as_text(tmp_path: Path) -> None:
    folder = write_case(tmp_path)
    with (folder / "about.yaml").open("a") as about:
        about.write("expect: {date_published: 2023-06-06}\n")

    (page,) = load_case(folder).pages.values()

    assert page.expect == {"date_published": "2023-06-06"}


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"license": None}, "'license' is missing."),
        ({"reviewed": "maybe"}, "'reviewed' is true or false."),
        ({"expects": {}}, "no key is called 'expects'; did you mean 'expect'?"),
        ({"expect": {"titel": "x"}}, "expect: no key is called 'titel'; did you mean 'title'?"),
        ({"expect": ["title"]}, "expect: a table is wanted, not ['title']"),
        ({"residue": "Share"}, "residue: a list of lines is wanted, not 'Share'"),
        ({"lost": {"a": "b"}}, "lost: a list of lines is wanted, not {'a': 'b'}"),
        ({"today": "reject"}, "today: no outcome is called 'reject'; did you mean 'rejected'?"),
        ({"recipe": {"quality.enable": False}}, "[quality] has no option 'enable'; did you mean 'enabled'?"),
        ({"recipe": {"quality": False}}, "'quality' is a section"),
        ({"recipe": "none"}, "recipe: a table is wanted, not 'none'"),
        ({"pages": ["a.html"]}, "pages: a table is wanted, not ['a.html']"),
        ({"pages": {"a.html": 3}}, "pages: a.html: a table is wanted, not 3"),
        ({"pages": {"a.html": {"expected": {}}}}, "pages: a.html: no key is called 'expected'; did you mean 'expect'?"),
        ({"pages": {"a.html": {"expect": {"rejected": "x"}, "today": "gone"}}}, "pages: a.html: today: no outcome"),
    ],
)
def test_what_about_yaml_cannot_say_is_refused_with_its_place(tmp_path: Path, about: dict[str, Any], said: str) -> None:
    folder = write_case(tmp_path, **about)

    with pytest.raises(CurateError) as error:
        load_case(folder)

    assert str(error.value).startswith(f"{folder / 'about.yaml'}: {said}")


@pytest.mark.parametrize(
    ("file", "written", "said"),
    [
        ("about.yaml", b"shows: [", "while parsing"),
        ("about.yaml", b"two words", "a table is wanted."),
        ("about.yaml", b"shows: \xff", "'utf-8' codec"),
        ("about.yaml", None, "there is no such file."),
        ("expected.txt", None, "there is no such file; write the article's text into it."),
        ("expected.txt", b"caf\xe9", "'utf-8' codec"),
        ("removed.tsv", b"caf\xe9", "'utf-8' codec"),
        ("removed.tsv", b"page.jsonl\t1\t2\ten/x\n", "1: 5 columns are wanted: page, start, end, rule, text."),
        ("removed.tsv", b"p\t1\t2\ten/x\tText\np\t1\tlast\ten/x\tText\n", "2: 5 columns are wanted"),
        ("removed.tsv", b"p\t1\t2\ten/x\tC:\\path\n", "1: 5 columns are wanted"),
        ("removed.tsv", b"p\t1\t2\ten/x\tends in \\\n", "1: 5 columns are wanted"),
    ],
)
def test_a_file_that_is_missing_or_wrong_is_refused_by_its_name(
    tmp_path: Path, file: str, written: bytes | None, said: str
) -> None:
    path = write_case(tmp_path) / file
    if written is None:
        path.unlink()
    else:
        path.write_bytes(written)

    with pytest.raises(InputError) as error:
        load_case(path.parent)

    assert str(error.value).startswith(str(path))
    assert said in str(error.value)


@pytest.mark.parametrize("files", [(), ("page.jsonl", "page.txt"), ("page.jsonl", "site/a.txt")])
def test_a_case_has_one_input(tmp_path: Path, files: tuple[str, ...]) -> None:
    folder = write_case(tmp_path)
    (folder / "page.jsonl").unlink()
    for file in files:
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text(TEXT)

    with pytest.raises(InputError) as error:
        load_case(folder)

    assert str(error.value) == f"{folder}: a case has a page.* or a site/; this one has {len(files)} of them."


@pytest.mark.parametrize(
    ("names", "select", "found"),
    [
        ((), "", ["de-hafen", "en-ferry", "en-ferry-tail"]),
        ((), "ferry", ["en-ferry", "en-ferry-tail"]),
        ((), "en-ferry", ["en-ferry", "en-ferry-tail"]),
        ((), "*-ferry", ["en-ferry"]),
        ((), "[de][en]-*[nl]", ["de-hafen", "en-ferry-tail"]),
        (("en-ferry",), "", ["en-ferry"]),
        (("en-ferry-tail", "de-hafen"), "", ["de-hafen", "en-ferry-tail"]),
        (("en-ferry", "de-hafen"), "en-", ["en-ferry"]),
    ],
)
def test_cases_are_chosen_by_name_substring_and_glob(
    tmp_path: Path, names: tuple[str, ...], select: str, found: list[str]
) -> None:
    for name in ("en-ferry", "de-hafen", "en-ferry-tail"):
        describe_only = tmp_path / name
        describe_only.mkdir()
        describe(describe_only)
    (tmp_path / "baseline.json").touch()
    (tmp_path / "__pycache__").mkdir()

    folders = find_cases(tmp_path, names, select)

    assert [folder.name for folder in folders] == found


def test_cases_that_are_not_there_are_refused(tmp_path: Path) -> None:
    write_case(tmp_path)

    for said, root, names, select in [
        ("there is no such folder of cases.", tmp_path / "gold", (), ""),
        ("no case is called 'en-fery'; did you mean 'en-ferry'?", tmp_path, ("en-fery",), ""),
        ("there is no case that fits 'de-*'.", tmp_path, (), "de-*"),
        ("there is no case.", tmp_path / "en-ferry", (), ""),
    ]:
        with pytest.raises(InputError) as error:
            find_cases(root, names, select)
        assert str(error.value) == f"{root}: {said}"


def test_a_page_that_nobody_described_is_not_passed_over(tmp_path: Path) -> None:
    folder = write_case(tmp_path)
    (folder / "about.yaml").unlink()

    (report,) = check_cases(find_cases(tmp_path), 1)

    assert not report.passed
    assert report.error == f"{folder / 'about.yaml'}: there is no such file."


CHARS = st.sampled_from("\t\n\r\\nt ab\u2028\x85\x0b\x00é🌧") | st.characters(codec="utf-8")
WORDS = st.text(CHARS, max_size=12)
NUMBERS = st.integers(0, 10**7)
SPANS = st.builds(Span, NUMBERS, NUMBERS, st.sampled_from(["en/share/x", "page/tail"]), WORDS)


@given(st.dictionaries(WORDS, st.lists(SPANS, min_size=1, max_size=4).map(tuple), max_size=3))
@example({"page.html": (Span(0, 4, "page/tail", "\t\\n\n\\"), Span(4, 5, "page/tail", ""))})
@example({"page": (Span(0, 1, "end", "text"),)})
def test_removed_tsv_says_every_span_again(pages: dict[str, tuple[Span, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "removed.tsv"

        path.write_text(removed_text(pages), "utf-8", newline="\n")

        assert read_removed(path) == pages
        assert len(path.read_text("utf-8").split("\n")) == 2 + sum(map(len, pages.values()))


# --- a case is compared ---


def test_a_case_passes_where_all_is_as_accepted(tmp_path: Path) -> None:
    report = check(write_case(tmp_path, expect={"title": TITLE, "language": "en", "wire_agency": None}))

    assert report.passed
    assert list(case_lines(report)) == []
    (page,) = report.pages
    assert (page.kept_lines, page.expected_lines, page.matched_lines, page.lost_chars) == (7, 7, 7, 0)
    assert page.removed == REMOVED


def test_blank_lines_and_spaces_at_line_ends_are_no_difference(tmp_path: Path) -> None:
    folder = write_case(tmp_path, expected="\n" + STORY.replace("\n", "  \n\n") + "\n\n")

    assert differences(folder) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (BOX, f"removed by {BOX_RULE}"),
        ("Ask the lighthouse.", "not extracted"),
        (LAST_LINE[:39], "it stands within a longer line"),
    ],
)
def test_a_lost_line_says_what_became_of_it(tmp_path: Path, line: str, said: str) -> None:
    folder = write_case(tmp_path, expected=f"{STORY}{line}\n")

    (page,) = check(folder).pages
    assert f"- {line}    (expected; {said})" in page.differences
    assert page.lost == (line,)
    assert page.lost_chars == (0 if "within" in said else len(line))


OTHER = LAST_LINE.replace(LAST_LINE.split()[1], "green")


@pytest.mark.parametrize(
    ("text", "expected", "removed", "shown"),
    [
        (
            f"{TEXT}\n{DATED}",
            f"{STORY}{DATED}\n",
            REMOVED,
            f"~ [-{DATED[:15]}-]{DATED[15:]}    (changed; removed in part by wire/ap/dateline)",
        ),
        (
            TEXT,
            STORY.replace(LAST_LINE, OTHER),
            REMOVED,
            f"~ A [-green-]{{+second+}}{LAST_LINE[8:]}    (changed; by no rule)",
        ),
        (
            TEXT,
            STORY.replace(LAST_LINE, LAST_LINE[20:]),
            REMOVED,
            f"~ {{+{LAST_LINE[:20]}+}}{LAST_LINE[20:]}    (changed; it stands within a longer line)",
        ),
        (
            TEXT,
            STORY.replace(LAST_LINE, LAST_LINE[20:]),
            [*REMOVED, Span(900, 920, "old/strip", LAST_LINE[:20])],
            "    (changed; old/strip removed a part of it before)",
        ),
    ],
)
def test_of_a_line_that_is_changed_and_not_gone_the_words_are_marked(
    tmp_path: Path, text: str, expected: str, removed: list[Span], shown: str
) -> None:
    strip = {"clean.datelines": "strip"}
    folder = write_case(tmp_path, text=text, expected=expected, removed=removed, recipe=strip)

    (page,) = check(folder).pages

    (changed,) = (line for line in page.differences if line.startswith("~ "))
    assert changed.endswith(shown)
    assert not [line for line in page.differences if "expected;" in line]


@pytest.mark.parametrize(
    ("accepted", "said"),
    [
        ([], "no rule removed it before"),
        ([Span(900, 1100, "old/rule", f"\n{LAST_LINE}")], "old/rule removed it before"),
        ([Span(900, 930, "old/strip", LAST_LINE[:30])], "old/strip removed a part of it before"),
    ],
)
def test_residue_says_which_rule_removed_it_before(tmp_path: Path, accepted: list[Span], said: str) -> None:
    folder = write_case(tmp_path, expected=STORY.replace(LAST_LINE, ""), removed=[*REMOVED, *accepted])

    found = differences(folder)

    assert found == [
        f"+ {LAST_LINE}    (not expected; {said})",
        *(
            f"- {one.rule} no longer removes {one.text.strip()!r} ({one.start}-{one.end})"
            for one in accepted
            if one.text.strip() != LAST_LINE  # that is told with the line
        ),
    ]


def test_metadata_that_differs_is_shown_with_both_values(tmp_path: Path) -> None:
    folder = write_case(tmp_path, expect={"title": "No ferry", "wire_agency": "AP", "publisher": None, "authors": []})

    assert differences(folder) == [f"title: 'No ferry' -> {TITLE!r}", "wire_agency: 'AP' -> nothing"]


@pytest.mark.parametrize(
    ("wanted", "passes"),
    [("2023-06-06", True), ("2023-06-06T08:30:00+00:00", True), ("2023-06-07", False), ("2023-06", False)],
)
def test_of_a_time_the_day_suffices(tmp_path: Path, wanted: str, passes: bool) -> None:
    folder = write_case(tmp_path, expect={"date_published": wanted})
    (folder / "page.jsonl").write_text(row(date="2023-06-06T08:30:00+00:00"), "utf-8")

    assert check(folder).passed is passes


def test_a_page_with_another_outcome_says_which(tmp_path: Path) -> None:
    stub = write_case(tmp_path, "stub", text=STUB, expected=STUB, removed=[])
    index = write_case(tmp_path, "index", expect={"rejected": STUB_REJECTED}, expected=None)
    other = write_case(tmp_path, "other", text=STUB, expect={"rejected": "read/damaged"}, expected=None)
    copies = write_corpus(
        tmp_path,
        {"a.txt": {}, "b.txt": {}, "c.txt": {"expect": {"duplicate_of": "a.txt"}}},
        {"a": STORY, "b": STORY},
        a=STORY,
        b=STORY,
        c=GULLS,
    )

    assert differences(stub) == [f"the page is no article now: rejected, {STUB_REJECTED}; wanted: article"]
    assert differences(index) == ["the page is an article now; wanted: rejected"]
    assert differences(other) == [f"rejected: 'read/damaged' -> {STUB_REJECTED!r}"]
    assert differences(copies) == [
        "the page is no article now: a duplicate of a.txt (payload); wanted: article",
        "the page is an article now; wanted: duplicate",
    ]


def test_a_page_nobody_asked_for_and_one_that_is_gone_are_differences(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path, {"a.txt": {}, "b.txt": {}}, {"a": STORY, "b": STORY}, a=STORY, c=TEXT + STORY)

    assert differences(folder) == [
        "the page is gone: it is no row of any table",
        "c.txt: about.yaml says nothing of it",
    ]


def test_spans_that_moved_and_spans_of_another_rule_are_differences(tmp_path: Path) -> None:
    box, notice = REMOVED
    moved = write_case(tmp_path, "moved", removed=[dataclasses.replace(one, start=one.start + 1) for one in REMOVED])
    other = write_case(tmp_path, "other", removed=[dataclasses.replace(box, rule="old/rule"), notice])
    twice = write_case(tmp_path, "twice", removed=[box, box, notice])

    shifted = write_case(tmp_path, "shifted", removed=[dataclasses.replace(box, text=f"{BOX}\n"), notice])

    assert differences(shifted) == [f"removed.tsv: spans that stand at other offsets: 1 ({BOX_RULE})"]
    assert differences(moved) == [f"removed.tsv: spans that stand at other offsets: 2 ({NOTICE_RULE}, {BOX_RULE})"]
    place = f"{BOX!r} ({box.start}-{box.end})"
    assert differences(other) == [f"- old/rule no longer removes {place}", f"+ {BOX_RULE} now removes {place}"]
    assert differences(twice) == [f"- {BOX_RULE} no longer removes {place}"]


def test_the_summary_counts_what_changed_by_rule(tmp_path: Path) -> None:
    box, notice = REMOVED
    write_case(tmp_path, "one", removed=[dataclasses.replace(box, rule="old/rule"), notice])
    write_case(tmp_path, "two", removed=[])
    reports = reports_of(tmp_path)

    shown = list(summary_lines(reports, ["line_recall is below"]))

    assert shown[0] == "one: differs"
    assert shown[shown.index("Spans removed, against what was accepted:") :][:4] == [
        "Spans removed, against what was accepted:",
        f"     +1  {NOTICE_RULE}",
        f"     +2  {BOX_RULE}",
        "     -1  old/rule",
    ]
    assert shown[-3:-1] == ["", "baseline: line_recall is below"]
    assert shown[-1].startswith("2 cases, 2 differ. Lines: precision 1.0000, recall 1.0000; 0.00% of the text lost.")


def test_what_falls_short_today_is_accepted_where_about_yaml_says_so(tmp_path: Path) -> None:
    without_last = STORY.replace(LAST_LINE, "")
    residue = write_case(tmp_path, "residue", expected=without_last, residue=[LAST_LINE])
    lost = write_case(tmp_path, "lost", expected=f"{STORY}{BOX}\n", lost=[BOX])
    index = write_case(tmp_path, "index", expect={"rejected": STUB_REJECTED}, expected=None, today="article")
    stub = write_case(tmp_path, "stub", text=STUB, expected=STUB, removed=[], today="rejected")

    assert [differences(folder) for folder in (residue, lost, index, stub)] == [[], [], [], []]


def test_what_fell_short_and_is_right_now_is_reported(tmp_path: Path) -> None:
    gone = write_case(tmp_path, "gone", residue=[BOX])
    kept = write_case(tmp_path, "kept", lost=[LAST_LINE])
    article = write_case(tmp_path, "article", today="rejected")
    index = write_case(tmp_path, "index", text=STUB, expect={"rejected": STUB_REJECTED}, expected=None, today="article")

    assert differences(gone) == [f"= {BOX}    (gone now, though about.yaml calls it residue: update)"]
    assert differences(kept) == [f"= {LAST_LINE}    (kept now, though about.yaml calls it lost: update)"]
    assert differences(article) == ["= right now, though about.yaml says it is rejected today: update"]
    assert differences(index) == ["= right now, though about.yaml says it is article today: update"]


def test_a_known_line_is_accepted_as_often_as_it_is_named(tmp_path: Path) -> None:
    folder = write_case(tmp_path, expected=f"{PROSE}{BOX}\n{MORE_PROSE}{BOX}\n", lost=[BOX])

    assert differences(folder) == [f"- {BOX}    (expected; removed by {BOX_RULE})"]


def test_unreviewed_cases_are_shown_and_not_counted(tmp_path: Path) -> None:
    write_case(tmp_path, "en-draft", expected="Something else.", reviewed=False)
    write_case(tmp_path, "en-ferry")
    reports = reports_of(tmp_path)

    shown = list(summary_lines(reports, []))

    assert [report.passed for report in reports] == [False, True]
    assert passed(reports, [])
    assert floors_of(reports) == floors_of(reports[1:])
    assert shown[0] == "en-draft: differs (not reviewed)"
    assert "Not counted, no person has reviewed them: en-draft" in shown
    assert shown[-1].startswith("1 case, 0 differ.")


def test_the_figures_count_lines_and_characters_of_all_reviewed_pages(tmp_path: Path) -> None:
    first = STORY.splitlines()[0]
    write_case(tmp_path, "one", expected=STORY.replace(LAST_LINE, BOX))
    write_case(tmp_path, "two", text=STUB, expected=first)

    floors = floors_of(reports_of(tmp_path))

    expected = [*STORY.splitlines()[:-1], BOX]
    assert floors.line_precision == round(6 / 7, 5)
    assert floors.line_recall == round(6 / 8, 5)
    assert floors.lost_share == round((len(BOX) + len(first)) / (sum(map(len, expected)) + len(first)), 5)


def test_reports_come_in_the_order_of_the_cases_whatever_the_workers(tmp_path: Path) -> None:
    folders = [write_case(tmp_path, name, removed=REMOVED[:1]) for name in ("c", "a", "b")]

    reports = list(check_cases(folders, 2))

    assert [report.case for report in reports] == ["c", "a", "b"]
    assert reports == [check(folder) for folder in folders]


def test_control_characters_of_a_page_do_not_reach_the_terminal(tmp_path: Path) -> None:
    report = check(write_case(tmp_path, text=f"{TEXT}\n\x1b[2JThe \u202eboat went out again on Friday, they said."))

    shown = "\n".join(case_lines(report))

    assert "\\x1b[2JThe \\u202eboat" in shown
    assert "\x1b" not in shown


# --- pages and their names ---


def test_a_corpus_has_articles_duplicates_and_rejected_pages(tmp_path: Path) -> None:
    folder = write_corpus(
        tmp_path,
        {
            "old/ferry.txt": {},
            "ferry.txt": {"expect": {"duplicate_of": "old/ferry.txt", "kind": "payload"}},
            "menu.txt": {"expect": {"rejected": STUB_REJECTED}},
        },
        {"old/ferry": STORY},
        ferry=STORY,
        menu=STUB,
    )
    write_pages(folder / "site" / "old", ferry=STORY)

    report = check(folder)

    assert [page.name for page in report.pages] == ["old/ferry.txt", "ferry.txt", "menu.txt"]
    assert report.passed


def test_pages_of_a_corpus_that_differ_are_shown_by_name(tmp_path: Path) -> None:
    folder = write_corpus(
        tmp_path,
        {"old/a.txt": {"expect": {"language": "en"}}, "a.txt": {"expect": {"duplicate_of": "b.txt", "kind": "url"}}},
        {"old/a": STORY},
        a=STORY,
    )
    write_pages(folder / "site" / "old", a=STORY)

    shown = list(case_lines(check(folder)))

    assert shown == [
        "corpus: differs",
        "  a.txt",
        "    duplicate_of: 'b.txt' -> 'old/a.txt'",
        "    kind: 'url' -> 'payload'",
    ]


def test_the_records_of_one_file_are_called_by_their_urls(tmp_path: Path) -> None:
    folder = write_case(tmp_path, pages={URL: {}, f"{URL}/menu": {"expect": {"rejected": STUB_REJECTED}}})
    (folder / "page.jsonl").write_text(row(STORY) + row(STUB, url=f"{URL}/menu") + row(STORY, url=""), "utf-8")
    (folder / "expected").mkdir()
    (folder / "expected" / "harbour-post.example").mkdir()
    (folder / "expected" / "harbour-post.example" / "ferry.txt").write_text(STORY, "utf-8")
    (folder / "removed.tsv").unlink()

    report = check(folder)

    assert [page.differences for page in report.pages[:2]] == [(), ()]
    (nameless,) = report.pages[2:]
    assert nameless.name.startswith("page.jsonl#")


def test_the_pages_of_an_archive_are_called_by_their_urls(tmp_path: Path) -> None:
    paragraphs = "".join(f"<p>{line}</p>" for line in STORY.splitlines())
    html = f"<html><head><title>{TITLE}</title></head><body><article>{paragraphs}</article></body></html>".encode()
    folder = write_case(
        tmp_path,
        removed=[],
        pages={
            "https://example.org/news/ferry": {"expect": {"title": TITLE}},
            "https://example.org/plan.pdf": {"expect": {"rejected": "read/not-html"}},
        },
    )
    (folder / "page.jsonl").unlink()
    pdf = b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.7"
    archive = response(html) + record(block=pdf, WARC_Target_URI="https://example.org/plan.pdf")
    (folder / "page.warc.gz").write_bytes(gzip.compress(archive))
    (folder / "expected" / "example.org" / "news").mkdir(parents=True)
    (folder / "expected" / "example.org" / "news" / "ferry.txt").write_text(STORY, "utf-8")

    assert differences(folder) == []


def test_a_url_that_a_file_holds_twice_names_the_article_first(tmp_path: Path) -> None:
    folder = write_case(tmp_path, pages={URL: {}})
    (folder / "page.jsonl").write_text(row(STORY) + row(STORY), "utf-8")
    (folder / "expected" / "harbour-post.example").mkdir(parents=True)
    (folder / "expected" / "harbour-post.example" / "ferry.txt").write_text(STORY, "utf-8")

    first, second = check(folder).pages

    assert (first.name, first.differences) == (URL, ())
    assert second.name.startswith(f"{URL}#")
    assert second.expect == {"duplicate_of": URL, "kind": "payload"}


# --- the baseline, and what is accepted ---


def test_the_baseline_holds_the_counts_of_each_reviewed_case_a_line_a_case(tmp_path: Path) -> None:
    write_case(tmp_path, "en-ferry", expect={"title": TITLE})
    write_case(tmp_path, "en-lost", expected=f"{STORY}{BOX}\n")
    write_case(tmp_path, "en-draft", reviewed=False, expected="Something else.")

    accept(tmp_path)

    digests = {folder.name: load_case(folder).digest() for folder in find_cases(tmp_path)}
    chars = sum(map(len, STORY.splitlines()))
    assert read_baseline(tmp_path) == {
        "en-ferry": Measured(digests["en-ferry"], Counts(7, 7, 7, chars, 0, 1, 0, 1, 0)),
        "en-lost": Measured(digests["en-lost"], Counts(7, 8, 7, chars + len(BOX), len(BOX), 0, 0, 1, 0)),
    }
    assert sum('"digest"' in line for line in (tmp_path / "baseline.json").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("file", "counts"),
    [("page.jsonl", True), ("expected.txt", True), ("removed.tsv", False), ("about.yaml", False)],
)
def test_the_digest_is_of_pages_and_expected_texts(tmp_path: Path, file: str, counts: bool) -> None:
    folder = write_case(tmp_path)
    before = load_case(folder).digest()

    with (folder / file).open("a") as changed:
        changed.write("# changed\n" if file.endswith("yaml") else "p\t0\t0\tx\t\n")

    assert (load_case(folder).digest() != before) is counts


def baseline_said(root: Path) -> list[str]:
    """What a check of all cases says of the baseline."""
    return baseline_differences(root, [load_case(folder) for folder in find_cases(root)], reports_of(root))


def test_a_missing_baseline_and_cases_it_does_not_know_are_differences(tmp_path: Path) -> None:
    folder = write_case(tmp_path)
    accept_it = f"curate check {tmp_path} --update"

    assert baseline_said(tmp_path) == [f"{tmp_path / 'baseline.json'} is missing; write it: {accept_it}"]

    accept(tmp_path)
    assert baseline_said(tmp_path) == []

    (folder / "expected.txt").write_text(STORY.replace(LAST_LINE, f"{BOX}\n{NOTICE}"), "utf-8")
    write_case(tmp_path, "en-new", expected=BOX)
    write_case(tmp_path, "en-draft", expected=BOX, reviewed=False)
    assert baseline_said(tmp_path) == [
        f"1 case not in baseline.json yet: en-new; {accept_it}",
        f"1 case with another page or expected text than in baseline.json: en-ferry; {accept_it}",
    ]

    folder.rename(tmp_path / "en-other")
    describe(tmp_path / "en-new", reviewed=False)
    assert baseline_said(tmp_path) == [
        f"1 case not in baseline.json yet: en-other; {accept_it}",
        f"1 case of baseline.json gone, or not reviewed: en-ferry; {accept_it}",
    ]


def test_a_figure_of_known_cases_that_falls_is_a_difference_whatever_new_cases_bring(tmp_path: Path) -> None:
    write_case(tmp_path, "en-ferry")
    accept(tmp_path)
    write_case(tmp_path, "en-new", expected=STORY)
    reports = reports_of(tmp_path)
    cases = [load_case(folder) for folder in find_cases(tmp_path)]
    page = dataclasses.replace(reports[0].pages[0], matched_lines=6, lost_chars=99, wrong_columns=("title",))
    reports[0] = dataclasses.replace(reports[0], pages=(dataclasses.replace(page, wanted_columns=2, today="rejected"),))

    said = baseline_differences(tmp_path, cases, reports)

    assert said[:2] == [f"{name} is 0.85714, the floor is 1.00000" for name in ("line_precision", "line_recall")]
    assert [line.split(" is ")[0] for line in said[2:5]] == ["lost_share", "columns_right", "outcomes_right"]
    assert said[5].startswith("1 case not in baseline.json yet: en-new")


def test_a_hard_new_case_is_accepted_and_lowers_no_floor_of_the_others(tmp_path: Path) -> None:
    write_case(tmp_path, "en-ferry")
    accept(tmp_path)
    write_case(tmp_path, "en-hard", expected=f"{STORY}{BOX}\n{NOTICE}\n", expect={"rejected": "quality/x"})
    write_case(tmp_path, "en-harder", expected=f"{STORY}{BOX}\n{NOTICE}\n")

    assert accept(tmp_path) == 2

    baseline = read_baseline(tmp_path)
    assert baseline is not None
    assert baseline["en-ferry"].counts.lost_chars == 0
    assert baseline["en-harder"].counts.lost_chars == len(BOX + NOTICE)
    assert baseline["en-hard"].counts.wrong_outcomes == 1
    assert baseline_said(tmp_path) == []

    (tmp_path / "en-ferry" / "expected.txt").write_text(f"{STORY}{BOX}\n", "utf-8")
    assert accept(tmp_path) == 1
    assert floors_in(tmp_path)["lost_share"] > 0


@pytest.mark.parametrize(
    "written",
    [
        *("", "[]", '{"cases": 81, "digest": "x", "floors": {"line_recall": 1}}', '{"cases": {"en-x": {}}}'),
        *('{"cases": {"en-x": {"digest": "x", "recall": 1}}}', '{"cases": {"en-x": {"digest": "x", "pages": "1"}}}'),
    ],
)
def test_a_damaged_baseline_is_refused(tmp_path: Path, written: str) -> None:
    (tmp_path / "baseline.json").write_text(written)

    with pytest.raises(InputError, match=r"baseline\.json cannot be read"):
        read_baseline(tmp_path)


def test_an_update_writes_what_falls_short_and_never_the_expected_text(tmp_path: Path) -> None:
    expected = STORY.replace(LAST_LINE, BOX)
    folder = write_case(tmp_path, expected=expected, removed=[], expect={"title": "No ferry"}, today="rejected")

    assert accept(tmp_path, "en-ferry") == 1

    about = yaml.safe_load((folder / "about.yaml").read_text("utf-8"))
    assert (about["residue"], about["lost"], about["expect"]) == ([LAST_LINE], [BOX], {"title": TITLE})
    assert "today" not in about
    assert (about["shows"], about["reviewed"]) == ("A box and a notice go.", True)
    assert read_removed(folder / "removed.tsv") == {"page.jsonl": REMOVED}
    assert (folder / "expected.txt").read_text("utf-8") == expected
    assert differences(folder) == []
    assert accept(tmp_path) == 0


def test_an_update_keeps_what_a_person_wrote_into_about_yaml(tmp_path: Path) -> None:
    folder = write_case(tmp_path, expected=f"{STORY}{BOX}\n{NOTICE}\n")
    about = (
        "# From a page of a harbour paper.\nlanguage: en\nshows: >-\n  A box\n  goes.\n\nlicense: CC0-1.0   # ours\n"
        "reviewed: true\nexpect: {language: en}   # no title\nlost:\n  # issue 12\n  - {}\n# the end\n"
    )
    (folder / "about.yaml").write_text(about.replace("{}\n", f"{BOX}   # a box\n  - Nothing\n"), "utf-8")

    accept(tmp_path)

    assert (folder / "about.yaml").read_text("utf-8") == about.replace("{}\n", f"{BOX}   # a box\n  - {NOTICE}\n")


def test_an_update_overwrites_wanted_columns_only_of_cases_that_are_named(tmp_path: Path) -> None:
    write_case(tmp_path, "en-one", expect={"title": "No ferry", "language": "de"})
    write_case(tmp_path, "en-two", expect={"rejected": "quality/other"}, text=STUB, expected=None, removed=[])
    write_case(tmp_path, "en-draft", expect={"title": "No ferry"}, reviewed=False)
    before = content(tmp_path)

    with pytest.raises(InputError) as error:
        accept(tmp_path)

    assert str(error.value) == (
        "what about.yaml wants would be overwritten:\n  en-one: title, language\n  en-two: rejected\n"
        f"  Nothing was written. If that is meant, name the case: curate check {tmp_path} en-one --update"
    )
    assert content(tmp_path) == before
    assert accept(tmp_path, "en-one", "en-two", "en-draft") == 3
    assert [differences(folder) for folder in find_cases(tmp_path)] == [[], [], []]
    assert floors_in(tmp_path)["columns_right"] == 1.0


def test_a_case_that_cannot_be_written_is_named_and_no_other_is_written(tmp_path: Path) -> None:
    write_case(tmp_path, "en-one", removed=[])
    folder = write_case(tmp_path, "en-two", expected=f"{STORY}{BOX}\n")
    with (folder / "about.yaml").open("a") as about:
        about.write("? lost\n: []\n")
    before = content(tmp_path)

    with pytest.raises(InputError) as error:
        accept(tmp_path)

    assert str(error.value).startswith(f"{folder / 'about.yaml'}: lost: this is written in a way that a program")
    assert content(tmp_path) == before


def test_an_update_writes_the_outcome_of_each_page_of_a_corpus(tmp_path: Path) -> None:
    folder = write_corpus(
        tmp_path,
        {"a.txt": {"lost": ["Nothing."]}, "menu.txt": {}, "gone.txt": {"expect": {"title": "x"}, "residue": ["y"]}},
        {"a": STORY, "menu": STUB, "gone": STORY},
        a=TEXT,
        b=TEXT,
        menu=STUB,
    )

    accept(tmp_path)

    about = yaml.safe_load((folder / "about.yaml").read_text("utf-8"))
    assert about["pages"] == {
        "a.txt": {"lost": []},
        "menu.txt": {"today": "rejected"},
        "gone.txt": {"expect": {"title": "x"}, "residue": ["y"]},
        "b.txt": {"expect": {"duplicate_of": "a.txt", "kind": "payload"}},
    }
    assert read_removed(folder / "removed.tsv") == {"a.txt": REMOVED}
    assert differences(folder) == ["the page is gone: it is no row of any table"]


def test_an_update_leaves_cases_alone_that_were_not_named(tmp_path: Path) -> None:
    for name in ("en-ferry", "en-other"):
        write_case(tmp_path, name, removed=[])
    before = content(tmp_path)

    assert accept(tmp_path, "en-ferry") == 1

    changed = {name for name, written in content(tmp_path).items() if before.get(name) != written}
    assert {name for name in changed if name.startswith("en-")} <= {"en-ferry/removed.tsv", "en-ferry/about.yaml"}
    assert {"baseline.json", "en-ferry/removed.tsv"} <= changed


def without_rules(root: Path) -> None:
    """Let cases be built as if curate removed nothing any more."""
    for about in root.glob("*/about.yaml"):
        about.write_text(about.read_text("utf-8") + "recipe: {clean.enabled: false}\n", "utf-8")


def test_an_update_lowers_a_floor_only_where_it_is_allowed(tmp_path: Path) -> None:
    folder = write_case(tmp_path)
    write_case(tmp_path, "en-other")
    accept(tmp_path)
    without_rules(tmp_path)
    before = content(tmp_path)

    for names in ((), ("en-ferry",)):
        with pytest.raises(InputError) as error:
            accept(tmp_path, *names)
        assert str(error.value).startswith("line_precision is 0.")
        assert str(error.value).endswith("Nothing was written; --allow-regression lowers the floor.")
    assert content(tmp_path) == before

    assert accept(tmp_path, "en-ferry", allow_regression=True) == 1
    assert floors_in(tmp_path)["line_precision"] == 0.875
    assert differences(folder) == []
    (said,) = baseline_said(tmp_path)
    assert said == "line_precision is 0.77778, the floor is 0.87500"


@pytest.mark.parametrize(
    ("expect", "floor"),
    [({"title": "No ferry", "language": "en"}, "columns_right"), ({"rejected": "quality/article"}, "outcomes_right")],
)
def test_a_wrong_column_or_outcome_is_accepted_only_where_a_regression_is_allowed(
    tmp_path: Path, expect: dict[str, str], floor: str
) -> None:
    folder = write_case(tmp_path)
    accept(tmp_path)
    describe(folder, expect=expect)
    before = (folder / "about.yaml").read_text("utf-8")

    with pytest.raises(InputError, match=floor):
        accept(tmp_path, "en-ferry")

    assert (folder / "about.yaml").read_text("utf-8") == before
    assert accept(tmp_path, "en-ferry", allow_regression=True) == 1


def test_an_update_with_a_case_that_cannot_be_built_writes_nothing(tmp_path: Path) -> None:
    folder = write_case(tmp_path, removed=[])
    reports = [check(folder), Report("en-wrong", True, (), "expected.txt: there is no such file.")]
    before = content(tmp_path)

    with pytest.raises(InputError) as error:
        update(tmp_path, [load_case(folder)], reports, {"en-ferry"}, allow_regression=True)

    assert str(error.value) == "en-wrong: expected.txt: there is no such file.\n  Nothing was written."
    assert content(tmp_path) == before


def test_an_update_raises_the_floors_to_better_figures(tmp_path: Path) -> None:
    folder = write_case(tmp_path)
    describe(folder, recipe={"clean.enabled": False})
    accept(tmp_path)
    assert floors_in(tmp_path)["line_precision"] == 0.77778
    describe(folder)

    accept(tmp_path)

    assert floors_in(tmp_path) == GOOD
    assert yaml.safe_load((folder / "about.yaml").read_text("utf-8")).get("residue", []) == []


# --- the result for machines ---


def test_junit_has_a_test_for_each_case_and_one_for_the_baseline(tmp_path: Path) -> None:
    write_case(tmp_path, "en-draft", reviewed=False)
    write_case(tmp_path, "en-ferry")
    write_case(tmp_path, "en-moved", text=f"{TEXT}\n\x0bThe <boat> & its crew went out again, they said on \x01Friday.")
    reports = [*reports_of(tmp_path), Report("en-wrong", True, (), "expected.txt:\n there is no such file.")]

    suite = ElementTree.fromstring(junit(reports, ["lost_share is 0.5"]))

    counts = [suite.get(name) for name in ("tests", "failures", "skipped")]
    assert counts == ["5", "3", "1"]
    tests = {test.get("name"): [child.tag for child in test] for test in suite.iter("testcase")}
    assert tests == {
        "en-draft": ["skipped"],
        "en-ferry": [],
        "en-moved": ["failure"],
        "en-wrong": ["failure"],
        "baseline": ["failure"],
    }
    failures = "".join(failure.text or "" for failure in suite.iter("failure"))
    assert "The <boat> & its crew went out again, they said on \\x01Friday." in failures
    assert "  expected.txt:\n   there is no such file." in failures
    assert "lost_share is 0.5" in failures


def test_junit_of_a_clean_check_has_no_failure(tmp_path: Path) -> None:
    report = check(write_case(tmp_path))

    suite = ElementTree.fromstring(junit([report], []))

    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("2", "0", "0")
    assert suite.find(".//failure") is None


def test_a_baseline_that_was_not_looked_at_has_not_passed(tmp_path: Path) -> None:
    report = check(write_case(tmp_path))

    suite = ElementTree.fromstring(junit([report], None))

    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("2", "0", "1")
    (skipped,) = suite.findall("testcase[@name='baseline']/skipped")
    assert skipped.get("message") == "not all cases were checked"
    assert as_dict([report], None)["baseline"] is None
    assert passed([report], None)


def test_wanted_columns_are_shown_however_long_the_diff(tmp_path: Path) -> None:
    lines = "".join(f"Nobody wrote line {number} of this.\n" for number in range(50))
    write_corpus(
        tmp_path,
        {"a.txt": {"expect": {"language": "de"}}, "b.txt": {"expect": {"language": "fr"}}},
        {"a": lines, "b": GULLS},
        a=STORY,
        b=GULLS,
    )

    shown = list(case_lines(check(tmp_path / "corpus")))

    assert "    language: 'de' -> 'en'" in shown
    assert shown[-2:] == ["  b.txt", "    language: 'fr' -> 'en'"]
    (cut,) = (line for line in shown if "more line" in line)
    assert cut == "    ... and 17 more lines; all of them: --json"


def test_the_result_as_values_has_every_difference(tmp_path: Path) -> None:
    report = check(write_case(tmp_path, removed=REMOVED[:1]))

    found = json.loads(json.dumps(as_dict([report], [])))

    assert found["passed"] is False
    assert found["rules"] == {NOTICE_RULE: 1}
    assert found["baseline"] == []
    assert found["figures"] == GOOD
    (case,) = found["cases"]
    assert (case["case"], case["passed"], case["reviewed"], case["error"]) == ("en-ferry", False, True, "")
    (page,) = case["pages"]
    assert page["differences"] == list(report.pages[0].differences)
    assert page["removed"][1]["rule"] == NOTICE_RULE


# --- the command line ---


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder golden/ with two cases that pass, a draft and a baseline. Only to be read."""
    root = tmp_path_factory.mktemp("reader") / "golden"
    write_case(root, "en-ferry")
    write_case(root, "en-ferry-last", expected=STORY.replace(LAST_LINE, ""), residue=[LAST_LINE])
    write_case(root, "xx-draft", expected="Something else.", reviewed=False)
    cases = [load_case(folder) for folder in find_cases(root)]
    update(root, cases, [check_case(case) for case in cases], {"en-ferry"})
    return root


@pytest.fixture
def own_golden(golden: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    root = tmp_path / "golden"
    for name, written in content(golden).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(written)
    return root


def test_a_check_that_finds_nothing_ends_with_0(golden: Path) -> None:
    done = curate("check", "golden/", cwd=golden.parent)

    assert (done.returncode, done.stderr) == (0, "")
    assert "xx-draft: differs (not reviewed)" in done.stdout
    assert done.stdout.endswith(
        "2 cases, 0 differ. Lines: precision 0.9286, recall 1.0000; 0.00% of the text lost.\n"
    ), done.stdout


def test_a_check_that_finds_something_ends_with_1_and_says_it_to_people_and_machines(own_golden: Path) -> None:
    (own_golden / "en-ferry" / "removed.tsv").write_text(removed_text({"page.jsonl": REMOVED[:1]}), "utf-8")
    (own_golden / "en-ferry-last" / "about.yaml").write_text("shows: nothing\n")

    told = curate("check", "golden", "--workers", "1", "--junit", "found.xml", cwd=own_golden.parent)
    counted = curate("check", "golden", "en-ferry", "--json", "--workers", "1", cwd=own_golden.parent)

    assert (told.returncode, counted.returncode) == (1, 1)
    assert f"+ {NOTICE_RULE} now removes {NOTICE!r}" in told.stdout
    assert f"   +1  {NOTICE_RULE}\n" in told.stdout
    assert "en-ferry-last: differs\n  golden/en-ferry-last/about.yaml: 'language' is missing.\n" in told.stdout
    assert "2 cases, 2 differ" in told.stdout
    suite = ElementTree.parse(own_golden.parent / "found.xml").getroot()
    assert {test.get("name"): [child.tag for child in test] for test in suite.iter("testcase")} == {
        "en-ferry": ["failure"],
        "en-ferry-last": ["failure"],
        "xx-draft": ["skipped"],
        "baseline": [],
    }
    found = json.loads(counted.stdout)
    assert (found["passed"], [case["case"] for case in found["cases"]]) == (False, ["en-ferry"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check", "gold"), "curate: gold: there is no such folder of cases.\n"),
        (("check", "golden", "en-fery"), "no case is called 'en-fery'; did you mean 'en-ferry'?"),
        (("check", "golden", "-k", "fr-*"), "golden: there is no case that fits 'fr-*'."),
        (("golden", "new", "nothing.html", "--name", "en-x"), "curate: nothing.html: there is no such file."),
    ],
)
def test_what_cannot_be_checked_ends_with_2(golden: Path, arguments: tuple[str, ...], said: str) -> None:
    done = curate(*arguments, cwd=golden.parent)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_chosen_cases_are_checked_without_the_baseline(own_golden: Path) -> None:
    (own_golden / "baseline.json").unlink()

    done = curate("check", "golden", "-k", "*-last", cwd=own_golden.parent)

    assert done.returncode == 0
    assert done.stdout.startswith("1 case, 0 differ.")


def test_an_update_shows_the_differences_and_ends_with_2_where_it_would_lower_a_floor(own_golden: Path) -> None:
    with (own_golden / "en-ferry" / "about.yaml").open("a") as about:
        about.write("recipe: {clean.disable: [en/newsletter/*]}\nexpect: {title: No ferry}\n")
    before = content(own_golden)

    unnamed = curate("check", "golden", "--workers", "1", "--update", "--allow-regression", cwd=own_golden.parent)
    refused = curate("check", "golden", "en-ferry", "--workers", "1", "--update", cwd=own_golden.parent)
    unchanged = content(own_golden) == before
    allowed = curate(
        *("check", "golden", "en-ferry", "--workers", "1", "--update", "--allow-regression"), cwd=own_golden.parent
    )

    assert (unnamed.returncode, refused.returncode, allowed.returncode) == (2, 2, 0)
    for done in (unnamed, refused, allowed):
        assert f"+ {BOX}    (not expected; {BOX_RULE} removed it before)" in done.stdout
        assert f"title: 'No ferry' -> {TITLE!r}" in done.stdout
    assert "would be overwritten:\n  en-ferry: title\n" in unnamed.stderr
    assert "line_precision is 0.86667, the floor is 0.92857; columns_right is 0.00000" in refused.stderr
    assert unchanged
    assert allowed.stdout.endswith("1 case and the baseline updated; read them before you commit: git diff golden\n"), (
        allowed.stdout
    )
    assert yaml.safe_load((own_golden / "en-ferry" / "about.yaml").read_text("utf-8"))["residue"] == [BOX]


def test_a_check_of_drafts_alone_has_checked_nothing(golden: Path) -> None:
    done = curate("check", "golden", "xx-draft", "--junit", golden.parent / "found.xml", cwd=golden.parent)

    assert done.returncode == 2
    assert "xx-draft: differs (not reviewed)" in done.stdout
    assert done.stderr == (
        "curate: nothing was checked: no person has reviewed these cases (reviewed: true in about.yaml).\n"
    )
    assert "skipped" in (golden.parent / "found.xml").read_text()


# --- a case is made of a page ---


def test_a_new_case_is_a_draft_that_passes_and_is_not_counted(tmp_path: Path) -> None:
    page = EXAMPLES / "story.txt"

    made = curate("golden", "new", page, "--name", "en-story", cwd=tmp_path)
    done = curate("check", "golden", "en-story", cwd=tmp_path)

    assert made.returncode == 0, made.stderr
    assert "golden/en-story/expected.txt" in made.stdout
    assert "reviewed: true" in made.stdout
    folder = tmp_path / "golden" / "en-story"
    assert {path.name for path in folder.iterdir()} == {"page.txt", "expected.txt", "removed.tsv", "about.yaml"}
    assert (folder / "page.txt").read_bytes() == page.read_bytes()
    about = yaml.safe_load((folder / "about.yaml").read_text("utf-8"))
    assert (about["reviewed"], about["language"], about["expect"]["language"]) == (False, "en", "en")
    assert done.returncode == 2
    assert "Not counted, no person has reviewed them: en-story\n0 cases, 0 differ." in done.stdout


def test_a_draft_holds_what_comes_of_the_page_today(tmp_path: Path) -> None:
    page = tmp_path / "ferry.jsonl"
    page.write_text(row(), "utf-8")

    folder = new_case(str(page), tmp_path / "golden", "en-ferry").folder

    case = load_case(folder)
    assert case.pages["page.jsonl"].text == STORY.rstrip("\n")
    assert case.pages["page.jsonl"].removed == REMOVED
    assert case.pages["page.jsonl"].expect == {"title": TITLE, "language": "en"}
    assert check_case(case).passed


def test_a_rejected_page_makes_a_case_of_a_rejected_page(tmp_path: Path) -> None:
    page = tmp_path / "menu.TXT"
    page.write_text(STUB)

    folder = new_case(str(page), tmp_path / "golden", "en-menu").folder

    assert {path.name for path in folder.iterdir()} == {"page.txt", "about.yaml"}
    assert load_case(folder).pages["page.txt"].expect == {"rejected": STUB_REJECTED}
    assert check(folder).passed


def with_site_lines(out: Path) -> list[str]:
    """Ids of the articles of a build from which site heuristics removed something."""
    return sorted({one["id"] for one in rows(out, "removed") if one["rule"].startswith("site/")})


def test_a_page_of_a_build_becomes_a_case_by_its_id_or_url(examples_build: Path, tmp_path: Path) -> None:
    known = with_site_lines(examples_build)
    found = next(one for one in rows(examples_build, "data") if one["url"] and one["id"] not in known)

    made = curate(
        *("golden", "new", found["id"], "--name", "by-id", "--golden", "cases"),
        *("--out", examples_build, "--raw", EXAMPLES),
        cwd=tmp_path,
    )
    by_url = new_case(found["url"], tmp_path / "cases", "by-url", examples_build, EXAMPLES).folder

    assert made.returncode == 0, made.stderr
    by_id = tmp_path / "cases" / "by-id"
    (page,) = load_case(by_id).pages.values()
    assert (page.text, page.expect["title"]) == (found["text"], found["title"])
    assert content(by_id) == content(by_url)


@pytest.mark.parametrize("kind", ["html", "warc", "jsonl"])
def test_a_case_of_a_page_of_a_site_has_the_pages_that_make_it_what_it_is(
    examples_build: Path, tmp_path: Path, kind: str
) -> None:
    known = with_site_lines(examples_build)
    articles = {one["id"]: one for one in rows(examples_build, "data")}
    (asked, *_) = (row_id for row_id in known if articles[row_id]["provenance"]["format"] == kind)

    draft = new_case(asked, tmp_path, "xx-site", examples_build, EXAMPLES)

    case = load_case(draft.folder)
    assert draft.notes == ()
    assert 2 <= len(case.pages) <= 10
    spans = [
        Span(one["start"], one["end"], one["rule"], one["text"])
        for one in rows(examples_build, "removed")
        if one["id"] == asked
    ]
    (page,) = (page for page in case.pages.values() if page.text == articles[asked]["text"])
    assert page.removed == tuple(sorted(spans))
    assert check_case(case).passed
    if kind == "html":
        file_path = articles[asked]["provenance"]["file_path"]
        assert (case.input / file_path).read_bytes() == (EXAMPLES / file_path).read_bytes()


def test_a_page_that_does_not_say_its_address_becomes_a_row_that_does(tmp_path: Path) -> None:
    paragraphs = "".join(f"<p>{line}</p>" for line in STORY.splitlines())
    html = f"<html><head><title>Fähre</title></head><body><article>{paragraphs}</article></body></html>".encode()
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "crawl.warc.gz").write_bytes(gzip.compress(response(html)))
    make_build(raw, tmp_path / "out")
    (found,) = rows(tmp_path / "out", "data")

    draft = new_case(found["id"], tmp_path, "en-warc", tmp_path / "out", raw)

    (outcome,) = run_case(load_case(draft.folder).input, Recipe()).values()
    assert (outcome.text, outcome.columns["url"]) == (found["text"], found["url"])
    assert outcome.columns["source_domain"] == found["source_domain"] is not None
    assert draft.notes == ()


HOUSE_RULE = """\
- id: house/lighthouse
  title: The lighthouse
  match: {phrase: ["ask the lighthouse"]}
  action: drop
  why: An appeal of this site.
  source: a test
  examples: {drop: ["Ask the lighthouse"], keep: ["Ask the harbour"]}
"""


def test_a_case_has_the_recipe_of_its_build_and_says_what_it_cannot_have(tmp_path: Path) -> None:
    asked = TEXT.replace(BOX, f"{BOX}\nAsk the lighthouse")
    raw = write_pages(tmp_path / "raw", ferry=asked, copy=asked)
    (tmp_path / "house").mkdir()
    (tmp_path / "house" / "lines.yaml").write_text(HOUSE_RULE)
    own = {"rules": [str(tmp_path / "house")], "disable": ["en/newsletter/*", "house/other"]}
    (tmp_path / "house" / "more.yaml").write_text(HOUSE_RULE.replace("house/lighthouse", "house/other"))
    recipe = recipe_from({"clean": own, "output": {"license": "cc0-1.0"}, "dedup": {"similarity": 0.8}})
    make_build(raw, tmp_path / "out", recipe)
    (kept,), (merged,) = rows(tmp_path / "out", "data"), rows(tmp_path / "out", "duplicates")

    draft = new_case(kept["id"], tmp_path, "en-recipe", tmp_path / "out", raw)
    copy = new_case(merged["id"], tmp_path, "en-copy", tmp_path / "out", raw)

    about = yaml.safe_load((draft.folder / "about.yaml").read_text("utf-8"))
    assert about["recipe"] == {"dedup.similarity": 0.8, "clean.disable": ["en/newsletter/*"]}
    assert BOX in (draft.folder / "expected.txt").read_text("utf-8")
    assert draft.notes == (
        f"The build also used the rules in {tmp_path / 'house'}; a case has the packaged ones only.",
        'As in the build, about.yaml has the recipe: dedup.similarity = 0.8, clean.disable = ["en/newsletter/*"].',
        "The text is not that of the build; spans removed, in the build -> in the case: house/lighthouse 1 -> 0.",
    )
    assert copy.notes[-1] == (
        f"In {tmp_path / 'out'} this page was merged as a duplicate (payload) of {kept['id']}; the case has it alone."
    )
    assert check(draft.folder).passed


def test_a_rejected_page_of_a_build_becomes_a_case(examples_build: Path, tmp_path: Path) -> None:
    found = next(
        one for one in rows(examples_build, "rejected") if one["stage"] == "quality" and one["format"] == "html"
    )

    folder = new_case(found["id"], tmp_path, "en-rejected", examples_build, EXAMPLES).folder

    (page,) = load_case(folder).pages.values()
    assert page.expect == {"rejected": f"quality/{found['reason']}"}
    assert check(folder).passed


def test_a_row_of_text_becomes_a_case_with_what_stood_beside_it(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    lines = [{"link": URL, "headline": TITLE, "words": TEXT}, {"words": STUB}]
    (raw / "rows.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    make_build(raw, tmp_path / "out", recipe_from({"read": {"text_column": "words"}}))
    (stub,) = rows(tmp_path / "out", "rejected")

    folder = new_case(URL, tmp_path / "golden", "en-ferry", tmp_path / "out", raw).folder
    bare = new_case(stub["id"], tmp_path / "golden", "en-menu", tmp_path / "out", raw).folder

    (page,) = load_case(folder).pages.values()
    assert json.loads((folder / "page.jsonl").read_text("utf-8")) == {"url": URL, "title": TITLE, "text": TEXT}
    assert (page.text, page.removed) == (STORY.rstrip("\n"), REMOVED)
    assert (bare / "page.txt").read_text("utf-8") == STUB


def test_a_page_that_makes_no_case_is_refused_and_leaves_nothing(examples_build: Path, tmp_path: Path) -> None:
    (tmp_path / "two.jsonl").write_text(row(STORY) + row(STUB))
    (tmp_path / "page.pdf").write_text("%PDF")
    (tmp_path / "page.txt").write_text(STORY)
    root = tmp_path / "golden"
    known = rows(examples_build, "data")[0]["id"]

    for said, page, name, out, raw in [
        ("two.jsonl: a case of one page is wanted; 2 records were found.", "two.jsonl", "x", None, None),
        ("page.pdf: a case is made of .html, ", "page.pdf", "x", None, None),
        ("none.html: there is no such file.", "none.html", "x", None, None),
        ("'../x' cannot be the name of a folder in ", "page.txt", "../x", None, None),
        ("has no page with the id or URL 'nothing'", "nothing", "x", examples_build, EXAMPLES),
        ("Say: --raw raw/", known, "x", examples_build, None),
        ("has no record ", known, "x", examples_build, EXAMPLES / "story.txt"),
        ("this is not a finished build", known, "x", tmp_path, EXAMPLES),
    ]:
        with pytest.raises((InputError, OutputError)) as error:
            new_case(str(tmp_path / page) if out is None else page, root, name, out, raw)
        assert said in str(error.value)
    assert not root.exists()


def test_a_case_that_exists_is_not_overwritten(tmp_path: Path) -> None:
    folder = write_case(tmp_path / "golden")
    before = content(folder)

    with pytest.raises(OutputError, match="en-ferry exists already"):
        new_case(str(EXAMPLES / "story.txt"), tmp_path / "golden", "en-ferry")

    assert content(folder) == before
