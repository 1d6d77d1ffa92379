"""Laws of a whole build, on texts that nobody thought of."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from builds import MORE_PROSE, PROSE, digests, rows
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from curate.build import build, load_rules
from curate.model import Article, Metadata, Provenance, Rejection
from curate.recipe import Recipe, recipe_from
from curate.stages import clean_article, compiled
from curate.text import restore
from curate.verify import verify

RULES = load_rules(Recipe())
EXAMPLES = sorted(
    {
        line
        for pack in RULES.packs
        for rule in pack.rules
        for line in (*rule.drop_examples, *rule.keep_examples, *(one.line for one in rule.strip_examples))
    }
)
PROSE_LINES = [*PROSE.splitlines(), *MORE_PROSE.splitlines()]
ODD = [
    "",
    " ",
    "\t",
    "|",
    "\u2028",
    "a\rb",
    "\x0c",
    "\ufeff",
    "İstanbul’da",
    "e\u0301",
    "\x00",
    "🌧️🌧️",
    "ﷺ",
    "日本語の記事です。",
]

LINES = st.sampled_from(PROSE_LINES) | st.sampled_from(EXAMPLES) | st.sampled_from(ODD) | st.text(max_size=30)
TEXTS = st.lists(LINES, min_size=1, max_size=16).map("\n".join)
RECIPES = st.sampled_from(
    [
        Recipe(),
        recipe_from({"clean": {"datelines": "keep", "credits": "strip"}, "quality": {"enabled": False}}),
        recipe_from({"language": {"enabled": False}, "quality": {"enabled": False}}),
    ]
)


@settings(deadline=None, max_examples=150)
@given(TEXTS, st.none() | st.sampled_from(PROSE_LINES + EXAMPLES), RECIPES)
def test_a_row_and_its_removals_give_the_extracted_text_also_with_the_rules_own_examples_in_it(
    text: str, title: str | None, recipe: Recipe
) -> None:
    matcher = compiled(RULES.folders, recipe.clean.disable, RULES.digest)
    article = Article("x" * 32, Provenance("a.txt", "text"), text, "none", Metadata(title=title))

    row, removed = clean_article(article, matcher, {}, recipe, RULES.digest)

    if isinstance(row, Rejection):
        assert removed == []
        assert row.detail
    else:
        assert restore(row["text"], removed) == text
        assert row["length"] + row["provenance"]["removed_chars"] == row["original_length"] == len(text)
        assert {one["rule"] for one in removed} <= set(RULES.ids())


class Here:
    """An engine that runs the tasks where it is, in any order: what a build promises holds without processes."""

    def __init__(self, backwards: bool) -> None:
        self._backwards = backwards

    def map(self, function: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        numbered = list(enumerate(tasks))
        for number, task in reversed(numbered) if self._backwards else numbered:
            yield number, function(task)

    def close(self) -> None:
        """Nothing to end."""


URLS = st.none() | st.sampled_from(["https://a.example/1", "https://a.example/2", "https://b.example/1?utm_source=x"])
RECORDS = st.fixed_dictionaries({"text": TEXTS, "url": URLS}, optional={"title": LINES, "date": LINES, "author": LINES})


@cache
def alike(number: int) -> dict[str, Any]:
    return {"text": f"{PROSE}{MORE_PROSE}", "url": f"https://a.example/{number}", "title": "Ferry kept"}


@settings(deadline=None, max_examples=8, suppress_health_check=list(HealthCheck))
@given(st.lists(RECORDS, min_size=1, max_size=6), RECIPES, st.integers(1, 2000))
@example([alike(1), alike(2), alike(1)], Recipe(), 1)
@example([{"text": f"{PROSE}half a pair: \ud83c", "url": "https://a.example/\udfff", "title": "\ud800"}], Recipe(), 1)
def test_a_build_of_any_records_is_whole_and_the_same_in_any_portions_and_order_of_tasks(
    records: list[dict[str, Any]], recipe: Recipe, batch_bytes: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        raw, one, other = (Path(folder) / name for name in ("raw", "one", "other"))
        raw.mkdir()
        lines = [json.dumps({key: value for key, value in record.items() if value is not None}) for record in records]
        (raw / "records.jsonl").write_text("\n".join(lines) + "\n", "ascii")

        built = build(str(raw), one, recipe, Here(backwards=False))
        build(str(raw), other, recipe, Here(backwards=True), batch_bytes=batch_bytes)

        kept, rejected, merged = (rows(one, subset) for subset in ("data", "rejected", "duplicates"))
        assert len(kept) + len(rejected) + len(merged) == built["counts"]["records"] == len(records)
        assert digests(one) == digests(other)
        assert verify(one) == []
