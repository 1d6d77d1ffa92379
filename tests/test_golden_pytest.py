"""docs/golden-in-pytest.md: what it shows runs as shown."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from builds import ROOT, curate
from test_golden import BOX, BOX_RULE, STORY, accept, write_case

PAGE = (ROOT / "docs" / "golden-in-pytest.md").read_text("utf-8")
CONFTEST, TEST = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
(WORKFLOW,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Somebody's checkout with cases: one that passes, one that differs, one that nobody has reviewed."""
    write_case(tmp_path / "golden", "en-ferry")
    write_case(tmp_path / "golden", "xx-draft", expected="Something else.", reviewed=False)
    accept(tmp_path / "golden")
    write_case(tmp_path / "golden", "en-lost", expected=f"{STORY}{BOX}\n")
    return tmp_path


def test_the_conftest_of_ten_lines_gives_a_test_a_case(project: Path) -> None:
    (project / "conftest.py").write_text(CONFTEST, "utf-8")
    (project / "test_golden.py").write_text(TEST, "utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert len([line for line in CONFTEST.splitlines() if line]) <= 10
    assert done.returncode == 1, done.stdout + done.stderr
    results = dict(re.findall(r"test_golden_case\[(\S+)\] (PASSED|FAILED|SKIPPED)", done.stdout))
    assert results == {"en-ferry": "PASSED", "en-lost": "FAILED", "xx-draft": "SKIPPED"}
    assert f"- {BOX}    (expected; removed by {BOX_RULE})" in done.stdout


def test_the_workflow_checks_the_cases_and_keeps_the_result(project: Path) -> None:
    steps = yaml.safe_load(WORKFLOW)["jobs"]["check"]["steps"]
    (line,) = (step["run"] for step in steps if step.get("run", "").startswith("curate "))
    (kept,) = (step for step in steps if step.get("uses", "").startswith("actions/upload-artifact@"))

    done = curate(*shlex.split(line)[1:], cwd=project)

    assert done.returncode == 1
    suite = ElementTree.parse(project / kept["with"]["path"]).getroot()
    assert {test.get("name"): [child.tag for child in test] for test in suite.iter("testcase")} == {
        "en-ferry": [],
        "en-lost": ["failure"],
        "xx-draft": ["skipped"],
        "baseline": ["failure"],
    }
