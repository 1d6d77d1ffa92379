"""JSONL lines and Parquet rows become pages; their columns are found by themselves."""

from __future__ import annotations

import datetime
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.model import Page, Rejection
from curate.read import list_inputs, plan_splits, read
from curate.read.jsonl import line_cuts, read_jsonl
from curate.read.place import Place
from curate.read.rows import DECLARED, DOWNLOADED, HTML, ID, TEXT, URL, row_page
from curate.read.source import Source
from curate.recipe import Read

Records = list[Page | Rejection]
Row = dict[str, Any]


def as_page(row: Mapping[str, Any], options: Read | None = None) -> Page:
    found = row_page(row, Place("a.jsonl", "jsonl", 0), options or Read())
    assert isinstance(found, Page), found
    return found


def as_rejection(row: Mapping[str, Any], options: Read | None = None) -> Rejection:
    found = row_page(row, Place("a.jsonl", "jsonl", 0), options or Read())
    assert isinstance(found, Rejection), found
    return found


def read_lines(content: bytes, options: Read | None = None) -> Records:
    return list(read_jsonl(Source(io.BytesIO(content), "a.jsonl", "jsonl"), options or Read()))


def read_file(path: Path, split_bytes: int = 1 << 30, options: Read | None = None) -> Records:
    splits = plan_splits(list_inputs(str(path)), split_bytes)
    return [one for split in splits for one in read(split, options or Read())]


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def outcomes(records: Sequence[Page | Rejection]) -> list[str]:
    return [one.text or "" if isinstance(one, Page) else one.reason for one in records]


def offsets(records: Sequence[Page | Rejection]) -> list[int | None]:
    return [one.provenance.record_offset for one in records]


# --- columns ---


@pytest.mark.parametrize("name", TEXT)
def test_the_text_is_found_under_its_usual_names(name: str) -> None:
    assert as_page({name: "Text", "id": "7"}).text == "Text"
    assert as_page({name.upper(): "Text"}).text == "Text"


@pytest.mark.parametrize("name", HTML)
def test_html_is_found_under_its_usual_names_and_comes_before_text(name: str) -> None:
    found = as_page({"text": "Text", name: "<p>Fähre"})

    assert found.html == "<p>Fähre".encode()
    assert found.charset == "utf-8"
    assert found.text is None


def test_html_in_bytes_has_no_charset_but_its_own() -> None:
    found = as_page({"html": b"<p>F\xe4hre"})

    assert (found.html, found.charset) == (b"<p>F\xe4hre", None)


@pytest.mark.parametrize(
    ("names", "field"), [(URL, "url"), (DOWNLOADED, "date_download")], ids=["url", "date_download"]
)
def test_url_and_date_are_found_under_their_usual_names(names: Sequence[str], field: str) -> None:
    for name in names:
        assert getattr(as_page({"text": "Text", name.title(): " value "}), field) == "value", name


@pytest.mark.parametrize("name", ID)
def test_the_id_is_found_under_its_usual_names_and_kept_as_the_records_own(name: str) -> None:
    assert as_page({"text": "Text", name: 7}).provenance.record_id == "7"


@pytest.mark.parametrize(("field", "names"), DECLARED.items())
def test_metadata_beside_the_text_is_declared(field: str, names: Sequence[str]) -> None:
    for name in names:
        assert as_page({"text": "Text", name: "value"}).declared == {field: "value"}, name


def test_the_names_of_columns_stand_in_order_of_preference() -> None:
    row = {"date": "2026", "date_published": "2026-11-03", "body": "Body", "text": "Text", "link": "l", "url": "u"}

    found = as_page(row)

    assert (found.text, found.url) == ("Text", "u")
    assert found.declared["date_published"] == "2026-11-03"


