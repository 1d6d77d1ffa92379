"""The JSON Schema of rule files, by which editors complete and check them while they are written.

Made from the same names as the loader's, which has the last word: it also compiles patterns and compares ids.
"""

from __future__ import annotations

from typing import Any

from curate.rules.loading import REQUIRED_KEYS
from curate.rules.model import ACTIONS, CAPTURES, MAX_WORDS, OPTIONS, PLACES, POSITIONS

SCHEMA_FILE = "schema.json"
"""Beside the packs in ``rules/``; the first line of a rule file names it."""
SCHEMA_ID = "urn:curate:rules"
"""A name, not an address: nothing is fetched, and an editor that holds several schemas tells them apart."""

_TEXT = {"type": "string", "minLength": 1}
_TEXTS = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]}
_NUMBER = {"type": "integer", "minimum": 1}


def rule_schema() -> dict[str, Any]:
    """The schema of one rule file: a list of rules."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "Rules of curate",
        "description": "A list of rules: what lines of boilerplate look like, where they stand, what happens to them.",
        "type": "array",
        "items": {"$ref": "#/$defs/rule"},
        "$defs": {"rule": _rule(), "match": _match(), "where": _where(), "strip_example": _strip_example()},
    }


def _table(properties: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _said(schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {**schema, "description": description}


def _rule() -> dict[str, Any]:
    examples = {
        "drop": _said(_TEXTS, "Lines that the rule names."),
        "strip": {"type": "array", "items": {"$ref": "#/$defs/strip_example"}, "minItems": 1},
        "keep": _said(_TEXTS, "Near misses: lines that it must not name."),
    }
    rule = _table(
        {
            "id": _said(_TEXT, "folder/file/what; unique."),
            "extends": _said(_TEXT, "Id of an earlier rule: what this one does not say is taken from it."),
            "title": _said(_TEXT, "What the rule names, in a few words."),
            "match": {"$ref": "#/$defs/match"},
            "where": {"$ref": "#/$defs/where"},
            "action": {"enum": list(ACTIONS), "description": "What happens to the line."},
            "until": {
                "anyOf": [{"enum": ["prose", "blank"]}, _NUMBER],
                "description": "Where drop-block ends: at the next prose (default), a blank line, after so many lines.",
            },
            "capture": {
                **_table(dict.fromkeys(CAPTURES, _TEXT)),
                "description": "Columns to fill: text, $line, or $group of the regex.",
            },
            "option": {"enum": list(OPTIONS), "description": "Option of the recipe that decides whether it cuts."},
            "why": _said(_TEXT, "Written beside every removal."),
            "source": _said(_TEXT, "Where the rule comes from, honestly."),
            "examples": _table(examples, ("keep",)),
        },
        ("id",),
    )
    return rule | {"anyOf": [{"required": ["extends"]}, {"required": list(REQUIRED_KEYS)}]}


def _match() -> dict[str, Any]:
    at = {"enum": list(PLACES), "description": "Where in the line."}
    line = {"enum": ["line", "anywhere"], "description": "The whole line, its ornaments aside; or anywhere (default)."}
    tokens = _table(
        {"separators": _TEXT, "item": _said(_TEXT, "RE2 pattern of one item."), "min": _NUMBER, "max": _NUMBER},
        ("separators", "item"),
    )
    return {
        "description": "What the line looks like; of several alternatives one suffices.",
        "anyOf": [
            _table({"phrase": _said(_TEXTS, "The folded line's words."), "at": at}, ("phrase",)),
            _table({"template": _said(_TEXTS, "Words with slots, such as {name}."), "at": at}, ("template",)),
            _table({"regex": _said(_TEXTS, "RE2 pattern over the line as it is."), "at": line}, ("regex",)),
            _table({"selector": _said(_TEXTS, "The element around the line, CSS-like.")}, ("selector",)),
            _table({"tokens": tokens}, ("tokens",)),
        ],
    }


def _where() -> dict[str, Any]:
    return {
        **_table(
            {
                "position": {"enum": list(POSITIONS), "description": "Before the first prose, or below the last."},
                "after": {"enum": ["prose"], "description": "Directly below prose."},
                "domain": _said(_TEXTS, "On these sites and their subdomains."),
                "lang": _said(_TEXTS, "In articles of these languages, or of unknown language."),
                "source": {"enum": ["html", "text"], "description": "In pages, or in text extracted before."},
                "sentences": {"type": "boolean", "description": "May name a sentence among the article's paragraphs."},
                "max_words": _said(_NUMBER, f"In lines of at most so many words; {MAX_WORDS} if not said."),
            }
        ),
        "description": "Conditions that must all hold.",
    }


def _strip_example() -> dict[str, Any]:
    return _table(
        {
            "line": _said(_TEXT, "The line as it is."),
            "kept": {"type": "string", "description": "What is left of it."},
            "capture": _table(dict.fromkeys(CAPTURES, _TEXT)),
        },
        ("line", "kept"),
    )
