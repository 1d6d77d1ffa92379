"""Records are found in WARC files of every packing, whole or split, also where bytes are damaged."""

from __future__ import annotations

import gzip
import io
import random
import zlib
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from time import process_time

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.model import Page, Rejection
from curate.read.source import Source
from curate.read.warc import read_warc, warc_cuts
from curate.recipe import Read

Records = list[Page | Rejection]
Pack = Callable[[Sequence[bytes]], bytes]

FEW = 3
"""Records that one damaged byte may cost."""
PROSE = "the harbour board voted on Tuesday evening to keep an old ferry running until new one has been paid for"


def page(number: int, words: int = 12) -> bytes:
    prose = " ".join(random.Random(number).choices(PROSE.split(), k=words))
    return f"<html><body><p>Article {number}: {prose}.</p></body></html>".encode()


def record(body: bytes, length: int | str | None = None, kind: str = "text/html") -> bytes:
    """A resource record; ``length`` is what it says of itself, where that is not the truth."""
    said = len(body) if length is None else length
    head = f"WARC/1.0\r\nWARC-Type: resource\r\nContent-Type: {kind}\r\nContent-Length: {said}\r\n\r\n"
    return head.encode() + body + b"\r\n\r\n"


def plain(records: Sequence[bytes]) -> bytes:
    return b"".join(records)


def gzips(records: Sequence[bytes]) -> bytes:
    return b"".join(gzip.compress(one, mtime=0) for one in records)


def zstds(records: Sequence[bytes]) -> bytes:
    return b"".join(zstandard.ZstdCompressor(write_checksum=True).compress(one) for one in records)


def zstds_with_dictionary(records: Sequence[bytes], pack: bool = False) -> bytes:
    raw = trained().as_bytes()
    content = zstandard.ZstdCompressor().compress(raw) if pack else raw
    head = b"\x5d\x2a\x4d\x18" + len(content).to_bytes(4, "little") + content
    squeeze = zstandard.ZstdCompressor(dict_data=trained(), write_checksum=True)
    return head + b"".join(squeeze.compress(one) for one in records)


def trained() -> zstandard.ZstdCompressionDict:
    return zstandard.train_dictionary(1024, [record(page(number)) for number in range(200)])


def one_gzip(records: Sequence[bytes]) -> bytes:
    return gzip.compress(b"".join(records), mtime=0)


def one_zstd(records: Sequence[bytes]) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(b"".join(records))


def cut_anywhere(records: Sequence[bytes]) -> bytes:
    """As bgzip does: members that have nothing to do with the records."""
    content = b"".join(records)
    return b"".join(gzip.compress(content[at : at + 300], mtime=0) for at in range(0, len(content), 300))


PACKS = [plain, gzips, zstds, zstds_with_dictionary, one_gzip, one_zstd, cut_anywhere]
APART = [plain, gzips, zstds]
"""Packings in which a record can be found again after damage."""
CUT = [*APART, zstds_with_dictionary]
"""Packings that can be cut."""


def read(data: bytes, start: int = 0, end: int | None = None, limit: int = 10_000_000) -> Records:
    return list(read_warc(Source(io.BytesIO(data), "a.warc", "warc", start, end), Read(max_page_bytes=limit)))


def read_split(data: bytes, split_bytes: int) -> Records:
    bounds = [0, *warc_cuts(io.BytesIO(data), "warc", len(data), split_bytes), None]
    return [one for start, end in pairwise(bounds) for one in read(data, start or 0, end)]


def bodies(records: Iterable[Page | Rejection]) -> list[bytes]:
    return [one.html or b"" for one in records if isinstance(one, Page)]


def reasons(records: Iterable[Page | Rejection]) -> list[str]:
    return [one.reason for one in records if isinstance(one, Rejection)]


def flipped(data: bytes, at: int, mask: int) -> bytes:
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]