@pytest.mark.parametrize("name", ["metadata", "meta"])
def test_nested_metadata_is_found_after_the_rows_own(name: str) -> None:
    row = {"text": "Text", "title": "Own", name: {"title": "Nested", "URL": "u", "authors": ["A", "B"], "text": "no"}}

    found = as_page(row)

    assert (found.text, found.url) == ("Text", "u")
    assert found.declared == {"title": "Own", "authors": "A; B"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (["A", "B"], "A; B"),
        ([{"name": "A"}, {"name": "B"}], "A; B"),
        ({"name": "A", "url": "u"}, "A"),
        (["A", None, "", 3.5, "B"], "A; B"),
        ([["A"], "B"], "A; B"),
        ("  A ", "A"),
        (7, "7"),
        (datetime.date(2026, 11, 3), "2026-11-03"),
        (datetime.datetime(2026, 11, 3, 8, tzinfo=datetime.UTC), "2026-11-03T08:00:00+00:00"),
        ("\ud800A", "\ufffdA"),
    ],
)
def test_values_of_many_kinds_become_strings(value: Any, text: str) -> None:
    assert as_page({"text": "Text", "author": value}).declared == {"authors": text}


@pytest.mark.parametrize("value", [None, "", "  ", [], {}, True, 3.5, [None], {"name": None}])
def test_values_that_say_nothing_are_left_out(value: Any) -> None:
    assert as_page({"text": "Text", "author": value}).declared == {}


def test_an_empty_column_gives_way_to_one_with_words() -> None:
    assert as_page({"text": "", "content": "Content"}).text == "Content"
    assert as_page({"html": "", "text": "Text"}).text == "Text"
    assert as_page({"html": None, "text": "Text"}).text == "Text"
    assert as_page({"html": " ", "content": "", "body": b"Body"}).text == "Body"


def test_a_row_whose_only_text_is_empty_is_a_page_without_text() -> None:
    assert as_page({"text": ""}).text == ""
    assert as_page({"html": ""}).html == b""


def test_columns_that_were_chosen_are_the_only_ones() -> None:
    row = {"text": "Text", "html": "<p>", "url": "u", "id": "i", "Story": "Story", "page": "<b>", "at": "a", "key": 3}

    story = as_page(row, Read(text_column="story", url_column="at", id_column="key"))
    html = as_page(row, Read(html_column="page"))

    assert (story.text, story.url, story.provenance.record_id) == ("Story", "a", "3")
    assert html.html == b"<b>"
    assert as_rejection(row, Read(text_column="absent")).reason == "no-text-column"
    assert as_rejection(row, Read(html_column="absent")).reason == "no-text-column"
    assert as_page(row, Read(url_column="absent")).url is None


def test_a_row_without_text_is_a_rejection_that_names_its_columns() -> None:
    found = as_rejection({"url": "u", "id": "i", "words": 5, "text": None})

    assert (found.stage, found.reason, found.url) == ("read", "no-text-column", "u")
    assert found.provenance.record_id == "i"
    assert "url, id, words, text" in found.detail


def test_a_row_beyond_the_limit_is_too_large_in_bytes() -> None:
    options = Read(max_page_bytes=100)

    assert as_page({"text": "ä" * 50}, options).text == "ä" * 50
    assert as_rejection({"text": "ä" * 51, "url": "u"}, options).reason == "too-large"
    assert as_rejection({"html": "渡" * 34}, options).reason == "too-large"
    assert as_rejection({"html": b"x" * 101}, options).reason == "too-large"


def test_the_text_keeps_its_lines_but_for_carriage_returns() -> None:
    assert as_page({"text": "a\r\nb\rc\n\u2028d\ud800"}).text == "a\nb\nc\n\u2028d\ufffd"


# --- JSONL ---


def test_a_line_is_a_record_and_its_number_is_the_offset() -> None:
    found = read_lines(b'{"text": "a"}\n{"text": "b"}\n{"text": "c"}\n')

    assert outcomes(found) == ["a", "b", "c"]
    assert offsets(found) == [0, 1, 2]
    assert len({one.id for one in found}) == 3


