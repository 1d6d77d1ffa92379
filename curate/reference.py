"""What each rule and heuristic does, in words: `curate rules show`, and the pages of ``docs/rules/``."""

from __future__ import annotations

import inspect
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from curate.errors import RuleError, did_you_mean
from curate.heuristics import ANYWHERE, HEURISTICS, LAYOUT, PLACED
from curate.rules import Pack, Rule, load_packs, packaged_rules
from curate.rules.schema import SCHEMA_FILE, rule_schema

_ACTIONS = {
    "drop": "removes the line",
    "strip": "removes a span of the line",
    "drop-block": "removes the line and those below it",
    "end-article": "removes the line and everything below it",
}
_UNTIL = {"prose": ", to the next prose", "blank": ", to the next blank line"}
_POSITIONS = {"start": "not below the first line of prose", "end": "below the last line of prose"}
_KINDS = {
    "phrase": "Words, letter case and outer punctuation aside",
    "template": "Words with slots, letter case and outer punctuation aside",
    "regex": "RE2 patterns over the line as it is",
    "tokens": "The whole line as items with separators",
    "selector": "Selectors of the element around the line, or one around that",
}
_PLACES = {
    "line": "the whole line",
    "start": "at the start of the line",
    "end": "at the end of the line",
    "anywhere": "anywhere in the line",
}
SEEN = "seen "
"""How the source of a rule begins that names a line of a real page; the others rest on general knowledge."""
TRIED = (
    "696 pages that the rules were tried on (the sets of `docs/benchmarks.md` and another 130 news pages, whole pages, "
    "November 2026; 382 in German, 224 in English, 27 in Spanish, 12 in French, 8 in Polish, at most 5 in any other "
    "language)"
)
LAYOUT_TEXT = "Blank lines that are left around removed ones, so that no gap shows where they stood."


def describe(name: str, packs: Sequence[Pack]) -> str:
    """A rule or heuristic as Markdown.

    Raises:
        RuleError: nothing has this id.
    """
    rules = {rule.id: (rule, pack) for pack in packs for rule in pack.rules}
    if name in rules:
        return rule_page(*rules[name])
    if name in HEURISTICS:
        return heuristic_page(name)
    raise RuleError(f"no rule or heuristic is called {name!r}{did_you_mean(name, [*rules, *HEURISTICS])}")


def heuristic_page(name: str) -> str:
    """A heuristic as Markdown: what its docstring says."""
    functions = {**ANYWHERE, **PLACED}
    text = LAYOUT_TEXT if name == LAYOUT else inspect.getdoc(functions[name]) or ""
    return f"# {name}\n\n{text}\n\nA heuristic, in Python; switch it off with `--disable {name}`.\n"


def rule_page(rule: Rule, pack: Pack) -> str:
    """A rule as Markdown."""
    facts = [
        ("action", _ACTIONS[rule.action] + (_until(rule.until) if rule.action == "drop-block" else "")),
        ("where", "; ".join(_where(rule)) or "in any line"),
        ("option", f"cuts where `clean.{rule.option}` is `strip`" if rule.option else ""),
        ("captures", ", ".join(f"`{column}` = `{value}`" for column, value in rule.capture.items())),
        ("why", rule.why),
        ("source", rule.source),
        ("pack", f"{pack.id} {pack.version}, {Path(rule.file).parent.name}/{Path(rule.file).name}"),
    ]
    match = rule.match
    at = f", {_PLACES[match.at]}" if match.kind in ("phrase", "template") else ""
    if match.kind == "regex" and match.at == "line":
        at = ", the whole line, its ornaments aside"
    patterns = list(match.patterns)
    if match.kind == "tokens":
        patterns = [f"{match.min_items} to {match.max_items} of {patterns[0]} with one of {match.separators}"]
    parts = [
        f"# {rule.id}",
        rule.title + ".",
        "| | |\n|---|---|\n" + "\n".join(f"| {key} | {_cell(text)} |" for key, text in facts if text),
        f"## Names\n\n{_KINDS[match.kind]}{at}:\n\n{_fenced(patterns)}",
        "## Examples",
    ]
    if rule.strip_examples:
        parts.append("What is left of a line:")
        parts.append(_fenced([f"{one.line}\n    -> {one.kept}" for one in rule.strip_examples]))
    if rule.drop_examples:
        parts += ["Removed:", _fenced(rule.drop_examples)]
    parts += ["Left alone:", _fenced(rule.keep_examples)]
    return "\n\n".join(parts) + "\n"


def _until(until: str) -> str:
    return _UNTIL.get(until, f", {until} lines")


def _where(rule: Rule) -> Iterable[str]:
    where = rule.where
    if where.position in _POSITIONS:
        yield _POSITIONS[where.position]
    if where.after:
        yield "directly below prose"
    if where.languages:
        yield f"in articles in {', '.join(where.languages)}, or of unknown language"
    if where.domains:
        yield f"on {', '.join(where.domains)}"
    if where.source:
        yield {"html": "in pages", "text": "in text that was extracted before"}[where.source]
    if where.sentences:
        yield "also sentences among the article's paragraphs"
    if where.max_words:
        yield f"in lines of at most {where.max_words} words"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _fenced(lines: Iterable[str]) -> str:
    return "````text\n" + "\n".join(lines) + "\n````"


def write_reference(docs: Path, rules: Path | None = None) -> None:
    """Write the pages of all packaged rules and heuristics to ``docs``, and the schema of rule files beside the rules.

    Args:
        docs: folder of the pages; pages of rules that are gone are deleted.
        rules: the folder of rules; default: the packaged ones.
    """
    folder = rules or packaged_rules()
    (folder / SCHEMA_FILE).write_text(json.dumps(rule_schema(), indent=1) + "\n", "utf-8")
    wanted = reference_pages(load_packs([folder]))
    for path in docs.rglob("*.md"):
        if path.relative_to(docs).as_posix() not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (docs / name).parent.mkdir(parents=True, exist_ok=True)
        (docs / name).write_text(text, "utf-8")


def reference_pages(packs: Sequence[Pack]) -> Mapping[str, str]:
    """Path -> Markdown of every page of the reference, index included."""
    pages = {f"{rule.id}.md": rule_page(rule, pack) for pack in packs for rule in pack.rules}
    pages |= {f"{name}.md": heuristic_page(name) for name in HEURISTICS}
    return pages | {"README.md": _index([rule for pack in packs for rule in pack.rules])}


def _index(rules: Sequence[Rule]) -> str:
    seen = sum(rule.source.startswith(SEEN) for rule in rules)
    parts = [
        "# Rules and heuristics",
        "Written by `make docs` from the rule files and the heuristics' docstrings; do not edit.",
        f"Of {len(rules)} rules {seen} name a line of a real page: of the project's sample document, or of the "
        f"{TRIED}. The other {len(rules) - seen} rest on general knowledge of news sites and agencies. The source on "
        "each page says which.",
        "## Heuristics",
        "\n".join(f"- [{name}]({name}.md)" for name in HEURISTICS),
    ]
    files: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        files["/".join(rule.id.split("/")[:-1])].append(rule)
    for name, group in sorted(files.items()):
        rows = [
            f"| [{rule.id}]({rule.id}.md) | {_cell(rule.title)} | {rule.action} "
            f"| {'seen' if rule.source.startswith(SEEN) else 'general knowledge'} |"
            for rule in sorted(group, key=lambda rule: rule.id)
        ]
        parts.append(f"## {name}\n\n| rule | names | action | source |\n|---|---|---|---|\n" + "\n".join(rows))
    return "\n\n".join(parts) + "\n"
