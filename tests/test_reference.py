import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from builds import ROOT, curate

from curate.heuristics import HEURISTICS
from curate.reference import reference_pages
from curate.rules import load_packs, packaged_rules
from curate.rules.schema import rule_schema

FILES = sorted(path for path in packaged_rules().rglob("*.yaml") if path.name != "pack.yaml")
VALID = """
- id: mine/one
  title: One
  match: {phrase: more news}
  where: {lang: [de, fr], max_words: 12}
  action: drop
  why: Because.
  source: this test
  examples: {drop: [More news], keep: [More rain]}
"""


def test_the_pages_of_the_reference_are_those_of_the_rules() -> None:
    pages = reference_pages(load_packs([packaged_rules()]))
    folder = ROOT / "docs" / "rules"
    found = {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.md")}

    assert set(pages) - set(found) == set(), "run make docs"
    assert set(found) - set(pages) == set(), "run make docs"
    assert [name for name, text in pages.items() if found[name] != text] == [], "run make docs"


def test_the_published_schema_is_the_current_one() -> None:
    assert json.loads((packaged_rules() / "schema.json").read_text("utf-8")) == rule_schema()


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_rule_file_names_the_schema_and_obeys_it(path: Path) -> None:
    text = path.read_text("utf-8")

    assert text.startswith("# yaml-language-server: $schema=../schema.json\n")
    jsonschema.validate(yaml.load(text, yaml.CSafeLoader), rule_schema())


@pytest.mark.parametrize(
    "text",
    [
        VALID.replace("title", "titel"),
        VALID.replace("  why: Because.\n", ""),
        VALID.replace("phrase: more news", "phrase: more news, regex: more"),
        VALID.replace("phrase: more news", "tokens: {item: a}"),
        VALID.replace("phrase: more news", "regex: more, at: end"),
        VALID.replace("action: drop", "action: dorp"),
        VALID.replace("max_words: 12", "max_words: 0"),
        VALID.replace(", keep: [More rain]", ""),
        "id: mine/one",
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(text: str, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(text, "utf-8")
    loaded = curate("rules", "test", tmp_path, cwd=tmp_path)

    jsonschema.validate(yaml.safe_load(VALID), rule_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(text), rule_schema())
    assert loaded.returncode == 2


def test_a_rule_is_shown_with_all_that_is_known_of_it(tmp_path: Path) -> None:
    shown = curate("rules", "show", "wire/afp/desk-slug", cwd=tmp_path).stdout

    for part in (
        "AFP desk signature",
        "directly below prose",
        "`wire_agency` = `AFP`",
        "bur-fz-fff-sjw/adp/gw",
    ):
        assert part in shown


@pytest.mark.parametrize("name", HEURISTICS)
def test_every_heuristic_is_shown(name: str, tmp_path: Path) -> None:
    shown = curate("rules", "show", name, cwd=tmp_path).stdout

    assert shown.startswith(f"# {name}\n")
    assert len(shown) > 150


def test_an_unknown_rule_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    refused = curate("rules", "show", "wire/afp/desk-slugs", cwd=tmp_path)

    assert refused.returncode == 2
    assert "did you mean 'wire/afp/desk-slug'" in refused.stderr


def test_rules_are_listed_with_what_they_removed_in_a_build(examples_build: Path) -> None:
    listed = json.loads(curate("rules", "list", "--out", examples_build, "--json", cwd=examples_build).stdout)
    counts = json.loads((examples_build / "build.json").read_text("utf-8"))["counts"]["removed"]
    packaged = {name: count for name, count in counts.items() if name not in HEURISTICS}

    assert {one["id"]: {"spans": one["spans"], "chars": one["chars"]} for one in listed if one["spans"]} == packaged
    assert packaged