def test_blank_lines_are_counted_but_are_no_records() -> None:
    found = read_lines(b'\n{"text": "a"}\n\n \t\r\n\0\0\n{"text": "b"}\n\n')

    assert outcomes(found) == ["a", "b"]
    assert offsets(found) == [1, 5]


def test_the_last_line_needs_no_end() -> None:
    assert outcomes(read_lines(b'{"text": "a"}\n{"text": "b"}')) == ["a", "b"]


def test_a_byte_order_mark_and_carriage_returns_are_no_part_of_a_line() -> None:
    assert outcomes(read_lines(b'\xef\xbb\xbf{"text": "a"}\r\n{"text": "b"}\r\n')) == ["a", "b"]
    assert outcomes(read_lines(b"\xef\xbb\xbf")) == []


def test_lines_end_at_line_feeds_only() -> None:
    line = json.dumps({"text": "a\u2028b\u0085c\x0bd"}, ensure_ascii=False).encode()

    assert outcomes(read_lines(line + b"\n" + line)) == ["a\u2028b\u0085c\x0bd"] * 2


@pytest.mark.parametrize(
    "line",
    [
        b"no json",
        b'{"text": "cut off',
        b'{"text": "a"} trailing',
        b"[1, 2]",
        b'"text"',
        b"7",
        b"null",
        b"{" * 5000,
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b'{"id": ' + b"9" * 10_000 + b"}",
        b"\xff\xfe{\0}\0",
        b"{'text': 'python'}",
    ],
    ids=lambda line: line[:12].decode("latin-1"),
)
def test_a_line_that_is_no_json_object_is_a_rejection_and_the_others_are_read(line: bytes) -> None:
    found = read_lines(b'{"text": "a"}\n' + line + b'\n{"text": "b"}\n')

    assert outcomes(found) == ["a", "damaged", "b"]
    assert offsets(found) == [0, 1, 2]


@pytest.mark.parametrize("name", ["author", "metadata", "other", "text"])
@pytest.mark.parametrize("depth", [10, 200, 300, 400, 500, 600, 700, 800, 900, 980])
def test_values_nested_in_each_other_many_times_never_raise(name: str, depth: int) -> None:
    for opened, closed in (("[", "]"), ('{"name":', "}")):
        nested = opened * depth + '"A"' + closed * depth
        found = read_lines(f'{{"{name}": {nested}, "content": "a"}}\n{{"text": "b"}}'.encode())
        assert outcomes(found) in (["a", "b"], ["damaged", "b"])


def test_bytes_that_are_not_utf_8_are_replaced() -> None:
    assert outcomes(read_lines(b'{"text": "F\xe4hre"}\n')) == ["F\ufffdhre"]