@pytest.mark.parametrize("pack", PACKS)
def test_every_record_is_read_in_order_from_every_packing(pack: Pack) -> None:
    pages = [page(number) for number in range(30)]

    found = read(pack([record(one) for one in pages]))

    assert bodies(found) == pages
    assert reasons(found) == []
    assert len({one.id for one in found}) == 30


def test_a_dictionary_may_be_compressed_itself() -> None:
    pages = [page(number) for number in range(5)]

    found = read(zstds_with_dictionary([record(one) for one in pages], pack=True))

    assert bodies(found) == pages


def test_skippable_frames_hold_nothing() -> None:
    skipped = b"\x50\x2a\x4d\x18" + (7).to_bytes(4, "little") + b"comment"
    pages = [page(number) for number in range(3)]

    data = skipped + skipped.join(zstds([record(one)]) for one in pages) + skipped

    assert bodies(read(data)) == pages
    assert reasons(read(data)) == []
    assert len(warc_cuts(io.BytesIO(data), "warc", len(data), 1)) == 3
    assert read_split(data, 1) == read(data)


@pytest.mark.parametrize("pack", [plain, gzips, zstds])
def test_the_offset_is_where_the_record_begins_in_the_file_as_stored(pack: Pack) -> None:
    records = [record(page(number)) for number in range(5)]

    found = read(pack(records))

    assert [one.provenance.record_offset for one in found] == [len(pack(records[:n])) for n in range(5)]


def test_records_that_share_a_frame_share_its_offset_but_no_id() -> None:
    first, second = one_gzip([record(page(0)), record(page(1))]), one_gzip([record(page(2)), record(page(3))])

    found = read(first + second)

    assert bodies(found) == [page(number) for number in range(4)]
    assert [one.provenance.record_offset for one in found] == [0, 0, len(first), len(first)]
    assert len({one.id for one in found}) == 4


def test_a_frame_written_in_small_pieces_is_found_by_the_split_before_it() -> None:
    def pieces(one: bytes) -> bytes:
        squeeze = zstandard.ZstdCompressor().compressobj()
        first = squeeze.compress(one[:4]) + squeeze.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
        return first + squeeze.compress(one[4:]) + squeeze.flush()

    data = b"".join(pieces(record(page(number))) for number in range(20))

    assert warc_cuts(io.BytesIO(data), "warc", len(data), 500)
    assert read_split(data, 500) == read(data)


def test_lines_may_end_without_carriage_returns() -> None:
    pages = [page(number) for number in range(4)]

    found = read(plain([record(one).replace(b"\r\n", b"\n") for one in pages]))

    assert bodies(found) == pages


@pytest.mark.parametrize("pack", [plain, gzips])
def test_zeros_between_and_after_records_are_padding(pack: Pack) -> None:
    pages = [page(number) for number in range(4)]

    found = read(b"".join(pack([record(one)]) + b"\0" * 100 for one in pages))

    assert bodies(found) == pages
    assert reasons(found) == []


@pytest.mark.parametrize("pack", PACKS)
def test_an_empty_stretch_of_records_is_nothing(pack: Pack) -> None:
    assert read(pack([])) == []


# --- damage ---


@pytest.mark.parametrize("pack", APART)
@pytest.mark.parametrize("mask", [0x01, 0xFF])
def test_one_damaged_byte_anywhere_costs_a_few_records_at_most(pack: Pack, mask: int) -> None:
    pages = [page(number) for number in range(8)]
    data = pack([record(one) for one in pages])
    whole = read(data)

    for at in range(len(data)):
        found = read(flipped(data, at, mask))
        kept = [one for one in found if one in whole]
        assert len(kept) >= len(pages) - FEW, (at, found)
        assert kept == [one for one in whole if one in kept], at
        assert len({one.id for one in found}) == len(found), at


