"""Everything that can change the output of a build, validated, with a digest.

What only changes how long a build takes (workers, engine, batch size) is not here.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curate.errors import RecipeError, did_you_mean


def option(default: Any, text: str, *, minimum: float | None = None, choices: tuple[str, ...] = ()) -> Any:
    """A field of a recipe section: its default, its explanation, and what it may be."""
    metadata = {"help": text, "minimum": minimum, "choices": choices}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Read:
    """How records are found in the input."""

    text_column: str = option(
        "", "Column of JSONL and Parquet input that holds extracted text; empty: the usual names."
    )
    html_column: str = option("", "Column that holds HTML; empty: the usual names.")
    url_column: str = option("", "Column that holds the URL; empty: the usual names.")
    id_column: str = option("", "Column that holds an id; empty: the usual names.")
    max_page_bytes: int = option(
        10_000_000,
        "A larger record is rejected (reason too-large). 20 MB of paragraphs take the extractor over 30 s.",
        minimum=1,
    )


@dataclass(frozen=True)
class Extract:
    """How a page becomes text."""

    page_seconds: float = option(20.0, "CPU time a page may use before it is rejected (reason timeout).", minimum=0.1)
    min_chars: int = option(1, "A page with less extracted text is rejected (reason no-text).", minimum=1)


@dataclass(frozen=True)
class Clean:
    """What is removed from an article's text."""

    enabled: bool = option(True, "Remove boilerplate; off: the text stays as extracted.")
    disable: tuple[str, ...] = option(
        (), 'Rules and heuristics not to apply, by id or glob: ["en/share/*", "site/title"].'
    )
    rules: tuple[str, ...] = option((), "Folders of rule files beside the packaged ones.")
    datelines: str = option(
        "keep",
        "Datelines and agency names that open a story: keep, or strip (the columns dateline and wire_agency are "
        "filled all the same). A date that an extractor put before a text is always removed.",
        choices=("keep", "strip"),
    )
    credits: str = option(
        "keep",
        "Lines that credit an agency, reporters or editors below a story: keep or strip (the columns wire_agency and "
        "wire_evidence are filled all the same). Desk codes and end marks are always removed.",
        choices=("keep", "strip"),
    )


@dataclass(frozen=True)
class LanguageOptions:
    """Which languages are kept."""

    enabled: bool = option(True, "Detect each article's language.")
    keep: tuple[str, ...] = option((), 'Languages to keep, as ISO 639-1 codes: ["en", "de"]; empty: all.')
    min_score: float = option(0.65, "Least probability of a kept language (FineWeb, arXiv:2406.17557).", minimum=0)


@dataclass(frozen=True)
class Quality:
    """Which articles are good enough; each filter by name, on or off."""

    enabled: bool = option(True, "Apply the filters below.")
    filters: Mapping[str, bool] = option({}, "Filters by name: true or false.")


@dataclass(frozen=True)
class Dedup:
    """Which copies are merged."""

    enabled: bool = option(True, "Merge duplicates.")
    payload: bool = option(True, "Merge records whose raw bytes are the same, before extraction.")
    url: bool = option(True, "Merge pages fetched from the same URL.")
    exact: bool = option(True, "Merge articles whose text is the same but for case, punctuation and white space.")
    near: bool = option(True, "Merge near-duplicates (MinHash), verified by their real similarity.")
    similarity: float = option(0.7, "Least Jaccard similarity of word 5-grams of a near-duplicate.", minimum=0.1)


@dataclass(frozen=True)
class Output:
    """What is written around the rows."""

    name: str = option("", "Name of the dataset in its card; empty: the output folder's name.")
    license: str = option("", "Licence of the dataset for its card, as the hub spells it (cc-by-4.0); never guessed.")
    max_shard_bytes: int = option(256_000_000, "A shard with more text is split in two.", minimum=1)


@dataclass(frozen=True)
class Guard:
    """When a build stops because it removes too much."""

    max_rejected_share: float = option(
        1.0, "Share of the records that may be rejected before the build stops.", minimum=0
    )


