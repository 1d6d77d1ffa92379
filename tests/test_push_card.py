"""The card at its destination: what is generated anew, and what stays of what people wrote."""

from __future__ import annotations

import re

import pytest
import yaml

from curate.errors import TransferError
from curate.push.card import merge_card
from curate.write.card import BEGIN, END

NEW = f"---\nlanguage:\n- en\ntags:\n- news\nconfigs:\n- config_name: default\n---\n\n{BEGIN}\n\nNew text.\n\n{END}\n"
OLD = f"---\nlanguage:\n- de\ntags:\n- news\n---\n\n{BEGIN}\n\nOld text.\n\n{END}\n"


def plain(card: str) -> str:
    """A card without the note of what people had written when it was sent."""
    return re.sub(r"<!-- curate: around it when it was sent: \w{16} -->\n", "", card)


def front(card: str) -> dict[str, object]:
    return dict(yaml.safe_load(card.split("---\n")[1]))


def test_without_another_card_it_is_the_generated_one() -> None:
    assert merge_card(NEW, None, None, "there") == NEW
    assert merge_card(NEW, OLD, OLD, "there") == NEW


def test_merging_again_changes_nothing() -> None:
    edited = OLD.replace("---\n\n", "mine: 1\n---\n\nAbove.\n\n", 1) + "\nBelow.\n"
    once = merge_card(NEW, NEW, edited, "there")

    assert merge_card(NEW, NEW, once, "there") == once


def test_text_around_the_marks_stays_and_text_between_them_goes() -> None:
    merged = merge_card(NEW, NEW, OLD.replace(BEGIN, f"# Mine\n\n{BEGIN}") + "\nBelow.\n", "there")

    assert plain(merged) == NEW.replace(BEGIN, f"# Mine\n\n{BEGIN}") + "\nBelow.\n"


def test_a_card_without_marks_is_all_somebodys_own() -> None:
    merged = merge_card(NEW, NEW, "# My news\n\nText.\n", "there")

    assert plain(merged) == NEW.replace(BEGIN, f"# My news\n\nText.\n\n{BEGIN}")


def test_keys_that_builds_write_are_new_and_others_stay() -> None:
    theirs = OLD.replace(
        "tags:\n- news\n", "tags:\n- news\n- harbours\nlicense: cc0-1.0\nextra_gated_prompt: 'Please: ask'\n"
    )
    theirs = theirs.replace("---\n\n", "configs:\n- config_name: default\n  old: 1\n- config_name: mine\n---\n\n", 1)

    assert front(merge_card(NEW, NEW, theirs, "there")) == {
        "language": ["en"],
        "tags": ["news", "harbours"],
        "configs": [{"config_name": "default"}, {"config_name": "mine"}],
        "license": "cc0-1.0",
        "extra_gated_prompt": "Please: ask",
    }


def test_text_written_in_the_build_goes_where_there_is_none() -> None:
    assert plain(merge_card(NEW, OLD + "\nMine.\n", OLD, "there")) == NEW + "\nMine.\n"
    assert plain(merge_card(NEW, OLD + "\nMine.\n", None, "there")) == NEW + "\nMine.\n"


def test_two_different_texts_of_people_stop_a_push() -> None:
    with pytest.raises(TransferError, match="other text at there"):
        merge_card(NEW, NEW + "\nMine.\n", OLD + "\nTheirs.\n", "there")


def test_line_ends_and_the_byte_order_mark_of_windows_are_read() -> None:
    windows = "\ufeff" + OLD.replace("\n", "\r\n") + "\r\nBelow.\r\n"

    assert plain(merge_card(NEW, NEW, windows, "there")) == NEW + "\nBelow.\n"


def test_of_two_texts_the_one_that_was_changed_since_the_last_push_stays() -> None:
    sent = merge_card(OLD, OLD + "\nFirst.\n", None, "there")
    here, there = NEW + "\nSecond.\n", sent.replace("First.", "Third.")

    assert plain(merge_card(NEW, here, sent, "there")) == here
    assert plain(merge_card(NEW, NEW + "\nFirst.\n", there, "there")) == NEW + "\nThird.\n"
    with pytest.raises(TransferError, match="other text at there"):
        merge_card(NEW, here, there, "there")


def test_entries_that_no_build_writes_stay_as_they_are_written() -> None:
    entries = "version: 1.10  # not a number\nalso: [nb, no]\n# a comment\nviewer: false\nlong: >\n  one\n  two\n"
    theirs = OLD.replace("---\n\n", f"{entries}---\n\n", 1)

    assert merge_card(NEW, NEW, theirs, "there").startswith(NEW.split("---\n\n")[0] + entries + "---\n\n")


def test_a_licence_of_the_build_before_goes_with_it_and_one_set_by_hand_stays() -> None:
    theirs = OLD.replace("tags:", "license: cc-by-4.0\ntags:")

    assert "license" not in front(merge_card(NEW, NEW, theirs, "there", "cc-by-4.0"))
    assert front(merge_card(NEW, NEW, theirs, "there", "cc0-1.0"))["license"] == "cc-by-4.0"


def test_a_language_that_the_build_no_longer_has_goes() -> None:
    assert "language" not in front(merge_card(NEW.replace("language:\n- en\n", ""), None, OLD, "there"))


def test_a_config_without_a_name_stays() -> None:
    theirs = OLD.replace("---\n\n", "configs:\n- data_files: x.csv\n- config_name: default\n---\n\n", 1)

    assert front(merge_card(NEW, NEW, theirs, "there"))["configs"] == [
        {"config_name": "default"},
        {"data_files": "x.csv"},
    ]


@pytest.mark.parametrize("broken", [OLD.replace(END, ""), OLD + END, OLD + BEGIN, OLD.replace(BEGIN, BEGIN * 2)])
def test_marks_that_are_no_pair_stop_a_push(broken: str) -> None:
    with pytest.raises(TransferError, match="not a pair"):
        merge_card(NEW, NEW, broken, "there")


@pytest.mark.parametrize("broken", ["---\na: [\n---\n", "---\n- a\n- list\n---\n"])
def test_yaml_that_cannot_be_read_stops_a_push(broken: str) -> None:
    with pytest.raises(TransferError, match="YAML at its top"):
        merge_card(NEW, NEW, broken, "there")
