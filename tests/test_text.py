from hypothesis import given
from hypothesis import strategies as st

from curate.text import count_words, fold, split_lines


@given(st.text())
def test_joining_the_lines_gives_the_text_back(text: str) -> None:
    assert "\n".join(split_lines(text)) == text


def test_only_a_line_feed_ends_a_line() -> None:
    assert split_lines("a\u2028b\x0cc\x85d\ne") == ["a\u2028b\x0cc\x85d", "e"]


def test_folding_ignores_case_width_and_white_space() -> None:
    assert fold("  Ｒead\u00a0 MORE ") == "read more"


def test_scripts_without_spaces_count_two_characters_as_a_word() -> None:
    assert count_words("新华社北京六月六日电") == 5
    assert count_words("two words") == 2
