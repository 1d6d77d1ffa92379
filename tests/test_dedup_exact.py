"""URL keys, text digests and copies by bytes."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.dedup.exact import payload_copies, text_digest, url_key
from curate.dedup.words import words


@pytest.mark.parametrize(
    "url",
    [
        "https://Example.com/a/Story",
        "http://www.example.com:80/a/Story/",
        "HTTPS://example.com:443/a/Story#comments",
        "https://example.com./a/Story?utm_source=x&UTM_medium=y&fbclid=1&gclid=2",
        "https://reader@example.com/a/%53tory?",
        "  https://example.com/a/Story\n",
    ],
)
def test_the_ways_to_write_one_address_have_one_key(url: str) -> None:
    assert url_key(url) == "example.com/a/Story"


@pytest.mark.parametrize(
    "other",
    [
        "https://example.com/a/story",
        "https://example.com/a/Story?id=2",
        "https://example.com:8080/a/Story",
        "https://news.example.com/a/Story",
        "https://example.com/a/Story/amp",
        "https://amp.example.com/a/Story",
        "https://m.example.com/a/Story",
        "https://example.com/a%2FStory",
        "https://example.com/a/Story#!page2",
        "https://example.com/#/a/Story",
    ],
)
def test_other_pages_have_other_keys(other: str) -> None:
    assert url_key(other) not in (None, url_key("https://example.com/a/Story"))


def test_parameters_may_come_in_any_order_but_the_values_of_one_name_may_not() -> None:
    assert url_key("http://a.org/?b=2&a=1&utm_id=7") == url_key("http://a.org?a=1&b=2") == "a.org?a=1&b=2"
    assert url_key("http://a.org/?x=1&x=2") != url_key("http://a.org/?x=2&x=1")


def test_escaped_and_plain_characters_are_the_same() -> None:
    assert url_key("https://münchen.example/straße?q=ä") == url_key(
        "https://xn--mnchen-3ya.example/stra%c3%9fe?q=%C3%a4"
    )


@pytest.mark.parametrize(
    "url", [None, "", "  ", "story.html", "/a/b", "//a.org/b", "ftp://a.org/x", "http://", "http://[::1", "http://a:b/"]
)
def test_what_is_no_web_address_has_no_key(url: str | None) -> None:
    assert url_key(url) is None


@given(st.text(max_size=40), st.sampled_from(["http://a.org/", "https://", "http://a.org/?"]))
def test_any_text_has_a_key_or_none_and_the_key_of_a_key_is_itself(tail: str, head: str) -> None:
    key = url_key(head + tail)

    if key is not None:
        assert url_key(f"http://{key}") in (key, None)


@pytest.mark.parametrize(
    "text",
    [
        "The cat, 3 years old, sat.",
        "the CAT 3 years\u2028old sat",
        "“The cat — 3 years old — sat!”",
        "ｔｈｅ cat３years old sa\u00adt",
    ],
)
def test_case_punctuation_and_space_do_not_change_a_digest(text: str) -> None:
    assert text_digest(text) == text_digest("The cat 3 years old sat")


@pytest.mark.parametrize(
    "text", ["The cat, 4 years old, sat.", "The cat sat, 3 years old.", "The cât, 3 years old, sat."]
)
def test_other_letters_digits_or_order_change_a_digest(text: str) -> None:
    assert text_digest(text) != text_digest("The cat, 3 years old, sat.")


@pytest.mark.parametrize("text", [None, "", " \n", "... -- !", "___", "❤️"])
def test_a_text_without_a_letter_or_digit_has_no_digest(text: str | None) -> None:
    assert text_digest(text) is None


def test_a_digest_is_the_same_on_every_machine() -> None:
    assert text_digest("Straße 7") == "4be0162894d7438da6f0b8b2c4694081"


def test_marks_stay_with_their_words() -> None:
    assert words("हिन्दी में, समाचार।") == ["हिन्दी", "में", "समाचार"]
    assert text_digest("में") != text_digest("म")


def test_scripts_without_spaces_give_a_word_a_character() -> None:
    assert words("他在2023年买iPhone。") == ["他", "在", "2023", "年", "买", "iphone"]
    assert words("カタカナ・ひら") == ["カ", "タ", "カ", "ナ", "ひ", "ら"]


@given(st.text(max_size=60))
def test_words_do_not_depend_on_what_else_stands_in_the_text(text: str) -> None:
    """A character of another script behind it makes the other pattern read the text."""
    assert words(text + " 中") == [*words(text), "中"]


def index_file(path: Path, rows: list[tuple[str, str | None, str | None]]) -> Path:
    columns = [pa.array([row[place] for row in rows], pa.string()) for place in range(3)]
    table = pa.table(columns, names=["id", "digest", "date_download"])
    with pa.ipc.new_file(str(path), table.schema) as sink:
        sink.write_table(table, max_chunksize=2)
    return path


def test_of_records_with_the_same_bytes_the_one_downloaded_first_is_kept(tmp_path: Path) -> None:
    rows = [
        ("d", "x", "2023-01-02T00:00:00Z"),
        ("c", "x", "2023-01-01T00:00:00Z"),
        ("a", "x", None),
        ("b", "x", ""),
        ("f", "y", None),
        ("e", "y", None),
        ("g", "z", None),
        ("h", None, None),
        ("i", None, None),
    ]

    for seed in range(5):
        random.Random(seed).shuffle(rows)
        files = [index_file(tmp_path / "1", rows[:4]), index_file(tmp_path / "2", rows[4:])]
        found = payload_copies(files)

        assert found.to_pylist() == [
            {"id": "a", "kept_id": "c"},
            {"id": "b", "kept_id": "c"},
            {"id": "d", "kept_id": "c"},
            {"id": "f", "kept_id": "e"},
        ]


def test_no_records_have_no_copies(tmp_path: Path) -> None:
    empty = payload_copies([])

    assert empty.num_rows == 0
    assert payload_copies([index_file(tmp_path / "1", [])]) == empty
    assert empty.schema.names == ["id", "kept_id"]
