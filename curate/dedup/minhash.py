"""MinHash signatures of many texts at once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

from curate.dedup.words import words

Hashes = npt.NDArray[np.uint64]

SHINGLE_WORDS = 5
BANDS, ROWS = 14, 8  # finds 0.958 of the pairs at Jaccard 0.7 or more; 20 x 6 0.998 with more to verify (November 2026)
_PADDING = ""  # no word is empty
_WORDS_AT_ONCE = 100_000  # what a permutation works on then stays in the processor's cache


def signatures(texts: Sequence[str]) -> tuple[pa.ListArray, pa.ListArray]:
    """The band keys and the shingles of texts.

    A shingle is the hash of five consecutive words (:func:`curate.dedup.words.words`: five characters of a script
    written without spaces); a text with fewer words is one shingle. Two texts with Jaccard similarity s of their
    shingles share a band key with probability 1 - (1 - s^8)^14. The hashes are the same on every machine.

    Returns:
        Two lists a text: its 14 band keys, and its distinct shingles, sorted; both empty for a text without words.

    Source:
        Broder 1997, "On the resemblance and containment of documents"; bands as in Leskovec, Rajaraman and Ullman,
        "Mining of Massive Datasets", section 3.4.
    """
    return word_signatures([words(text) for text in texts])


def word_signatures(texts: Sequence[Sequence[str]]) -> tuple[pa.ListArray, pa.ListArray]:
    """:func:`signatures` of texts whose words are known."""
    parts = [_signatures(portion) for portion in _portions(texts)]
    bands, shingles = zip(*parts, strict=True)
    return pa.concat_arrays(bands), pa.concat_arrays(shingles)


def _portions(texts: Sequence[Sequence[str]]) -> Iterator[Sequence[Sequence[str]]]:
    """Texts in portions of about 100,000 words; at least one portion."""
    start = size = 0
    for place, text in enumerate(texts):
        size += len(text)
        if size >= _WORDS_AT_ONCE:
            yield texts[start : place + 1]
            start, size = place + 1, 0
    yield texts[start:]


def _signatures(texts: Sequence[Sequence[str]]) -> tuple[pa.ListArray, pa.ListArray]:
    shingles, counts = _shingles(texts)
    has_words = counts > 0
    bands = _band_keys(shingles, _starts(counts[has_words]))
    return _lists(bands.ravel(), np.where(has_words, BANDS, 0)), _lists(shingles, counts)


def _shingles(texts: Sequence[Sequence[str]]) -> tuple[Hashes, npt.NDArray[np.int64]]:
    """The shingles of all texts, one text after the other, and how many each has."""
    padded = [[*text, *[_PADDING] * (SHINGLE_WORDS - len(text))] if text else text for text in texts]
    hashes = _word_hashes(list(itertools.chain.from_iterable(padded)))
    lengths = np.array([len(text) for text in padded], np.int64)
    counts = np.maximum(lengths - SHINGLE_WORDS + 1, 0)
    first_words = np.arange(counts.sum()) + np.repeat(_starts(lengths) - _starts(counts), counts)
    runs = sum(hashes[first_words + place] * _PLACES[place] for place in range(SHINGLE_WORDS))
    return _distinct(_mix(np.asarray(runs, np.uint64)), counts)


def _word_hashes(flat: list[str]) -> Hashes:
    hashes = {word: xxhash.xxh3_64_intdigest(word.encode("utf-8", "surrogatepass")) for word in dict.fromkeys(flat)}
    return np.fromiter(map(hashes.__getitem__, flat), np.uint64, len(flat))


def _distinct(flat: Hashes, counts: npt.NDArray[np.int64]) -> tuple[Hashes, npt.NDArray[np.int64]]:
    """Each text's hashes sorted, every one once."""
    starts = _starts(counts)
    for start, count in zip(starts, counts, strict=True):
        flat[start : start + count].sort()
    new = np.ones(len(flat), bool)
    new[1:] = flat[1:] != flat[:-1]
    new[starts[counts > 0]] = True
    text_of = np.repeat(np.arange(len(counts)), counts)
    return flat[new], np.bincount(text_of[new], minlength=len(counts)).astype(np.int64)


def _band_keys(shingles: Hashes, starts: npt.NDArray[np.int64]) -> Hashes:
    """One row of band keys a text; ``starts``: where each text's shingles begin."""
    least = np.empty((BANDS * ROWS, len(starts)), np.uint64)
    if not len(starts):
        return least[:BANDS].T
    # 32 bits are enough to order one text's shingles, and four times as fast as 64
    halves = (shingles >> np.uint64(32)).astype(np.uint32)
    permuted = np.empty_like(halves)
    for number, (factor, summand) in enumerate(zip(_FACTORS, _SUMMANDS, strict=True)):
        np.multiply(halves, factor, out=permuted)
        np.add(permuted, summand, out=permuted)
        least[number] = np.minimum.reduceat(permuted, starts)
    rows = least.reshape(BANDS, ROWS, len(starts)) * _ROW_FACTORS[:, None]
    return np.ascontiguousarray(_mix(rows.sum(axis=1, dtype=np.uint64) + _BAND_SUMMANDS[:, None]).T)


def _starts(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.cumsum(counts) - counts


def _lists(values: Hashes, counts: npt.NDArray[np.int64]) -> pa.ListArray:
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values))


def _mix(numbers: Hashes) -> Hashes:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every input bit changes half of the output bits."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


def _constants(count: int, stream: int) -> Hashes:
    """Fixed numbers that look random: SplitMix64, the same with every numpy."""
    steps = np.arange(1, count + 1, dtype=np.uint64) + np.array(stream << 32, np.uint64)
    return _mix(steps * np.uint64(0x9E3779B97F4A7C15))


_PLACES = _constants(SHINGLE_WORDS, 1) | np.uint64(1)
_FACTORS = (_constants(BANDS * ROWS, 2) >> np.uint64(32)).astype(np.uint32) | np.uint32(1)
_SUMMANDS = (_constants(BANDS * ROWS, 3) >> np.uint64(32)).astype(np.uint32)
_ROW_FACTORS = _constants(ROWS, 4) | np.uint64(1)
_BAND_SUMMANDS = _constants(BANDS, 5)
