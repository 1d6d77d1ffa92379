"""From files of articles to merged articles, and laws that hold for any corpus."""

from __future__ import annotations

import itertools
import random
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.dedup import SIGNATURES, candidates, clusters, pairs, signature_columns, verify
from curate.dedup.canonical import AGENCY_SITES, agency_of_site, instant
from curate.model import ARTICLES, DUPLICATES, shard_key
from curate.recipe import Dedup

Row = Mapping[str, Any]
CLEANED = pa.schema([*ARTICLES, ("shard_key", pa.uint32()), *SIGNATURES])
STORY = " ".join(f"word{number}" for number in range(60))
LONG_STORY = " ".join(f"word{number}" for number in range(300))


def article(article_id: str, text: str, **columns: Any) -> Row:
    provenance = {
        "file_path": f"{article_id}.html",
        "digest": f"d-{article_id}",
        "removed_chars": 0,
        "record_offset": 5,
    }
    provenance |= {"removed_chars": columns.pop("removed_chars", 0)}
    return {"id": article_id, "text": text, "length": len(text), "provenance": provenance} | columns


def changed(text: str, *places: int) -> str:
    return " ".join(f"new{place}" if place in places else word for place, word in enumerate(text.split()))


def write(path: Path, table: pa.Table, batch_rows: int = 3) -> Path:
    with pa.ipc.new_file(str(path), table.schema) as sink:
        sink.write_table(table, max_chunksize=batch_rows)
    return path


def write_articles(path: Path, rows: Sequence[Row], batch_rows: int = 3) -> Path:
    signed = signature_columns([row["text"] for row in rows], [row.get("url") for row in rows])
    own = pa.Table.from_pylist(list(rows), ARTICLES)
    keys = pa.array([shard_key(row["id"]) for row in rows], pa.uint32())
    return write(path, pa.table([*own.columns, keys, *signed.values()], schema=CLEANED), batch_rows)


