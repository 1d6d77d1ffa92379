"""Signatures: what they are of, and how well they find similar texts."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.dedup import minhash
from curate.dedup.minhash import signatures
from curate.dedup.signature import SIGNATURES, signature_columns


def shingles(text: str) -> list[int]:
    return signatures([text])[1][0].as_py()


def test_a_shingle_is_five_words() -> None:
    assert len(shingles("one two three four five six seven")) == 3
    assert set(shingles("one two three four five six")) & set(shingles("zero one two three four five")) == set(
        shingles("one two three four five")
    )


def test_the_order_of_words_counts() -> None:
    assert shingles("one two three four five") != shingles("two one three four five")


def test_a_text_of_few_words_is_one_shingle() -> None:
    found = [shingles(text) for text in ("one", "one two", "two one", "one two three four", "one two three four five")]

    assert [len(one) for one in found] == [1] * 5
    assert len({one[0] for one in found}) == 5


def test_shingles_are_distinct_and_sorted() -> None:
    found = shingles("tick tock " * 50)

    assert len(found) == 2
    assert found == sorted(found)


def test_chinese_and_japanese_give_a_shingle_for_every_five_characters() -> None:
    assert len(shingles("今天上午在北京举行。")) == 5
    assert set(shingles("今天上午在北京举行")) & set(shingles("昨天,今天上午在北京")) != set()


def test_a_text_without_words_has_no_bands_and_no_shingles() -> None:
    bands, found = signatures(["", "one two three", "...", "four"])

    assert [len(row) for row in bands.to_pylist()] == [0, 14, 0, 14]
    assert [len(row) for row in found.to_pylist()] == [0, 1, 0, 1]


def test_no_texts_have_empty_columns_of_the_right_types() -> None:
    columns = signature_columns([], [])

    assert pa.table(columns).schema == SIGNATURES
    assert len(signatures([])[0]) == 0


@given(st.lists(st.text(st.sampled_from("ab c中।é."), max_size=40), max_size=12))
def test_a_text_s_signature_does_not_depend_on_the_texts_beside_it(texts: list[str]) -> None:
    together = signature_columns(texts, [None] * len(texts))

    for place, text in enumerate(texts):
        alone = signature_columns([text], [None])
        assert {name: column[place].as_py() for name, column in together.items()} == {
            name: column[0].as_py() for name, column in alone.items()
        }


def test_portions_of_many_words_give_the_same_signatures(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [" ".join(str(number % divisor) for number in range(50)) for divisor in range(1, 30)]
    whole = signatures(texts)

    monkeypatch.setattr(minhash, "_WORDS_AT_ONCE", 120)

    assert signatures(texts) == whole


def test_signatures_are_the_same_on_every_machine() -> None:
    bands, found = signatures(["The quick brown fox jumps over the lazy dog."])

    assert bands[0].as_py()[:2] == [8927735062462123832, 16176866437551780069]
    assert found[0].as_py()[:2] == [5214954419161121651, 5716279867769396789]


@pytest.mark.parametrize("changed", [1, 5, 8, 10, 20])
def test_pairs_are_found_as_often_as_the_bands_promise(changed: int) -> None:
    """At Jaccard s, 14 bands of 8 rows find 1 - (1 - s^8)^14 of the pairs: here 1.0, 0.9, 0.5, 0.3 and 0.02."""
    generator = random.Random(changed)
    texts = []
    for _ in range(300):
        text = generator.sample(range(100_000), 204)
        places = generator.sample(range(204), changed)
        texts.append(text)
        texts.append([-word if place in places else word for place, word in enumerate(text)])
    bands, found = (
        [set(row) for row in column.to_pylist()]
        for column in signatures([" ".join(map(_word, text)) for text in texts])
    )
    similarities = [len(a & b) / len(a | b) for a, b in zip(found[::2], found[1::2], strict=True)]

    share = np.mean([bool(a & b) for a, b in zip(bands[::2], bands[1::2], strict=True)])

    # three standard deviations of 300 draws
    assert abs(share - np.mean([1 - (1 - one**8) ** 14 for one in similarities])) < 0.087


def _word(number: int) -> str:
    return f"w{number}" if number >= 0 else f"changed{-number}"
