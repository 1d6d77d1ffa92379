"""The commands of CONTRIBUTING.md run as written, in a copy of the project."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from builds import ROOT

BLOCKS = re.findall(r"^```sh\n(.*?)^```", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
SHIMS = {"curate": f'exec {sys.executable} -P -m curate "$@"', "make": f"exec {sys.executable} docs/generate.py"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project, in which ``curate`` and ``make docs`` are those of the copy."""
    for name in ("curate", "rules", "golden", "examples", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "bin").mkdir()
    for name, text in SHIMS.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


def run(script: str, project: Path) -> subprocess.CompletedProcess[str]:
    path = f"{project / 'bin'}:{os.environ['PATH']}"
    variables = {**os.environ, "PATH": path, "PYTHONPATH": str(project), "EDITOR": "true", "HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=project, env=variables, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def test_a_rule_is_added_as_contributing_says(project: Path) -> None:
    done = run(BLOCKS[0], project)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout
    assert "by carrier pigeon" in (project / "docs" / "rules" / "en" / "share" / "pigeon.md").read_text("utf-8")


def test_a_golden_case_is_added_as_contributing_says(project: Path) -> None:
    done = run(BLOCKS[1], project)
    checked = run("curate check golden/ -k en-h", project)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 case, 0 differ" in done.stdout
    assert checked.returncode == 0, checked.stdout
    assert (project / "golden" / "en-harbour-crane" / "removed.tsv").is_file()


def test_a_rule_that_eats_a_golden_case_is_refused(project: Path) -> None:
    greedy = (
        BLOCKS[0]
        .replace('"subscribe by carrier pigeon"]', '"2 tsp baking soda"]')
        .replace('"» Subscribe by carrier pigeon"', '"2 tsp baking soda"')
        .replace("curate check golden/", "curate check golden/ -k recipe")
    )
    done = run(greedy, project)

    assert done.returncode == 1
    assert "en-recipe: differs" in done.stdout
    assert "2 tsp baking soda" in done.stdout
    assert "removed by en/share/pigeon" in done.stdout
