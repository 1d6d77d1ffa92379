"""What is installed from a wheel works away from the checkout: the rules are inside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from builds import EXAMPLES, ROOT, digests, rows

from curate.verify import verify


def run(*arguments: object, cwd: Path) -> str:
    """What a command prints; nothing of this checkout is on its path."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(
        [str(one) for one in arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this checkout, made with the build tools that are installed."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of a fresh virtual environment with the wheel, and the dependencies of this one but no curate."""
    folder = tmp_path_factory.mktemp("fresh")
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=folder)
    own = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    for path in site_packages():
        if "curate" not in path.name and path.suffix != ".pth" and not (own / path.name).exists():
            (own / path.name).symlink_to(path)
    return python.parent


def site_packages() -> list[Path]:
    import pyarrow

    return sorted(Path(pyarrow.__file__).parents[1].iterdir())


def test_the_wheel_holds_every_rule_file_and_the_licence_and_no_test(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    rules = {path.relative_to(ROOT / "rules").as_posix() for path in (ROOT / "rules").rglob("*.yaml")}
    assert {name.removeprefix("curate/_rules/") for name in names if name.endswith(".yaml")} == rules
    assert "curate/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if not name.startswith(("curate/", "curate-"))]


def test_an_installed_curate_builds_elsewhere_what_the_checkout_builds(
    installed: Path, examples_build: Path, tmp_path: Path
) -> None:
    where = run(installed / "python", "-c", "import curate; print(curate.__file__)", cwd=tmp_path)
    printed = run(installed / "curate", "build", EXAMPLES, "out", "--json", cwd=tmp_path)

    assert where.startswith(str(installed.parent))
    assert json.loads(printed)["rules"] == json.loads((examples_build / "build.json").read_text())["rules"]
    assert len(rows(tmp_path / "out", "removed")) > 50
    assert digests(tmp_path / "out") == digests(examples_build)
    assert verify(tmp_path / "out") == []


def test_an_installed_curate_lists_and_tests_its_rules(installed: Path, tmp_path: Path) -> None:
    assert " 0 broken." in run(installed / "curate", "rules", "test", cwd=tmp_path)
    assert "any/copyright/notice" in run(installed / "curate", "rules", "list", cwd=tmp_path)
