"""The card at its destination: what is generated anew, and what stays of what people wrote."""

from __future__ import annotations

import pytest
import yaml

from curate.errors import TransferError
from curate.push.card import merge_card
from curate.write.card import BEGIN, END

NEW = f"---\nlanguage:\n- en\ntags:\n- news\nconfigs:\n- config_name: default\n---\n\n{BEGIN}\n\nNew text.\n\n{END}\n"
OLD = f"---\nlanguage:\n- de\ntags:\n- news\n---\n\n{BEGIN}\n\nOld text.\n\n{END}\n"


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

    assert merged == NEW.replace(BEGIN, f"# Mine\n\n{BEGIN}") + "\nBelow.\n"


def test_a_card_without_marks_is_all_somebodys_own() -> None:
    merged = merge_card(NEW, NEW, "# My news\n\nText.\n", "there")

    assert merged == NEW.replace(BEGIN, f"# My news\n\nText.\n\n{BEGIN}")


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
    assert merge_card(NEW, OLD + "\nMine.\n", OLD, "there") == NEW + "\nMine.\n"
    assert merge_card(NEW, OLD + "\nMine.\n", None, "there") == NEW + "\nMine.\n"


def test_two_different_texts_of_people_stop_a_push() -> None:
    with pytest.raises(TransferError, match="other text at there"):
        merge_card(NEW, NEW + "\nMine.\n", OLD + "\nTheirs.\n", "there")


def test_line_ends_of_windows_are_read() -> None:
    assert merge_card(NEW, NEW, OLD.replace("\n", "\r\n") + "\r\nBelow.\r\n", "there") == NEW + "\nBelow.\n"


@pytest.mark.parametrize("broken", [OLD.replace(END, ""), OLD + END, OLD + BEGIN, OLD.replace(BEGIN, BEGIN * 2)])
def test_marks_that_are_no_pair_stop_a_push(broken: str) -> None:
    with pytest.raises(TransferError, match="not a pair"):
        merge_card(NEW, NEW, broken, "there")


@pytest.mark.parametrize("broken", ["---\na: [\n---\n", "---\n- a\n- list\n---\n"])
def test_yaml_that_cannot_be_read_stops_a_push(broken: str) -> None:
    with pytest.raises(TransferError, match="YAML at its top"):
        merge_card(NEW, NEW, broken, "there")
