"""A rule as data, and a pack of rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

KINDS = ("phrase", "template", "regex", "tokens", "selector")
PLACES = ("line", "start", "end", "anywhere")
POSITIONS = ("any", "start", "end")
ACTIONS = ("drop", "strip", "drop-block", "end-article")
OPTIONS = ("datelines", "credits")
"""Options of the recipe (``clean.<name>``) that decide whether a rule cuts, or only fills its columns."""
CAPTURES = ("wire_agency", "wire_evidence", "dateline", "date_published", "publisher", "authors")

MAX_WORDS = 40
"""Cue words inside long paragraphs cause most of the loss of phrase rules, so longer lines never match."""


@dataclass(frozen=True, slots=True)
class Match:
    """What a line must look like; ``patterns`` are alternatives of one ``kind``.

    ``at`` says where in the line a phrase, template or regex stands. For tokens, ``patterns`` holds the item alone.
    """

    kind: str
    patterns: tuple[str, ...]
    at: str = "line"
    separators: str = ""
    min_items: int = 2
    max_items: int = 12


@dataclass(frozen=True, slots=True)
class Where:
    """Where in an article, and in which articles, a rule looks. Empty: anywhere.

    ``sentences`` says that the rule may also name a sentence that stands among the article's own paragraphs.
    """

    position: str = "any"
    after: str = ""
    domains: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    source: str = ""
    max_words: int | None = MAX_WORDS
    sentences: bool = False


@dataclass(frozen=True, slots=True)
class StripExample:
    """A line, what a strip rule leaves of it, and what it captures."""

    line: str
    kept: str
    capture: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``option`` names the option of the recipe that decides whether it cuts (empty: it does); ``file``,
    ``line`` and ``column`` say where it stands, ``example_places`` (text -> line, column) where its examples do.
    """

    id: str
    title: str
    match: Match
    where: Where
    action: str
    until: str
    capture: Mapping[str, str]
    option: str
    why: str
    source: str
    drop_examples: tuple[str, ...]
    keep_examples: tuple[str, ...]
    strip_examples: tuple[StripExample, ...]
    example_places: Mapping[str, tuple[int, int]] = field(repr=False, compare=False)
    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Pack:
    """Rule files that are versioned together; ``digest`` is the sha256 (16 hex characters) of their bytes.

    ``disable`` holds ids and globs of rules of earlier packs that this pack switches off.
    """

    id: str
    version: str
    license: str
    description: str
    digest: str
    rules: tuple[Rule, ...]
    disable: tuple[str, ...] = ()