def test_a_line_without_end_is_too_large_and_the_next_ones_are_read() -> None:
    options = Read(max_page_bytes=1000)
    long = b'{"text": "' + b"x" * 500_000 + b'"}\n'

    found = read_lines(b'{"text": "a"}\n' + long + b'{"text": "b"}\n' + long.strip(), options)

    assert outcomes(found) == ["a", "too-large", "b", "too-large"]
    assert offsets(found) == [0, 1, 2, 3]


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_a_compressed_file_that_breaks_off_says_so_after_its_records(tmp_path: Path, suffix: str) -> None:
    content = b"".join(b'{"text": "%d"}\n' % (number**7) for number in range(20_000))
    packed = gzip.compress(content) if suffix == "gz" else zstandard.ZstdCompressor().compress(content)

    found = read_file(written(tmp_path / f"a.jsonl.{suffix}", packed[: len(packed) // 2]))

    assert 2000 < len(found) < 18_000
    assert outcomes(found)[:-2] == [str(number**7) for number in range(len(found) - 2)]
    assert outcomes(found)[-1] == "truncated"


@pytest.mark.parametrize("split_bytes", [1, 2, 13, 14, 15, 100, 10_000])
def test_split_lines_are_those_of_the_whole(tmp_path: Path, split_bytes: int) -> None:
    lines = [b'{"text": "%s"}' % (b"x" * (number % 30)) for number in range(60)]
    lines[5:8] = [b"", b"no json", b"   "]
    path = written(tmp_path / "a.jsonl", b"\n".join(lines))

    assert read_file(path, split_bytes) == read_file(path)
    assert len(plan_splits(list_inputs(str(path)), 100)) > 5


@settings(max_examples=200, deadline=None)
@given(
    lines=st.lists(
        st.sampled_from([b'{"text":"a"}', b"", b"\r", b"{", b'{"text":"bb"}\r', b"\xef\xbb\xbf", b"x" * 90])
    ),
    ends=st.booleans(),
    split_bytes=st.integers(1, 60),
)
def test_any_lines_split_anywhere_are_those_of_the_whole(lines: list[bytes], ends: bool, split_bytes: int) -> None:
    content = b"\n".join(lines) + b"\n" * ends
    cuts = line_cuts(io.BytesIO(content), len(content), split_bytes)
    starts = [(0, 0), *cuts]
    stops = [*(start for start, _ in cuts), None]

    split: Records = []
    for (start, first), end in zip(starts, stops, strict=True):
        split += read_jsonl(Source(io.BytesIO(content), "a.jsonl", "jsonl", start, end, first), Read())

    assert split == read_lines(content)
    assert all(0 < start < len(content) for start, _ in cuts)


def test_lines_longer_than_a_chunk_are_split_at_their_ends(tmp_path: Path) -> None:
    lines = [json.dumps({"text": "x" * (number * 40_000)}) for number in range(8)]
    path = written(tmp_path / "a.jsonl", "\n".join(lines).encode())

    assert read_file(path, 50_000) == read_file(path)
    assert len(plan_splits(list_inputs(str(path)), 50_000)) == 6


def test_a_compressed_file_is_one_split(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl.gz", gzip.compress(b'{"text": "a"}\n' * 1000))

    assert len(plan_splits(list_inputs(str(path)), 10)) == 1


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["text", "html", "url", "id", "author", "meta", "metadata", "date", "x"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "text"]), inner),
            max_leaves=5,
        ),
    )
)
def test_any_object_is_a_page_or_a_rejection_in_utf_8(row: Row) -> None:
    (found,) = read_lines(json.dumps(row).encode() + b"\n")

    texts = [found.url, found.provenance.record_id]
    texts += [found.text, *found.declared.values()] if isinstance(found, Page) else [found.detail]
    for text in texts:
        (text or "").encode()


# --- Parquet ---


def parquet(path: Path, rows: Sequence[Row], group_rows: int = 10, **options: Any) -> Path:
    pq.write_table(pa.Table.from_pylist(list(rows)), path, row_group_size=group_rows, **options)
    return path


def numbered(count: int) -> list[Row]:
    return [{"text": f"Text {number} " + "word " * (number % 9), "url": f"u{number}"} for number in range(count)]


def test_a_row_is_a_record_and_its_number_is_the_offset(tmp_path: Path) -> None:
    found = read_file(parquet(tmp_path / "a.parquet", numbered(200), 150))

    assert offsets(found) == list(range(200))
    assert outcomes(found) == [row["text"] for row in numbered(200)]
    assert [one.url for one in found] == [f"u{number}" for number in range(200)]
    assert len({one.id for one in found}) == 200


@pytest.mark.parametrize("split_bytes", [1, 500, 1500, 5000, 1 << 30])
def test_split_row_groups_are_those_of_the_whole(tmp_path: Path, split_bytes: int) -> None:
    path = parquet(tmp_path / "a.parquet", numbered(95))

    assert read_file(path, split_bytes) == read_file(path)
    assert len(plan_splits(list_inputs(str(path)), 1)) == 10