@dataclass(frozen=True)
class Recipe:
    """A whole recipe: one section a stage."""

    read: Read = field(default_factory=Read)
    extract: Extract = field(default_factory=Extract)
    clean: Clean = field(default_factory=Clean)
    language: LanguageOptions = field(default_factory=LanguageOptions)
    quality: Quality = field(default_factory=Quality)
    dedup: Dedup = field(default_factory=Dedup)
    output: Output = field(default_factory=Output)
    guard: Guard = field(default_factory=Guard)

    def as_dict(self) -> dict[str, Any]:
        """Plain tables, as they stand in build.json."""
        return dataclasses.asdict(self)

    def digest(self) -> str:
        """16 hex characters that change whenever an option changes."""
        return hashlib.sha256(json.dumps(self.as_dict(), sort_keys=True).encode()).hexdigest()[:16]


def load_recipe(path: Path) -> Recipe:
    """Read a ``curate.toml``.

    Raises:
        RecipeError: the file is not TOML, or a section, option or value is not one of ours.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise RecipeError(f"{path}: there is no such recipe.\n  Write one: curate init {path}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: {error}") from None
    return recipe_from(tables, where=f"{path}: ")


def recipe_from(tables: Mapping[str, Any], where: str = "") -> Recipe:
    """A recipe from nested tables; what they leave out has its default.

    Raises:
        RecipeError: an unknown section or option (the nearest right one is named), or a wrong value.
    """
    sections = {f.name: f.default_factory for f in dataclasses.fields(Recipe)}
    chosen = {}
    for name, table in tables.items():
        if name not in sections:
            raise RecipeError(f"{where}no section is called {name!r}{did_you_mean(name, sections)}")
        if not isinstance(table, Mapping):
            raise RecipeError(f"{where}{name!r} is a section: write [{name}] and its options below it.")
        chosen[name] = _section(sections[name], name, table, where)
    return Recipe(**chosen)


def _section(kind: Any, name: str, table: Mapping[str, Any], where: str) -> Any:
    known = {f.name: f for f in dataclasses.fields(kind)}
    values = {}
    for key, value in table.items():
        if key not in known:
            raise RecipeError(f"{where}[{name}] has no option {key!r}{did_you_mean(key, known)}")
        values[key] = _value(f"{where}[{name}] {key}", value, getattr(kind(), key), known[key].metadata)
    return kind(**values)


def _value(where: str, value: Any, default: Any, metadata: Mapping[str, Any]) -> Any:
    if isinstance(default, tuple):
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise RecipeError(f"{where}: a list of strings is wanted, not {value!r}")
        return tuple(value)
    if isinstance(default, Mapping):
        if not isinstance(value, Mapping) or not all(isinstance(item, bool) for item in value.values()):
            raise RecipeError(f"{where}: names with true or false are wanted, not {value!r}")
        return dict(value)
    if isinstance(default, bool) is not isinstance(value, bool):
        raise RecipeError(
            f"{where}: {'true or false' if isinstance(default, bool) else 'no truth value'} is wanted, not {value!r}"
        )
    if isinstance(default, float) and isinstance(value, int):
        value = float(value)
    if type(value) is not type(default):
        raise RecipeError(f"{where}: a {type(default).__name__} is wanted, not {value!r}")
    if metadata["choices"] and value not in metadata["choices"]:
        raise RecipeError(f"{where}: no choice is called {value!r}{did_you_mean(value, metadata['choices'])}")
    if metadata["minimum"] is not None and value < metadata["minimum"]:
        raise RecipeError(f"{where}: {value!r} is below the least possible value, {metadata['minimum']!r}")
    return value


def recipe_template() -> str:
    """A ``curate.toml`` with every option, explained, at its default."""
    lines = [
        "# A recipe of curate: everything that can change the output of a build.",
        "# Each option stands at its default.",
        "",
    ]
    for section in dataclasses.fields(Recipe):
        kind: Any = section.default_factory
        lines += [f"# {kind.__doc__}", f"[{section.name}]"]
        for f in dataclasses.fields(kind):
            lines.append(f"# {f.metadata['help']}")
            lines.append(f"{f.name} = {_toml(getattr(kind(), f.name))}")
        lines.append("")
    return "\n".join(lines)


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + " }" if value else "{}"
    if isinstance(value, tuple):
        return "[" + ", ".join(json.dumps(item) for item in value) + "]"
    return json.dumps(value)
