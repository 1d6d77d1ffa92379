"""A YAML file changed key by key: what it says is what was asked for, and what a person wrote stays."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate.errors import InputError
from curate.golden.edit import remove_key, set_key

ABOUT = """\
# Why this case: the box used to stay.
shows: The box goes.   # and the notice

license: CC0-1.0
expect:
  title: Die Brücke hält    # as the page has it
  authors:
    - Jana Holm
  # of a time, the day suffices
  date_published: "2023-06-06"
residue:      # one by one
  # a caption without its picture
  - "Share"  # icon
  - >-
    A long line
    that is folded.

  # the clock
  - 12
lost: []   # none, at last
# the end
"""


@pytest.mark.parametrize(
    ("path", "value", "changed"),
    [
        (["expect", "title"], "Die Brücke: sie hält", {5: "  title: 'Die Brücke: sie hält'    # as the page has it"}),
        (["expect", "title"], None, {5: "  title: null    # as the page has it"}),
        (["expect", "date_published"], "2023-06-07", {9: "  date_published: '2023-06-07'"}),
        (["today"], "rejected", {19: "lost: []   # none, at last\ntoday: rejected"}),
        (["lost"], ["One, two", "# no"], {19: "lost:   # none, at last\n- One, two\n- '# no'"}),
        (["residue"], ["A long line that is folded.", "12"], {12: None}),
        (["residue"], ["Share", "12"], {13: None, 14: None, 15: None}),
        (["residue"], ["Share", "A long line that is folded.", "12", "Last"], {18: "  - 12\n  - Last"}),
        (
            ["residue"],
            ["First", "Share", "A long line that is folded.", "12"],
            {10: "residue:      # one by one\n  - First"},
        ),
    ],
)
def test_only_the_lines_of_the_key_change(path: list[str], value: Any, changed: dict[int, str | None]) -> None:
    lines = ABOUT.splitlines()

    new = set_key(ABOUT, path, value)

    wanted = [changed.get(number, line) for number, line in enumerate(lines)]
    assert new == "\n".join(line for line in wanted if line is not None) + "\n"


@pytest.mark.parametrize(
    ("text", "path", "value", "new"),
    [
        ("expect: {title: A, kind: near}\n", ["expect", "title"], "B, c", "expect: {title: 'B, c', kind: near}\n"),
        ("expect: {title: A}  # so\n", ["expect", "kind"], "url", "expect: {title: A, kind: url}  # so\n"),
        ("a: {lost: [x]}\n", ["a", "lost"], ["x", "y: z"], "a: {lost: [x, 'y: z']}\n"),
        (
            "pages:\n  a.txt: {}   # whole\n",
            ["pages", "a.txt", "lost"],
            ["x"],
            "pages:\n  a.txt:   # whole\n    lost:\n    - x\n",
        ),
        ("pages:\n  a.txt:\n", ["pages", "a.txt", "today"], "article", "pages:\n  a.txt: {today: article}\n"),
        ("pages:\n  a: {}\n\n# end", ["pages", "b"], {"expect": {}}, "pages:\n  a: {}\n  b: {expect: {}}\n\n# end"),
        ("a: {}", ["b"], 1, "a: {}\nb: 1\n"),
        ("lost: [x,\n  y]  # both\n", ["lost"], ["y"], "lost:  # both\n- y\n"),
        ("lost:\n- x\n- y\nshows: z\n", ["lost"], [], "lost: []\nshows: z\n"),
        ("a: |\n  x\n\n\n# about b\nb: 1\n", ["a"], "y", "a: y\n\n\n# about b\nb: 1\n"),
        ('"a b" : 1\n', ["a b"], 2, '"a b": 2\n'),
        ('a: "x\u2028y"\nlost:\n- x\n', ["lost"], ["x", "y"], 'a: "x\u2028y"\nlost:\n- x\n- y\n'),
    ],
)
def test_each_form_of_yaml_is_changed_in_its_own_way(text: str, path: list[str], value: Any, new: str) -> None:
    assert set_key(text, path, value) == new


@pytest.mark.parametrize(
    ("text", "path", "new"),
    [
        ("a: 1\ntoday: article  # alas\n# b\nb: 2\n", ["today"], "a: 1\n# b\nb: 2\n"),
        ("a: 1\ntoday:\n  - x\n  - y", ["today"], "a: 1\n"),
        ("a: {today: article, b: 1}\n", ["a", "today"], "a: {b: 1}\n"),
        ("a: {b: 1, today: article}  # c\n", ["a", "today"], "a: {b: 1}  # c\n"),
        ("a:\n  today: article\nb: 1\n", ["a", "today"], "a: {}\nb: 1\n"),
        ("a: {b: 1}\n", ["a", "today"], "a: {b: 1}\n"),
    ],
)
def test_a_key_goes_with_its_lines(text: str, path: list[str], new: str) -> None:
    assert remove_key(text, path) == new


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [1]\nlost: *x\n",
        "a: 1\nlost:\n- - 1\n",
        "a: [\n",
        "- lost\n",
        "? lost\n: [1]\n",
        "<<: {lost: [1]}\na: 1\n",
    ],
)
def test_what_cannot_be_changed_safely_is_refused(text: str) -> None:
    try:
        new = set_key(text, ["lost"], ["2"])
    except InputError:
        return
    assert yaml.safe_load(new) == yaml.safe_load(text) | {"lost": ["2"]}


TEXTS = st.text(st.sampled_from("ab:#,-[]{}'\"|>&*!%@ \n\u2028é港") | st.characters(codec="utf-8"), max_size=8)
LISTS = st.lists(TEXTS, max_size=4)
VALUES = st.none() | st.booleans() | TEXTS | LISTS
KEYS = st.text("ab:#,-{'é港 ", min_size=1, max_size=8)
TABLES = st.dictionaries(st.sampled_from(["title", "lost"]) | KEYS, VALUES, min_size=1, max_size=4)


@settings(deadline=None, max_examples=60)
@given(TABLES, TABLES, st.sampled_from([True, False, None]), st.data())
@example({"lost": ["x"]}, {"title": "x"}, False, None)
def test_what_is_said_differs_in_the_one_key(first: Any, second: Any, flow: bool | None, data: Any) -> None:
    said = {"shows": "x"} | {"one": first, "two": second}
    text = "# begin\n" + yaml.safe_dump(said, default_flow_style=flow, allow_unicode=True, sort_keys=False) + "# end\n"
    said = yaml.safe_load(text)  # PyYAML does not write every text as it reads it
    path, value = ["one", "lost"], ["x", "y"]
    if data:
        path = [data.draw(st.sampled_from(["one", "two"]))]
        path += [data.draw(st.sampled_from(sorted(said[path[0]])) | KEYS)]
        value = data.draw(VALUES)

    new = set_key(text, path, value)
    without = remove_key(text, path)

    wanted = {**said, path[0]: {**said[path[0]], path[1]: value}}
    assert yaml.safe_load(new) == wanted
    del wanted[path[0]][path[1]]
    assert yaml.safe_load(without) == wanted
    for changed in (new, without):
        assert changed.startswith("# begin\n")
        assert changed.endswith("# end\n")