def test_columns_of_every_type_are_no_trouble(tmp_path: Path) -> None:
    table = pa.table(
        {
            "text": pa.array(["Text"], pa.large_string()),
            "title": pa.array(["Title"]).dictionary_encode(),
            "date": pa.array([1_780_000_000_000_000_001], pa.timestamp("ns")),
            "timestamp": pa.array([10**18], pa.timestamp("us")),
            "authors": pa.array([["A", "B"]]),
            "meta": pa.array([{"language": "en", "html": None}]),
            "id": pa.array([b"\xff\x00"], pa.binary()),
            "took": pa.array([7], pa.duration("ns")),
            "score": pa.array([0.5], pa.float16()),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")

    (found,) = read_file(tmp_path / "a.parquet")

    assert isinstance(found, Page)
    assert found.text == "Text"
    assert {"title": "Title", "authors": "A; B", "language": "en"}.items() <= found.declared.items()


def test_a_value_that_is_not_utf_8_costs_its_row_alone(tmp_path: Path) -> None:
    rows = [f"Text {number}".encode() for number in range(100)]
    rows[70] = b"F\xe4hre"
    array = pa.Array.from_buffers(pa.string(), 100, pa.array(rows, pa.binary()).buffers())
    pq.write_table(pa.table({"text": array, "url": [str(n) for n in range(100)]}), tmp_path / "a.parquet")

    found = read_file(tmp_path / "a.parquet")

    assert offsets(found) == list(range(100))
    assert outcomes(found)[:70] + outcomes(found)[71:] == [f"Text {n}" for n in range(100) if n != 70]
    assert outcomes(found)[70] in ("damaged", "F\ufffdhre")


def test_rows_without_text_are_rejections(tmp_path: Path) -> None:
    found = read_file(parquet(tmp_path / "a.parquet", [{"words": 1, "url": "u"}, {"words": 2, "url": "v"}]))

    assert outcomes(found) == ["no-text-column", "no-text-column"]
    assert [one.url for one in found] == ["u", "v"]


def test_nulls_are_no_text(tmp_path: Path) -> None:
    found = read_file(parquet(tmp_path / "a.parquet", [{"text": "a"}, {"text": None}]))

    assert outcomes(found) == ["a", "no-text-column"]


def test_a_file_without_rows_holds_nothing(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), tmp_path / "a.parquet")

    assert read_file(tmp_path / "a.parquet") == []


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\xff" * 500 + b"PAR1", b"no parquet at all" * 50])
def test_what_is_no_parquet_is_one_rejection(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path / "a.parquet", content)

    assert outcomes(read_file(path)) == ["damaged"]
    assert read_file(path, 10) == read_file(path)


def test_a_damaged_row_group_costs_its_own_rows_whole_or_split(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", numbered(50), use_dictionary=False, write_page_checksum=True)
    column = pq.read_metadata(path).row_group(2).column(0)
    content = bytearray(path.read_bytes())
    start = column.data_page_offset
    content[start : start + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    path.write_bytes(content)

    found = read_file(path)

    assert outcomes(found) == [
        *(row["text"] for row in numbered(20)),
        "damaged",
        *(row["text"] for row in numbered(50)[30:]),
    ]
    assert offsets(found) == [*range(21), *range(30, 50)]
    assert read_file(path, 1) == found


def test_a_parquet_file_with_any_byte_damaged_or_cut_anywhere_never_raises(tmp_path: Path) -> None:
    content = parquet(tmp_path / "a.parquet", numbered(30)).read_bytes()

    for at in range(0, len(content), 5):
        for damaged in (content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :], content[:at]):
            path = written(tmp_path / "b.parquet", damaged)
            found = read_file(path)
            assert found, at
            assert len({one.id for one in found}) == len(found), at


def test_a_row_of_html_beyond_the_limit_is_too_large(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", [{"html": "x" * 2000}, {"html": "<p>"}])

    assert [isinstance(one, Page) for one in read_file(path, options=Read(max_page_bytes=1000))] == [False, True]
