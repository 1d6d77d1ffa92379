"""Whatever is changed in a finished build, ``curate verify`` says so, also where the digests were made to fit."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builds import curate

from curate.errors import OutputError
from curate.model import SUBSETS
from curate.verify import verify
from curate.write import card, croissant, sealed, write_json, write_text
from curate.write.manifest import file_entry

Row = dict[str, Any]


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def forge(out: Path, subset: str, change: Callable[[list[Row]], list[Row] | None]) -> None:
    """Change the rows of a subset, and make every digest and description fit: a forger who knows curate."""
    path = out / subset / "part-all.parquet"
    rows = pq.read_table(path).to_pylist()
    changed = change(rows)
    pq.write_table(pa.Table.from_pylist(rows if changed is None else changed, SUBSETS[subset]), path)
    build = json.loads((out / "build.json").read_text())
    build["files"][f"{subset}/{path.name}"] = file_entry(path)
    describe(out, build)


def describe(out: Path, build: Row) -> None:
    build = sealed(build)
    write_text(out / "README.md", card(build, SUBSETS))
    write_json(out / "croissant.json", croissant(build, SUBSETS))
    write_json(out / "build.json", build)


def test_a_build_that_nobody_touched_has_no_differences(own_build: Path) -> None:
    assert verify(own_build) == []


def test_forging_nothing_changes_nothing(own_build: Path) -> None:
    forge(own_build, "data", lambda rows: None)

    assert verify(own_build) == []


@pytest.mark.parametrize("name", [*(f"{subset}/part-all.parquet" for subset in SUBSETS), "build.json"])
def test_one_flipped_byte_is_named_with_its_file_and_the_exit_code_is_1(own_build: Path, name: str) -> None:
    flip_a_byte(own_build / name)

    done = curate("verify", own_build, cwd=own_build.parent)

    assert done.returncode == 1
    assert done.stdout.startswith(f"{name}: ")
    assert done.stdout.endswith(f"{own_build}: 1 differences.\n")
    assert done.stderr == ""


def test_a_missing_shard_is_named(own_build: Path) -> None:
    (own_build / "removed" / "part-all.parquet").unlink()

    assert verify(own_build) == ["removed/part-all.parquet: missing"]


def test_a_shard_that_no_build_wrote_is_named(own_build: Path) -> None:
    content = (own_build / "data" / "part-all.parquet").read_bytes()
    (own_build / "data" / "part-more.parquet").write_bytes(content)

    assert verify(own_build) == ["data/part-more.parquet: not in build.json"]


def test_a_count_changed_in_build_json_is_noticed(own_build: Path) -> None:
    text = (own_build / "build.json").read_text()
    articles = json.loads(text)["counts"]["articles"]
    (own_build / "build.json").write_text(text.replace(f'"articles": {articles},', f'"articles": {articles + 1},'))

    assert verify(own_build) == ["build.json: it was changed: its digest is another"]


def test_a_count_changed_with_the_digest_made_to_fit_is_noticed(own_build: Path) -> None:
    build = json.loads((own_build / "build.json").read_text())
    build["counts"]["articles"] += 1

    describe(own_build, build)

    right = build["counts"]["articles"] - 1
    assert verify(own_build) == [f"build.json: counts.articles is {right + 1}, but the rows make {right}"]


def test_a_card_that_tells_other_numbers_is_noticed(own_build: Path) -> None:
    path = own_build / "README.md"
    rows = pq.read_metadata(own_build / "data" / "part-all.parquet").num_rows
    path.write_text(path.read_text("utf-8").replace(f"num_examples: {rows}", f"num_examples: {rows + 1}", 1), "utf-8")

    assert any(difference.startswith("README.md: ") for difference in verify(own_build))


def change_removed_text(rows: list[Row]) -> None:
    rows[0]["text"] = rows[0]["text"][::-1] if rows[0]["text"] != rows[0]["text"][::-1] else "x" * len(rows[0]["text"])


def drop_removed_row(rows: list[Row]) -> list[Row]:
    return rows[1:]


def name_unknown_rule(rows: list[Row]) -> None:
    rows[0]["rule"] = "en/no/such-rule"


def move_span(rows: list[Row]) -> None:
    rows[0]["start"] += 1
    rows[0]["end"] += 1


def change_kept_text(rows: list[Row]) -> None:
    rows[0]["text"] = rows[0]["text"].replace("e", "a", 1)


def drop_article(rows: list[Row]) -> list[Row]:
    return rows[1:]


def repeat_article(rows: list[Row]) -> list[Row]:
    return [rows[0], *rows]


def name_absolute_path(rows: list[Row]) -> None:
    rows[0]["provenance"]["file_path"] = "/home/somebody/raw/page.html"


def stand_for_more(rows: list[Row]) -> None:
    rows[0]["cluster_size"] += 1


def drop_row(rows: list[Row]) -> list[Row]:
    return rows[:-1]


def keep_unknown_article(rows: list[Row]) -> None:
    rows[0]["kept_id"] = "0" * 32


def change_reason(rows: list[Row]) -> None:
    rows[0]["reason"] = "tiresome"


MISFIT = "kept and removed text do not give the extracted text|its spans overlap or leave the text"


@pytest.mark.parametrize(
    ("subset", "change", "said"),
    [
        ("removed", change_removed_text, MISFIT),
        ("removed", drop_removed_row, MISFIT),
        ("removed", name_unknown_rule, "no rule is called 'en/no/such-rule'"),
        ("removed", move_span, MISFIT),
        ("data", change_kept_text, MISFIT),
        ("data", drop_article, "counts.articles"),
        ("data", repeat_article, "stands there twice"),
        ("data", name_absolute_path, "is not relative to the input folder"),
        ("data", stand_for_more, "cluster_size is"),
        ("duplicates", drop_row, "cluster_size is"),
        ("duplicates", keep_unknown_article, "no article is called 00000000"),
        ("rejected", drop_row, "counts.records"),
        ("rejected", change_reason, "/tiresome is 0, but the rows make 1"),
    ],
)
def test_changed_rows_are_found_even_where_every_digest_was_made_to_fit(
    own_build: Path, subset: str, change: Callable[[list[Row]], list[Row] | None], said: str
) -> None:
    forge(own_build, subset, change)

    differences = verify(own_build)

    assert any(re.search(said, difference) for difference in differences), differences


def test_json_lists_the_differences(own_build: Path) -> None:
    (own_build / "data" / "part-all.parquet").unlink()

    done = curate("verify", own_build, "--json", cwd=own_build.parent)

    assert done.returncode == 1
    assert json.loads(done.stdout) == {"differences": ["data/part-all.parquet: missing"]}


def test_a_folder_without_a_finished_build_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="not a finished build"):
        verify(tmp_path)