def dedup(
    portions: Sequence[Sequence[Row]], options: Dedup | None = None, partitions: int = 1, batch_rows: int = 3
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Verified pairs, merged and kept articles of a corpus that comes in several files."""
    options = options or Dedup()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [write_articles(folder / f"c{n}", portion, batch_rows) for n, portion in enumerate(portions)]
        found = [write(folder / f"p{n}", candidates(files, n, partitions)) for n in range(partitions)]
        edges = [verify(files, found, n, partitions, options.similarity) for n in range(partitions)]
        return pa.concat_tables(edges), *clusters(files, edges, options)


def merged(rows: Sequence[Row], options: Dedup | None = None) -> dict[str, tuple[str, str]]:
    """Of each merged article: the one that was kept, and the kind."""
    duplicates = dedup([rows], options)[1]
    return {row["id"]: (row["kept_id"], row["kind"]) for row in duplicates.to_pylist()}


def test_each_kind_of_copy_is_merged_and_says_what_it_is() -> None:
    rows = [
        article("a", STORY, url="https://x.org/story"),
        article("b", "Quite another text, but of the same page.", url="http://www.x.org/story/?utm_source=y"),
        article("c", STORY.upper() + "!"),
        article("d", changed(STORY, 0)),
        article("e", changed(STORY, *range(0, 60, 5))),
        article("f", ""),
        article("g", "..."),
    ]

    edges, duplicates, kept = dedup([rows])

    assert [(row["id"], row["kept_id"], row["kind"]) for row in duplicates.to_pylist()] == [
        ("a", "c", "exact"),
        ("b", "c", "exact"),
        ("d", "c", "near"),
    ]
    assert duplicates["similarity"].to_pylist() == [1.0, 0.0, pytest.approx(55 / 57)]
    assert kept.to_pylist() == [{"id": "c", "cluster_id": "c", "cluster_size": 4}]
    assert edges.filter(pa.compute.equal(edges["kind"], "url"))["similarity"].to_pylist() == [0.0]


def test_a_merged_article_keeps_its_address_date_and_place() -> None:
    rows = [article("a", STORY), article("b", STORY, url="http://x.org/1", date_published="2023-06-06")]
    rows[0] = rows[0] | {"date_published": "2023-06-05"}

    _, duplicates, _ = dedup([rows])

    assert duplicates.schema == DUPLICATES.append(pa.field("shard_key", pa.uint32()))
    assert duplicates.to_pylist() == [
        {
            "id": "b",
            "kept_id": "a",
            "cluster_id": "a",
            "kind": "exact",
            "similarity": 1.0,
            "url": "http://x.org/1",
            "date": "2023-06-06",
            "file_path": "b.html",
            "record_offset": 5,
            "digest": "d-b",
            "shard_key": shard_key("b"),
        }
    ]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (Dedup(url=False), {"c": ("a", "exact"), "d": ("a", "near")}),
        (Dedup(exact=False), {"b": ("a", "url"), "c": ("a", "near"), "d": ("a", "near")}),
        (Dedup(near=False), {"b": ("a", "url"), "c": ("a", "exact")}),
        (Dedup(exact=False, near=False), {"b": ("a", "url")}),
        (Dedup(similarity=0.99), {"b": ("a", "url"), "c": ("a", "exact")}),
        (Dedup(enabled=False), {}),
    ],
)
def test_what_is_off_is_not_used(options: Dedup, expected: dict[str, tuple[str, str]]) -> None:
    rows = [
        article("a", STORY, url="http://x.org/1", date_published="2020-01-01"),
        article("b", "Something else.", url="http://x.org/1"),
        article("c", STORY),
        article("d", changed(STORY, 0)),
    ]

    assert merged(rows, options) == expected


def test_a_chain_of_edits_is_one_cluster_and_similarity_is_to_the_kept_one() -> None:
    rows = [article(f"{step:03}", changed(LONG_STORY, *range(step))) for step in range(0, 200, 10)]

    _, duplicates, kept = dedup([rows])

    assert kept["cluster_size"].to_pylist() == [20]
    assert duplicates["kept_id"].unique().to_pylist() == ["000"]
    assert duplicates["similarity"].to_pylist() == sorted(duplicates["similarity"].to_pylist(), reverse=True)
    assert duplicates["similarity"].to_pylist()[-1] == pytest.approx((296 - 190) / (296 + 190))


def test_copies_of_one_text_do_not_make_every_pair() -> None:
    rows = [article(f"{number:05}", STORY) for number in range(2_000)]
    rows += [article("x", changed(STORY, 30)), article("y", STORY, url="http://x.org/")]

    edges, duplicates, kept = dedup([rows], batch_rows=500)

    assert edges.num_rows == 2_001
    assert (duplicates.num_rows, kept["cluster_size"].to_pylist()) == (2_001, [2_002])


def test_many_texts_of_one_template_are_one_cluster_without_every_pair() -> None:
    rows = [article(f"{number:05}", changed(LONG_STORY, number % 290) + f" end{number}") for number in range(600)]

    edges, _, kept = dedup([rows], batch_rows=500)

    assert kept["cluster_size"].to_pylist() == [600]
    assert edges.num_rows < 600 * 599 / 2 / 5


def test_chinese_copies_are_found() -> None:
    text = "".join(chr(0x4E00 + 37 * number) for number in range(200))

    assert merged([article("a", text), article("b", text[:150] + "，新" + text[151:])]) == {"a": ("b", "near")}


def test_the_canonical_article_is_chosen_in_the_documented_order() -> None:
    """Each of these beats all those after it."""
    longer = STORY + " tail"
    in_order = [
        article("9", STORY, source_domain="www.afp.com"),
        article("8", STORY, date_published="2023-06-06T23:00:00+09:00", source_domain="apnews.com"),
        article("7", STORY, date_published="2023-06-06T15:00:00"),
        article("6", STORY, date_published="2023-06-06T11:00:00-05:00", wire_agency="AFP"),
        article("5", longer, date_published="2023-06-06"),
        article("4", STORY, date_published="2023-06-06"),
        article("3", STORY, date_published="2023-06-06", removed_chars=9),
        article("2", longer),
        article("0", STORY, date_published="last Tuesday", source_domain="notafp.com"),
        article("1", STORY),
    ]

    for first in range(len(in_order) - 1):
        rows = in_order[first:] if first > 3 else [*in_order[first:], article("z", STORY, wire_agency="AFP")]
        assert {kept for kept, _ in merged(rows).values()} == {in_order[first]["id"]}, first


def test_without_a_named_agency_any_agency_s_site_is_its_story_s_own() -> None:
    rows = [article("a", STORY, date_published="2020-01-01"), article("b", STORY, source_domain="uk.reuters.com")]

    assert merged(rows) == {"a": ("b", "exact")}
    rows[1] = rows[1] | {"wire_agency": "AP"}
    assert merged(rows) == {"b": ("a", "exact")}


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ({"source_domain": "x.org", "wire_agency": "AFP"}, {"source_domain": "y.org", "wire_agency": "AFP"}, "wire"),
        ({"source_domain": "x.org", "wire_agency": "AFP"}, {"source_domain": "y.org"}, "wire"),
        ({"source_domain": "x.org"}, {"source_domain": "y.org", "wire_agency": "afp"}, "wire"),
        ({"source_domain": "x.org", "wire_agency": "AP"}, {"source_domain": "y.org", "wire_agency": "AFP"}, "near"),
        ({"source_domain": "x.org", "wire_agency": "AFP"}, {"source_domain": "x.org", "wire_agency": "AFP"}, "near"),
        ({"source_domain": "x.org", "wire_agency": "AFP"}, {"wire_agency": "AFP"}, "near"),
        ({"source_domain": "x.org"}, {"source_domain": "y.org"}, "near"),
    ],
)
def test_a_wire_copy_is_one_agency_s_story_on_two_sites(first: Row, second: Row, kind: str) -> None:
    rows = [article("a", STORY, **first), article("b", changed(STORY, 0), **second)]

    assert merged(rows) == {"b": ("a", kind)}


def test_an_exact_copy_can_be_a_wire_copy_and_a_second_fetch_is_none() -> None:
    rows = [
        article("a", STORY, source_domain="x.org", wire_agency="AFP", url="http://x.org/1"),
        article("b", STORY, source_domain="y.org"),
        article("c", STORY, source_domain="z.org", url="http://x.org/1"),
    ]

    assert merged(rows) == {"b": ("a", "wire"), "c": ("a", "url")}


@pytest.mark.parametrize("portions", [[], [[]], [[], []], [[article("a", "")]], [[article("a", ""), article("b", "")]]])
def test_nothing_to_merge_gives_empty_tables(portions: Sequence[Sequence[Row]]) -> None:
    for table in dedup(portions, partitions=2):
        assert table.num_rows == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-06-06", "2023-06-06T23:59:59.999999+00:00"),
        ("2023-06-06T10:00:00+02:00", "2023-06-06T08:00:00+00:00"),
        ("2023-06-06T10:00:00Z", "2023-06-06T10:00:00+00:00"),
        ("2023-06-06T10:00", "2023-06-06T10:00:00+00:00"),
    ],
)
def test_dates_are_compared_as_instants(text: str, expected: str) -> None:
    assert instant(text).isoformat() == expected  # type: ignore[union-attr]


@pytest.mark.parametrize("text", [None, "", "yesterday", "2023-13-01", "0001-01-01T00:00:00+05:00"])
def test_a_date_that_cannot_be_read_is_unknown(text: str | None) -> None:
    assert instant(text) is None


def test_every_agency_s_sites_are_its_own_with_their_subdomains_and_nobody_else_s() -> None:
    for agency, sites in AGENCY_SITES.items():
        assert {agency_of_site(site) for site in (*sites, f"www.{sites[0]}")} == {agency.casefold()}
        assert agency_of_site(f"not{sites[0]}") is None
        assert agency_of_site(f"{sites[0]}.example") is None
    assert len({site for sites in AGENCY_SITES.values() for site in sites}) == sum(map(len, AGENCY_SITES.values()))
    assert agency_of_site(None) is None


words = st.integers(0, 40).map(lambda number: f"w{number:02}")
edits = st.lists(
    st.tuples(st.sampled_from(["replace", "delete", "insert", "cut"]), st.integers(0, 59), words), max_size=3
)


def edited(text: Sequence[str], changes: Sequence[tuple[str, int, str]]) -> str:
    result = list(text)
    for change, place, word in changes:
        end = {"replace": place + 1, "delete": place + 1, "insert": place, "cut": len(result)}[change]
        result[place:end] = [word] if change in ("replace", "insert") else []
    return " ".join(result)


@st.composite
def corpora(draw: st.DrawFn) -> list[Row]:
    """Up to 14 articles that are edits of up to 3 texts, some with one URL."""
    texts = draw(st.lists(st.lists(words, max_size=60), min_size=1, max_size=3))
    rows = []
    for number in range(draw(st.integers(0, 14))):
        text = edited(draw(st.sampled_from(texts)), draw(edits))
        columns = {
            "url": draw(st.sampled_from([None, None, None, "http://x.org/1", "http://x.org/2"])),
            "source_domain": draw(st.sampled_from([None, "x.org", "afp.com"])),
            "wire_agency": draw(st.sampled_from([None, None, "AFP", "AP"])),
            "date_published": draw(st.sampled_from([None, "2023-06-06", "2023-06-06T10:00:00Z", "2024"])),
        }
        rows.append(article(f"{(number * 7) % 15:02}", text, **columns))
    return rows


@settings(max_examples=40, deadline=None)
@given(corpora(), st.randoms(use_true_random=False), st.integers(1, 4), st.integers(1, 9))
def test_the_order_of_files_and_rows_partitions_and_batches_change_nothing(
    rows: list[Row], shuffler: random.Random, partitions: int, batch_rows: int
) -> None:
    shuffled = shuffler.sample(rows, len(rows))
    portions = [shuffled[start::3] for start in range(3)]

    expected_edges, *expected = dedup([rows])
    edges, *found = dedup(portions, partitions=partitions, batch_rows=batch_rows)

    assert found == expected
    assert sorted(edges.to_pylist(), key=str) == sorted(expected_edges.to_pylist(), key=str)


def sets_of(rows: Sequence[Row], column: str) -> dict[str, set[int]]:
    signed = signature_columns([row["text"] for row in rows], [None] * len(rows))
    return {row["id"]: set(one) for row, one in zip(rows, signed[column].to_pylist(), strict=True)}


def expected_clusters(rows: Sequence[Row], similarity: float) -> set[frozenset[str]]:
    """The clusters by comparing every pair in plain Python."""
    bands, shingles = sets_of(rows, "bands"), sets_of(rows, "shingles")
    cluster = {row["id"]: frozenset([row["id"]]) for row in rows}
    for a, b in itertools.combinations(rows, 2):
        one, other = shingles[a["id"]], shingles[b["id"]]
        is_near = bool(bands[a["id"]] & bands[b["id"]]) and len(one & other) / len(one | other) >= similarity
        if is_near or (a["url"] and a["url"] == b["url"]) or (a["text"] and a["text"] == b["text"]):
            joined = cluster[a["id"]] | cluster[b["id"]]
            cluster |= dict.fromkeys(joined, joined)
    return {one for one in cluster.values() if len(one) > 1}


@settings(max_examples=60, deadline=None)
@given(corpora(), st.sampled_from([0.3, 0.7, 0.9]))
def test_clusters_are_those_of_comparing_every_pair(rows: list[Row], similarity: float) -> None:
    edges, duplicates, kept = dedup([rows], Dedup(similarity=similarity), partitions=2)

    found = defaultdict(set)
    for row in duplicates.to_pylist():
        found[row["kept_id"]] |= {row["id"], row["kept_id"]}

    assert set(map(frozenset, found.values())) == expected_clusters(rows, similarity)
    assert {row["id"]: row["cluster_size"] for row in kept.to_pylist()} == {one: len(ids) for one, ids in found.items()}
    assert not set(kept["id"].to_pylist()) & set(duplicates["id"].to_pylist())
    assert all(row["similarity"] >= similarity for row in edges.to_pylist() if row["kind"] != "url")


@settings(max_examples=30, deadline=None)
@given(corpora())
def test_similarity_is_that_of_the_two_texts(rows: list[Row]) -> None:
    shingles = sets_of(rows, "shingles")

    _, duplicates, _ = dedup([rows])

    for row in duplicates.to_pylist():
        one, other = shingles[row["id"]], shingles[row["kept_id"]]
        assert row["similarity"] == (len(one & other) / len(one | other) if one and other else 0.0)


def test_pairs_measured_in_portions_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [article(f"{number:02}", changed(LONG_STORY, number * 9)) for number in range(12)]
    whole = dedup([rows])

    monkeypatch.setattr(pairs, "_PAIRS_AT_ONCE", 5)

    assert dedup([rows]) == whole
    assert whole[0].num_rows == 66
