"""croissant.json as mlcroissant reads it."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import mlcroissant
import pyarrow.parquet as pq
import pytest
from test_write_build import small_build

from curate.model import SUBSETS
from curate.write.columns import CONFIGS
from curate.write.croissant import CONFORMS_TO, croissant


def described(out: Path) -> dict[str, object]:
    return croissant(json.loads((out / "build.json").read_bytes()), SUBSETS)


def test_mlcroissant_finds_neither_an_error_nor_a_foreign_context(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out = small_build(tmp_path)

    with caplog.at_level(logging.WARNING):
        dataset = mlcroissant.Dataset(jsonld=described(out))

    assert dataset.metadata.ctx.conforms_to.value == CONFORMS_TO
    assert not dataset.metadata.ctx.issues.errors
    assert "@context" not in caplog.text


def test_mlcroissant_reads_the_records_of_every_subset(tmp_path: Path) -> None:
    out = small_build(tmp_path, max_bytes=300)
    dataset = mlcroissant.Dataset(jsonld=str(out / "croissant.json"))

    read = {config: list(dataset.records(config)) for config in CONFIGS.values()}

    assert {config: len(rows) for config, rows in read.items()} == {
        "default": 5,
        "removed": 5,
        "rejected": 1,
        "duplicates": 1,
    }
    written = {row["id"]: row for path in (out / "data").iterdir() for row in pq.read_table(path).to_pylist()}
    for row in read["default"]:
        article = written[row["default/id"].decode()]
        assert row["default/text"].decode() == article["text"]
        assert row["default/length"] == article["length"]
        assert [name.decode() for name in row["default/authors"]] == article["authors"]
        nested = row["default/provenance"]
        assert nested["default/provenance/file_path"].decode() == article["provenance"]["file_path"]
        assert nested["default/provenance/removed_chars"] == article["provenance"]["removed_chars"]


def test_every_shard_has_its_sha256_and_every_column_a_field(tmp_path: Path) -> None:
    out = small_build(tmp_path, max_bytes=300)
    build = json.loads((out / "build.json").read_bytes())

    made = croissant(build, SUBSETS)

    said = {entry["@id"]: entry["sha256"] for entry in made["distribution"] if entry["@type"] == "cr:FileObject"}
    assert said == {name: entry["sha256"] for name, entry in build["files"].items()}
    for subset, record_set in zip(SUBSETS, made["recordSet"], strict=True):
        assert [field["name"] for field in record_set["field"]] == SUBSETS[subset].names
    nested = [field["name"] for field in made["recordSet"][0]["field"][-1]["subField"]]
    assert nested == [child.name for child in SUBSETS["data"].field("provenance").type]


def test_the_stages_are_the_provenance_and_survive_mlcroissant(tmp_path: Path) -> None:
    made = described(small_build(tmp_path))

    kept = mlcroissant.Dataset(jsonld=made).metadata.to_json()

    labels = [activity["prov:label"] for activity in made["prov:wasGeneratedBy"]]
    assert labels == ["extract", "clean", "write"]
    assert made["prov:wasGeneratedBy"][1]["prov:wasInformedBy"] == {"@id": "stage/extract"}
    assert made["prov:wasDerivedFrom"]["prov:label"].startswith("3 input files")
    assert "prov:wasGeneratedBy" in kept and "prov:wasDerivedFrom" in kept


def test_a_licence_is_named_only_where_the_recipe_names_one(tmp_path: Path) -> None:
    out = small_build(tmp_path)
    build = json.loads((out / "build.json").read_bytes())

    without = croissant(build, SUBSETS)
    build["recipe"]["output"]["license"] = "cc-by-4.0"

    assert "license" not in without
    assert croissant(build, SUBSETS)["license"] == "cc-by-4.0"


def test_how_long_a_build_took_changes_nothing(tmp_path: Path) -> None:
    out = small_build(tmp_path)
    build = json.loads((out / "build.json").read_bytes())
    before = croissant(build, SUBSETS)

    build["stages"]["clean"]["wall_seconds"] = 99.0

    assert croissant(build, SUBSETS) == before
