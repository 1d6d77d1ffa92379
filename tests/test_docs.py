"""What is not documented does not exist, and what is documented runs."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest
import typer
from builds import EXAMPLES, MORE_PROSE, PROSE, ROOT, curate
from hub import Hub, User
from test_build import HOUSE_RULE
from test_write_build import load

from curate.cli import app
from curate.model import SUBSETS
from curate.recipe import Recipe, load_recipe

README = (ROOT / "README.md").read_text("utf-8")
DOCS = README + "".join(path.read_text("utf-8") for path in sorted((ROOT / "docs").rglob("*.md")))


def commands(command: click.Command, path: tuple[str, ...] = ("curate",)) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with the words that call it."""
    if not (inner := getattr(command, "commands", {})):
        yield " ".join(path), command
    for name, one in inner.items():
        yield from commands(one, (*path, name))


COMMANDS = dict(commands(typer.main.get_command(app)))
OPTIONS = [
    (name, option)
    for name, command in COMMANDS.items()
    for parameter in command.params
    for option in parameter.opts
    if option.startswith("--")
]
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
SHELL_LINES = [
    line for language, block in BLOCKS if not language for line in block.splitlines() if line.startswith("curate ")
]
NEEDS_A_CLUSTER = "--address"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a reader who is ``owner`` on a hub."""
    with Hub(tmp_path_factory.mktemp("hub"), {"hf_token": User("owner")}) as hub:
        variables = hub.environment("hf_token")
        yield {name: value for name, value in variables.items() if name.startswith(("HF_", "NO_PROXY"))}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a reader of the README stands: raw/ is there, and what else its examples name."""
    where = tmp_path_factory.mktemp("reader")
    (where / "raw").mkdir()
    (where / "raw" / "examples").symlink_to(EXAMPLES)
    story = {"url": "https://example.com/story", "text": PROSE + MORE_PROSE}
    (where / "raw" / "story.jsonl").write_text(json.dumps(story), "utf-8")
    (where / "page.html").write_text(f"<html><body><article><p>{PROSE}</p></article></body></html>", "utf-8")
    (where / "my-rules").mkdir()
    (where / "my-rules" / "house.yaml").write_text(HOUSE_RULE, "utf-8")
    shutil.copytree(ROOT / "golden" / "en-poem", where / "golden" / "en-poem")
    assert curate("check", "golden/", "--update", cwd=where).returncode == 0
    return where


def online(hub: dict[str, str]) -> dict[str, str]:
    """Variables of a command that may reach the hub."""
    return {**hub, "HF_HUB_OFFLINE": "0"}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented_and_its_help_ends_in_an_example(name: str) -> None:
    assert name in DOCS
    assert re.search(rf"Example: {name}( .+)?\Z", (COMMANDS[name].help or "").strip())


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_every_option_is_documented_and_explained(name: str, option: str) -> None:
    assert re.search(rf"{option}\b", DOCS), f"{option} of {name} stands neither in README.md nor in docs/"
    (parameter,) = (one for one in COMMANDS[name].params if option in one.opts)
    assert getattr(parameter, "help", None), f"{option} of {name} has no help text"


def test_the_readme_names_no_option_that_does_not_exist() -> None:
    known = {option for _, option in OPTIONS} | {"--help", "--version"}

    named = {word for line in SHELL_LINES for word in shlex.split(line, comments=True) if word.startswith("--")}

    assert SHELL_LINES
    assert named <= known


def test_every_line_of_the_readme_runs_in_its_order(folder: Path, hub: dict[str, str]) -> None:
    for line in SHELL_LINES:
        words = shlex.split(line, comments=True)
        if NEEDS_A_CLUSTER in words:
            continue
        done = curate(*words[1:], cwd=folder, **(online(hub) if words[1] in ("push", "pull") else {}))
        assert done.returncode == 0, f"{line}\n{done.stderr}{done.stdout[-500:]}"


def test_every_example_of_a_help_text_runs(folder: Path, hub: dict[str, str]) -> None:
    (folder / "curate.toml").unlink(missing_ok=True)
    for command in COMMANDS.values():
        line = (command.help or "").rpartition("Example: ")[2].strip()
        words = shlex.split(line)
        done = curate(*words[1:], cwd=folder, **(online(hub) if words[1] in ("push", "pull") else {}))
        assert done.returncode == 0, f"{line}\n{done.stderr}{done.stdout[-500:]}"


def test_the_python_of_the_readme_loads_a_build(examples_build: Path, tmp_path: Path) -> None:
    (code,) = (block for language, block in BLOCKS if language == "python")
    (tmp_path / "out").symlink_to(examples_build)

    counted = load(f"{code}\nprint([len(articles), len(removed)])", tmp_path / "out", tmp_path / "cache")

    assert all(count > 20 for count in counted)


def test_init_writes_every_option_of_the_recipe_explained_at_its_default(tmp_path: Path) -> None:
    done = curate("init", "mine.toml", cwd=tmp_path)

    text = (tmp_path / "mine.toml").read_text("utf-8")
    assert done.stdout == "Wrote mine.toml. Use it: curate build raw/ out/ --recipe mine.toml\n"
    assert load_recipe(tmp_path / "mine.toml") == Recipe()
    options = {section.name: {option.name for option in fields(section.default_factory)} for section in fields(Recipe)}
    assert {name: set(table) for name, table in tomllib.loads(text).items()} == options
    for section in fields(Recipe):
        for option in fields(section.default_factory):
            assert f"# {option.metadata['help']}\n{option.name} = " in text


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "curate.toml").write_text("# mine\n")

    done = curate("init", cwd=tmp_path)

    assert done.returncode == 2
    assert "curate.toml exists already" in done.stderr
    assert (tmp_path / "curate.toml").read_text() == "# mine\n"


def test_every_column_of_a_dataset_is_described_in_its_card(examples_build: Path) -> None:
    card = (examples_build / "README.md").read_text("utf-8")

    for schema in SUBSETS.values():
        for column in schema.names:
            assert f"`{column}`" in card, column
