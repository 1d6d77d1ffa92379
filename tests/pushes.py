"""Small builds to push, and how they are pushed: what the tests of push and pull share."""

from __future__ import annotations

import dataclasses
import random
import subprocess
from collections.abc import Mapping
from pathlib import Path

from builds import ROOT, command, make_build
from hub import Hub

from curate.recipe import Dedup, LanguageOptions, Output, Quality, Recipe

REPO = "press/news"
WRITER = "hf_writer"
QUICK = Recipe(language=LanguageOptions(enabled=False), quality=Quality(enabled=False), dedup=Dedup(enabled=False))
"""A recipe for builds of many small texts."""
WORDS = (ROOT / "CONTRIBUTING.md").read_text("utf-8").split()


def story(number: int) -> str:
    """A text like no other: its words are drawn by its number."""
    chosen = random.Random(number).choices(WORDS, k=60)
    return f"Story {number} begins here. " + " ".join(chosen) + "."


def stories_build(folder: Path, count: int, *, shard_bytes: int = 256_000_000, licence: str = "") -> Path:
    """A build of so many stories; a larger one keeps the ids and texts of a smaller one."""
    raw = folder / f"raw-{count}"
    raw.mkdir(parents=True)
    for number in range(count):
        (raw / f"story-{number:05}.txt").write_text(story(number), "utf-8")
    out = folder / f"out-{count}"
    output = Output(name="Stories", license=licence, max_shard_bytes=shard_bytes)
    make_build(raw, out, dataclasses.replace(QUICK, output=output), batch_bytes=8_000_000)
    return out


def start(*arguments: object, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """The command line of curate as a process of its own."""
    return subprocess.Popen(
        command(*arguments), env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def run(hub: Hub, *arguments: object, token: str | None = WRITER, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command line of curate, as a user of ``hub`` runs it."""
    process = start(*arguments, environment={**hub.environment(token), **variables})
    output, errors = process.communicate(timeout=120)
    for secret in (*hub.tokens, "signature="):
        assert secret not in output + errors
    assert "Traceback" not in errors, errors
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def push(hub: Hub, out: Path, *options: object, token: str | None = WRITER) -> subprocess.CompletedProcess[str]:
    """Push a build to ``REPO``; it must succeed."""
    done = run(hub, "push", out, REPO, *options, token=token)
    assert done.returncode == 0, done.stderr
    return done


def shards(out: Path) -> dict[str, bytes]:
    """The shards of a build by their paths."""
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.glob("*/*.parquet"))}


def shards_of(hub: Hub, revision: str = "main") -> dict[str, bytes]:
    """The shards of ``REPO`` by their paths."""
    return {path: content for path, content in hub.files(REPO, revision).items() if path.endswith(".parquet")}
