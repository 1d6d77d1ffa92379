"""A build is a dataset of the Hugging Face library, whatever it holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from builds import PROSE, make_build, rows, write_pages
from test_write_build import LOAD_ALL, load

from curate.model import SUBSETS
from curate.recipe import recipe_from

KINDS = [f"{streaming} {split}" for streaming in (False, True) for split in (None, "train")]


def test_every_config_of_a_build_loads_with_its_columns_streaming_or_not(examples_build: Path, tmp_path: Path) -> None:
    found = load(LOAD_ALL, examples_build, tmp_path / "cache")

    counts = {subset: len(rows(examples_build, subset)) for subset in SUBSETS}
    assert all(counts.values())
    assert found == {f"{subset} {kind}": counts[subset] for subset in SUBSETS for kind in KINDS}


@pytest.mark.parametrize("max_shard_bytes", [256_000_000, 20_000])
def test_a_build_of_one_page_loads_and_its_empty_subsets_stream(tmp_path: Path, max_shard_bytes: int) -> None:
    raw = write_pages(tmp_path / "raw", ferry=PROSE)
    make_build(raw, tmp_path / "out", recipe_from({"output": {"max_shard_bytes": max_shard_bytes}}))

    found = load(LOAD_ALL, tmp_path / "out", tmp_path / "cache")

    assert {key: rows_of for key, rows_of in found.items() if key.startswith("data ")} == {
        f"data {kind}": 1 for kind in KINDS
    }
    for subset in ("removed", "rejected", "duplicates"):
        assert found[f"{subset} True None"] == found[f"{subset} True train"] == 0
        assert found[f"{subset} False None"] == 'Instruction "train" corresponds to no data!'  # the library's limit


def test_a_build_of_many_shards_loads_whole(tmp_path: Path) -> None:
    raw = write_pages(tmp_path / "raw", **{f"page_{number}": f"Ferry {number}. {PROSE}" for number in range(20)})
    recipe = recipe_from({"output": {"max_shard_bytes": 2_000}, "dedup": {"enabled": False}})
    build = make_build(raw, tmp_path / "out", recipe)

    found = load(LOAD_ALL, tmp_path / "out", tmp_path / "cache")

    assert len([name for name in build["files"] if name.startswith("data/")]) > 3
    assert {found[f"data {kind}"] for kind in KINDS} == {20}
