"""A whole small build, written by the functions of curate.write alone, as every reader sees it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curate.model import SUBSETS, record_id, shard_key
from curate.recipe import Recipe
from curate.write.columns import CONFIGS
from curate.write.documents import write_documents
from curate.write.shards import measure, plan_shards, write_shard

STORIES = [
    # kept lines and (removed line, rule) in the order of the page
    ["The council voted on Monday.", "A second reading is due.", ("Share this story", "en/share/prompt")],
    [("Menu", "site/repeats"), "Rain fell on the hills 🌧 for a week.", ("Subscribe | now*", "en/news/subscribe")],
    ["Das Stadtbad öffnet wieder.", ("Mehr zum Thema", "de/related/heading"), "Der Eintritt bleibt frei."],
    ["Nothing was removed here."],
    ["Rain fell on the hills for a week, they say."],
    [("Only debris", "site/repeats")],
]
MERGED = {4: 1}  # story 4 was merged with story 1
RULES = ["de/related/heading", "en/news/subscribe", "en/share/prompt", "site/repeats"]


def write_arrow(path: Path, schema: pa.Schema, rows: list[dict[str, Any]], batch_rows: int = 2) -> Path:
    """An intermediate file: the subset's columns, the shard key and a column that is not to be written."""
    schema = schema.append(pa.field("shard_key", pa.uint32())).append(pa.field("signature", pa.list_(pa.uint64())))
    rows = [{**row, "shard_key": shard_key(row["id"]), "signature": [1, 2]} for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        for start in range(0, len(rows), batch_rows):
            writer.write_batch(pa.RecordBatch.from_pylist(rows[start : start + batch_rows], schema))
    return path


def story_rows(number: int, story: list[Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    name = record_id(f"pages/{number}.html")
    extracted = "\n".join(line if isinstance(line, str) else line[0] for line in story)
    spans, kept, at = [], "", 0
    for line in story:
        text = line if isinstance(line, str) else line[0]
        text += "\n" if at + len(text) < len(extracted) else ""
        if isinstance(line, str):
            kept += text
        else:
            spans.append({"id": name, "start": at, "end": at + len(text), "text": text, "rule": line[1]})
            spans[-1] |= {"stage": "clean", "why": "No part of the story."}
        at += len(text)
    article = {
        "id": name,
        "text": kept,
        "url": f"https://news.example/{number}",
        "source_domain": "news.example",
        "title": f"Story {number}",
        "authors": ["A. Writer", "B. Writer"] if number else [],
        "language": "de" if "Das" in kept else "en" if kept else None,
        "original_length": len(extracted),
        "length": len(kept),
        "original_nlines": extracted.count("\n") + 1,
        "nlines": kept.count("\n") + 1,
        "word_count": len(kept.split()),
        "provenance": {
            "file_path": f"pages/{number}.html",
            "format": "html",
            "digest": hashlib.sha256(extracted.encode()).hexdigest(),
            "removed_chars": sum(len(span["text"]) for span in spans),
            "extracted_digest": hashlib.sha256(extracted.encode()).hexdigest(),
        },
    }
    return article, spans


def small_build(
    folder: Path, *, stories: list[Any] = STORIES, merged: dict[int, int] = MERGED, bad: int = 1, max_bytes: int = 10**6
) -> Path:
    """Write a finished build of a few stories, in as many shards as ``max_bytes`` asks for."""
    out, work = folder / "out", folder / "work"
    made = [story_rows(number, story) for number, story in enumerate(stories)]
    articles = [article for article, _ in made]
    removed = [span for _, spans in made for span in spans]
    rejected = [
        {"id": record_id(f"bad/{n}"), "file_path": f"bad/{n}", "format": "html", "stage": "extract"}
        | {"reason": "no-text", "detail": "The page has no text."}
        for n in range(bad)
    ]
    duplicates = [
        {"id": articles[copy]["id"], "kept_id": articles[kept]["id"], "cluster_id": articles[kept]["id"]}
        | {"kind": "near", "similarity": 0.9, "file_path": f"pages/{copy}.html"}
        for copy, kept in merged.items()
    ]
    sizes = Counter(kept for kept in merged.values())
    kept = [{"id": articles[k]["id"], "cluster_id": articles[k]["id"], "cluster_size": n + 1} for k, n in sizes.items()]
    kept_schema = pa.schema([("id", pa.string()), ("cluster_id", pa.string()), ("cluster_size", pa.int64())])
    groups = {
        "data": [write_arrow(work / "cleaned" / "0.arrow", SUBSETS["data"], articles)],
        "removed": [write_arrow(work / "removed" / "0.arrow", SUBSETS["removed"], removed)],
        "rejected": [write_arrow(work / "rejected" / "0.arrow", SUBSETS["rejected"], rejected)],
        "duplicates": [write_arrow(work / "duplicates.arrow", SUBSETS["duplicates"], duplicates)],
    }
    clusters = [write_arrow(work / "kept.arrow", kept_schema, kept)]
    files = {}
    for subset, group in groups.items():
        left_out = groups["duplicates"] if subset in ("data", "removed") else []
        for prefix in plan_shards(measure(group), max_bytes):
            entry = write_shard(subset, group, prefix, out / subset, merged=left_out, clusters=clusters)
            name = f"{subset}/part-{prefix or 'all'}.parquet"
            files |= {name: entry} if (out / name).exists() else {}
    left = [row for number, row in enumerate(articles) if number not in merged]
    left_ids = {row["id"] for row in left}
    write_documents(out, build_facts(left, [s for s in removed if s["id"] in left_ids], bad, len(merged), files))
    return out


def build_facts(
    articles: list[dict[str, Any]], removed: list[dict[str, Any]], bad: int, merged: int, files: dict[str, Any]
) -> dict[str, Any]:
    rules: dict[str, dict[str, int]] = {}
    for span in removed:
        counted = rules.setdefault(span["rule"], {"spans": 0, "chars": 0})
        counted["spans"] += 1
        counted["chars"] += len(span["text"])
    extracted, kept = (sum(row[column] for row in articles) for column in ("original_length", "length"))
    return {
        "curate": "0.1.0",
        "versions": {"python": "3.11.9", "trafilatura": "2.3.0"},
        "created": "2026-11-20T00:00:00+00:00",
        "name": "small <news> | [x](y)",
        "recipe": Recipe().as_dict(),
        "recipe_digest": Recipe().digest(),
        "rules": {"digest": "00ff", "packs": [{"id": "en", "version": "1", "digest": "aa", "rules": 3}], "ids": RULES},
        "inputs": [{"path": f"pages/{n}.html", "bytes": 10, "sha256": "0" * 64} for n in range(3)],
        "counts": {
            "records": len(articles) + bad + merged,
            "articles": len(articles),
            "rejected": {"extract/no-text": bad} if bad else {},
            "duplicates": {"near": merged} if merged else {},
            "removed": rules,
            "chars": {"extracted": extracted, "kept": kept, "removed": extracted - kept},
            "languages": dict(Counter(row["language"] or "und" for row in articles)),
        },
        "stages": {s: {"tasks": 1, "cpu_seconds": 0.1, "wall_seconds": 0.1} for s in ("extract", "clean", "write")},
        "files": files,
    }


def load(code: str, out: Path, cache: Path) -> Any:
    """What ``code`` prints as JSON, in a fresh process with a fresh cache and without the network."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(cache), "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=out.parent, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


LOAD_ALL = """
import json
from datasets import Features, load_dataset
from curate.model import SUBSETS
found = {}
for subset, name in {"data": None, "removed": "removed", "rejected": "rejected", "duplicates": "duplicates"}.items():
    right = Features.from_arrow_schema(SUBSETS[subset])
    for streaming in (False, True):
        for split in (None, "train"):
            try:
                rows = load_dataset("out/", name, split=split, streaming=streaming)
                rows = rows if split else rows["train"]
                found[f"{subset} {streaming} {split}"] = sum(1 for _ in rows) if rows.features == right else "features"
            except ValueError as error:
                found[f"{subset} {streaming} {split}"] = str(error)
print(json.dumps(found))
"""


def test_every_config_loads_with_its_features_streaming_or_not_with_a_split_or_without(tmp_path: Path) -> None:
    out = small_build(tmp_path, max_bytes=300)

    found = load(LOAD_ALL, out, tmp_path / "cache")

    rows = {"data": 5, "removed": 5, "rejected": 1, "duplicates": 1}
    assert found == {
        f"{subset} {streaming} {split}": n
        for subset, n in rows.items()
        for streaming in (False, True)
        for split in (None, "train")
    }


def test_a_subset_without_rows_streams_and_the_other_configs_load_as_ever(tmp_path: Path) -> None:
    out = small_build(tmp_path, stories=[["One line, and nothing else happened."]], merged={}, bad=0)

    found = load(LOAD_ALL, out, tmp_path / "cache")

    assert {key: found[key] for key in found if key.startswith("data")} == dict.fromkeys(
        [f"data {streaming} {split}" for streaming in (False, True) for split in (None, "train")], 1
    )
    for subset in ("removed", "rejected", "duplicates"):
        assert found[f"{subset} True None"] == found[f"{subset} True train"] == 0
        # a limit of the library, which the card tells of; when this fails, the library has learnt it
        assert (
            found[f"{subset} False None"]
            == found[f"{subset} False train"]
            == ('Instruction "train" corresponds to no data!')
        )
        assert pq.read_metadata(out / subset / "part-all.parquet").num_row_groups == 0
    assert "Without rows in this build: `removed`, `rejected`, `duplicates`" in (out / "README.md").read_text("utf-8")


def test_the_snippet_of_the_card_restores_every_extracted_text(tmp_path: Path) -> None:
    out = small_build(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (out / "README.md").read_text("utf-8"), re.DOTALL)
    snippet = next(block for block in blocks if "def restore" in block)

    shown = "import json\n" + snippet + "\nprint(json.dumps(len(removed)))"

    assert load(shown, out, tmp_path / "cache") == 4


def test_the_snippet_of_the_card_fails_where_a_removed_text_is_another(tmp_path: Path) -> None:
    out = small_build(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (out / "README.md").read_text("utf-8"), re.DOTALL)
    snippet = next(block for block in blocks if "def restore" in block)
    path = out / "removed" / "part-all.parquet"
    rows = pq.read_table(path).to_pylist()
    rows[0]["text"] = rows[0]["text"].upper() + "!"
    pq.write_table(pa.Table.from_pylist(rows, SUBSETS["removed"]), path)

    with pytest.raises(AssertionError, match="AssertionError"):
        load("import json\n" + snippet + "\nprint(json.dumps(1))", out, tmp_path / "cache")


def test_build_json_is_written_last_so_an_interrupted_build_has_none(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        write_documents(tmp_path, {"name": "unfinished"})

    assert not (tmp_path / "build.json").exists()


def test_configs_and_subsets_are_the_same_set() -> None:
    assert list(CONFIGS) == list(SUBSETS)