@pytest.mark.parametrize("pack", APART)
def test_what_damage_costs_is_written_down(pack: Pack) -> None:
    pages = [page(number) for number in range(8)]
    data = pack([record(one) for one in pages])

    # not in the plain file, where a flipped letter of a page is a letter
    for at in range(0 if pack is not plain else len(data), len(data)):
        found = read(flipped(data, at, 0xFF))
        assert len(bodies(found)) == len(pages) or reasons(found), at


@pytest.mark.parametrize("pack", [zstds_with_dictionary, one_gzip, one_zstd, cut_anywhere])
def test_one_damaged_byte_costs_what_hangs_together_but_never_raises(pack: Pack) -> None:
    data = pack([record(page(number)) for number in range(8)])
    whole = read(data)

    for at in range(0, len(data), 3):
        found = read(flipped(data, at, 0xFF))
        assert len(found) >= 1, at
        assert len({one.id for one in found}) == len(found), at
        assert [one for one in found if one in whole] == [one for one in whole if one in found], at


def test_records_before_the_damage_of_one_long_gzip_are_read() -> None:
    pages = [page(number, words=2000) for number in range(20)]
    data = one_gzip([record(one) for one in pages])

    found = read(flipped(data, len(data) * 3 // 4, 0xFF))

    assert 10 < len(bodies(found)) < 20
    assert bodies(found)[:10] == pages[:10]
    assert set(reasons(found)) == {"damaged"}


@pytest.mark.parametrize("pack", [*CUT, one_gzip, one_zstd])
def test_a_file_cut_at_any_byte_gives_the_records_before_the_cut(pack: Pack) -> None:
    records = [record(page(number)) for number in range(6)]
    data = pack(records)
    whole = read(data)
    ends = [len(pack(records[: n + 1])) for n in range(6)] if pack in CUT else []
    whole_until = {end - spare for end in ends for spare in range(5 if pack is plain else 1)}  # line breaks
    first = len(pack([])) if pack in CUT else 0

    for size in range(1, len(data), 1 if pack in APART else 3):
        found = read(data[:size])
        kept = [one for one in found if isinstance(one, Page)]
        assert kept == whole[: len(kept)], size
        assert len(kept) >= sum(end <= size for end in ends), size
        assert len(kept) == len(whole) or size in whole_until or size == first or reasons(found), size


@pytest.mark.parametrize("pack", APART)
@pytest.mark.parametrize(
    "garbage", [b"\xff" * 5000, b"WARC/1.0\r\n" * 500, b"\x1f\x8b\x08" * 1000, b"\x28\xb5\x2f\xfd" * 900]
)
def test_garbage_between_records_costs_its_neighbours_at_most(pack: Pack, garbage: bytes) -> None:
    pages = [page(number) for number in range(6)]
    before, after = pages[:3], pages[3:]

    found = read(pack([record(one) for one in before]) + garbage + pack([record(one) for one in after]))

    assert len(bodies(found)) >= 4
    assert bodies(found)[:2] == pages[:2]
    assert bodies(found)[-2:] == pages[-2:]
    assert len(bodies(found)) == 6 or set(reasons(found)) <= {"damaged", "truncated"}


@pytest.mark.parametrize("length", [0, 1, 50, 150, 5000, 10_000_001, 10**14, "", "-5", "twelve", "9" * 400])
@pytest.mark.parametrize("pack", [plain, gzips, zstds])
def test_a_length_that_lies_costs_its_record_alone(pack: Pack, length: int | str) -> None:
    pages = [page(number) for number in range(6)]
    records = [record(one) for one in pages]
    records[2] = record(pages[2], length)

    found = read(pack(records))

    assert bodies(found) == [*pages[:2], *pages[3:]]
    assert reasons(found)
    assert set(reasons(found)) <= {"damaged", "truncated"}


@pytest.mark.parametrize("length", [0, 50, 5000])
def test_a_length_that_lies_in_one_long_gzip_costs_its_record_alone(length: int) -> None:
    pages = [page(number) for number in range(6)]
    records = [record(one) for one in pages]
    records[2] = record(pages[2], length)

    found = read(one_gzip(records))

    assert bodies(found) == [*pages[:2], *pages[3:]]
    assert reasons(found) == ["damaged"]


def test_each_of_many_lengths_that_lie_beyond_the_limit_costs_its_record_alone() -> None:
    records = [record(page(number, 200), 10**9 if number % 10 else None) for number in range(2000)]

    found = read(plain(records), limit=10_000)

    assert len(bodies(found)) == 200
    assert reasons(found) == ["damaged"] * 1799 + ["truncated"]


def test_a_length_may_span_other_records_of_a_page_that_is_an_archive() -> None:
    inner = plain([record(page(number)) for number in range(5)])
    data = plain([record(page(10)), record(inner, kind="application/warc"), record(page(11))])

    found = read(data)

    assert bodies(found) == [page(10), page(11)]
    assert reasons(found) == ["not-html"]


@pytest.mark.parametrize("pack", PACKS)
def test_a_record_beyond_the_limit_is_too_large_and_the_next_ones_are_read(pack: Pack) -> None:
    pages = [page(0), page(1, words=3000), page(2)]

    found = read(pack([record(one) for one in pages]), limit=5000)

    assert bodies(found) == [page(0), page(2)]
    assert reasons(found) == ["too-large"]


def test_a_record_as_large_as_the_limit_is_read() -> None:
    body = page(1, words=300)

    assert bodies(read(record(body), limit=len(body))) == [body]
    assert reasons(read(record(body), limit=len(body) - 1)) == ["too-large"]


@pytest.mark.parametrize(
    ("pack", "garbage"),
    [
        (gzips, b"\x1f\x8b\x08" * 100_000),  # each has a file name that goes on to the end
        (gzips, b"\x1f\x8b\x08\0\0\0\0\0\0\x03" * 30_000),
        (zstds, b"\x28\xb5\x2f\xfd\0\0\xf8\xff\xff" * 40_000 + b"x" * 2_000_000),  # each has a block of 2 MB
        (plain, b"WARC/1.0\n" * 33_000),
        (plain, record(b"", 9_000_000) * 2000 + b"x" * 10_000_000 + b"\n"),
    ],
)
def test_what_looks_like_many_records_takes_no_long_time(pack: Pack, garbage: bytes) -> None:
    data = pack([record(page(0))]) + garbage + pack([record(page(1))])
    began = process_time()

    found = read(data)

    assert bodies(found)[0] == page(0)
    assert bodies(found)[-1] == page(1)
    assert process_time() - began < 5  # seconds; 7 to 60 where each is looked into at length


def test_a_header_that_another_record_breaks_off_is_not_read_on_in_that() -> None:
    broken = b"WARC/1.0\r\nWARC-Type: resource\r\nWARC-Target-URI: https://example.org/other\r\n"

    found = read(record(page(0)) + broken + record(page(1)))

    assert [one.url for one in found if isinstance(one, Page)] == [None, None]
    assert bodies(found) == [page(0), page(1)]
    assert reasons(found) == ["damaged"]


# --- splits ---


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("split_bytes", [1, 7, 100, 333, 1000, 3000, 10_000_000])
def test_a_split_file_gives_the_records_of_the_whole(pack: Pack, split_bytes: int) -> None:
    data = pack([record(page(number, words=5 + 9 * (number % 7))) for number in range(40)])

    assert read_split(data, split_bytes) == read(data)


@pytest.mark.parametrize("pack", [gzips, zstds])
def test_padding_after_the_last_record_does_not_hinder_cutting(pack: Pack) -> None:
    data = pack([record(page(number)) for number in range(10)]) + b"\0" * 300

    assert len(warc_cuts(io.BytesIO(data), "warc", len(data), 1)) == 9
    assert read_split(data, 1) == read(data)


@pytest.mark.parametrize("pack", CUT)
def test_cuts_are_at_least_a_split_apart_and_not_far_beyond(pack: Pack) -> None:
    data = pack([record(page(number)) for number in range(100)])
    bounds = warc_cuts(io.BytesIO(data), "warc", len(data), 600)

    assert len(bounds) > 5
    assert all(600 <= there - here < 600 + 250 for here, there in pairwise(bounds))


@settings(max_examples=150, deadline=None)
@given(
    pack=st.sampled_from(CUT),
    places=st.lists(st.tuples(st.floats(0, 0.9999), st.integers(1, 255)), max_size=4),
    split_bytes=st.integers(1, 3000),
)
def test_a_damaged_file_gives_the_same_whole_and_split(
    pack: Pack, places: list[tuple[float, int]], split_bytes: int
) -> None:
    data = pack([record(page(number)) for number in range(12)])
    for share, mask in places:
        data = flipped(data, int(share * len(data)), mask)

    assert read_split(data, split_bytes) == read(data)


@pytest.mark.parametrize("split_bytes", [1, 500, 4000])
def test_a_record_that_holds_a_plain_archive_is_not_cut(split_bytes: int) -> None:
    inner = plain([record(page(number)) for number in range(30)])
    data = plain([record(page(50)), record(inner, kind="application/warc"), *(record(page(n)) for n in range(51, 60))])

    assert read_split(data, split_bytes) == read(data)
    assert len(bodies(read(data))) == 10


def stored_gzip(content: bytes) -> bytes:
    return gzip.compress(content, 0, mtime=0)


def stored_zstd(content: bytes) -> bytes:
    blocks = [content[at : at + 100_000] for at in range(0, len(content), 100_000)]
    last = [block is blocks[-1] for block in blocks]
    heads = [(len(block) << 3 | end).to_bytes(3, "little") for block, end in zip(blocks, last, strict=True)]
    return b"\x28\xb5\x2f\xfd\x00\x38" + b"".join(map(bytes.__add__, heads, blocks))


@pytest.mark.parametrize(("pack", "store"), [(gzips, stored_gzip), (zstds, stored_zstd)])
@pytest.mark.parametrize("split_bytes", [1, 20_000, 100_000])
def test_a_record_that_holds_a_compressed_archive_is_not_cut(
    pack: Pack, store: Callable[[bytes], bytes], split_bytes: int
) -> None:
    inner = pack([record(random.Random(number).randbytes(700)) for number in range(400)])
    outer = store(record(inner, kind="application/warc"))
    data = pack([record(page(50))]) + outer + pack([record(page(number)) for number in range(51, 60)])

    assert read_split(data, split_bytes) == read(data)
    assert len(bodies(read(data))) == 10


def test_gzip_of_any_strength_is_framed() -> None:
    pages = [page(number) for number in range(10)]

    for level in range(10):
        data = b"".join(gzip.compress(record(one), level, mtime=0) for one in pages)
        assert bodies(read(data)) == pages, level
        assert read_split(data, 400) == read(data), level


def test_a_gzip_header_may_carry_a_name_a_comment_and_extra_fields() -> None:
    def member(content: bytes) -> bytes:
        raw = zlib.compressobj(wbits=-15)
        extra = b"sl\x08\x00" + b"\x01\x02\x03\x04\x05\x06\x07\x08"  # ARC files of the Internet Archive have such
        head = b"\x1f\x8b\x08\x1c\0\0\0\0\0\xff" + len(extra).to_bytes(2, "little") + extra + b"name\0comment\0"
        tail = zlib.crc32(content).to_bytes(4, "little") + len(content).to_bytes(4, "little")
        return head + raw.compress(content) + raw.flush() + tail

    pages = [page(number) for number in range(10)]
    data = b"".join(member(record(one)) for one in pages)

    assert bodies(read(data)) == pages
    assert read_split(data, 400) == read(data)
