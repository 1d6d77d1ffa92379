"""What is built once, and what may be absent."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from builds import EXAMPLES, SHARED, make_build


@pytest.fixture(scope="session")
def examples_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished build of examples/raw. Only to be read: see ``own_build``."""
    out = tmp_path_factory.mktemp("examples") / "out"
    make_build(EXAMPLES, out)
    return out


@pytest.fixture
def own_build(examples_build: Path, tmp_path: Path) -> Path:
    """A copy of the build of examples/raw that a test may change."""
    return Path(shutil.copytree(examples_build, tmp_path / "own" / "out"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the sample document and the benchmark sets beside this checkout."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not there")
    return SHARED
