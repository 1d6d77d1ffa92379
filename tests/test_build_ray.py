"""A build on Ray writes the bytes that a build on this machine's own processes writes."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from builds import EXAMPLES, SMALL_BATCH, curate, digests

from curate.verify import verify

pytestmark = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed: curate[ray]")


def test_a_build_on_ray_gives_the_same_bytes_and_prints_json_alone(examples_build: Path, tmp_path: Path) -> None:
    options = ["--engine", "ray", "--workers", 2, "--batch-bytes", SMALL_BATCH, "--json"]

    done = curate("build", EXAMPLES, "out", *options, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("{") and done.stdout.count("\n") == 1
    assert digests(tmp_path / "out") == digests(examples_build)
    assert verify(tmp_path / "out") == []
