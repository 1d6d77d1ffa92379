"""What is doubtful in rule files that load: checks for people who write rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import re2

from curate.errors import RuleError
from curate.lines import line_key, lines_of
from curate.rules.loading import load_packs
from curate.rules.matching import Matcher
from curate.rules.model import Pack, Rule, Where
from curate.rules.patterns import SLOT

CHECKS = {
    "refused": "the file or rule cannot be used: unknown keys, ids that stand twice, patterns that RE2 refuses",
    "no-near-miss": "no keep example shares a word with what the rule names, so nothing shows where it stops",
    "shadowed": "another rule names all that this one names, wherever this one looks",
    "no-literal": "a pattern has no text that every match must hold, so it is tried on every line",
}
ERRORS = frozenset({"refused"})
"""Checks whose findings stop a pack from being used; the others are doubts."""

_UNSPACED = r"\u3040-\u30ff\u3400-\u9fff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\s\d!-/:-@\[-`{{-~«»“”„‘’…–—{_UNSPACED}]{{3,}}")
_SAMPLES = {"n": "3", "date": "6 June 2023", "time": "10:30", "domain": "news.example"}
"""What stands for a slot of a template when its rule is tried; the other slots take any word."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One doubt about one rule; ``check`` is a key of `CHECKS`."""

    check: str
    rule: str
    message: str
    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """The finding as compilers print theirs."""
        return f"{self.file}:{self.line}:{self.column}: {self.check}: {self.message}"

    def as_dict(self) -> dict[str, object]:
        """The finding as plain values."""
        return asdict(self)


def lint(folders: Sequence[Path], known: Sequence[Path] = ()) -> tuple[list[Finding], int]:
    """Check packs.

    Args:
        folders: the packs to check.
        known: packs that stand before them; their rules may be extended, and may shadow.

    Returns:
        The findings in the order of files and lines, and the number of rules that were checked.

    Raises:
        RuleError: there is no such folder, or a pack in ``known`` is wrong.
    """
    load_packs(known)
    errors: list[RuleError] = []
    packs = load_packs([*known, *folders], errors)
    findings = [_refused(error) for error in errors]
    before = [rule for pack in packs[: len(known)] for rule in pack.rules]
    rules = []
    for rule in (rule for pack in packs[len(known) :] for rule in pack.rules):
        if error := _refusal(rule):
            findings.append(_refused(error))
        else:
            rules.append(rule)
    findings += _twins(packs)
    for rule in rules:
        if not _has_near_miss(rule):
            findings.append(_finding("no-near-miss", rule, "no keep example shares a word with what the rule names."))
        findings += _without_literal(rule)
    findings += _shadowed(rules, [*before, *rules])
    return sorted(findings, key=lambda one: (one.file, one.line, one.column, one.check)), len(rules)


def _finding(check: str, rule: Rule, message: str) -> Finding:
    return Finding(check, rule.id, f"{rule.id}: {message}", rule.file, rule.line, rule.column)


def _refused(error: RuleError) -> Finding:
    return Finding("refused", "", error.message, error.file, error.line, error.column)


def _refusal(rule: Rule) -> RuleError | None:
    try:
        Matcher([rule])
    except RuleError as error:
        return error
    return None


def _twins(packs: Sequence[Pack]) -> Iterator[Finding]:
    """Ids that stand in two packs; within one pack the loader has refused them."""
    seen: dict[str, Rule] = {}
    for pack in packs:
        for rule in pack.rules:
            if first := seen.get(rule.id):
                yield Finding(
                    "refused",
                    rule.id,
                    f"rule {rule.id!r} stands already in {first.file}:{first.line}.",
                    rule.file,
                    rule.line,
                    rule.column,
                )
            seen.setdefault(rule.id, rule)


def _has_near_miss(rule: Rule) -> bool:
    """Whether a keep example shares a word with what is named (a character, in scripts without spaces), or its signs.

    Signs are what all drop examples hold besides letters and spaces: the slash of a desk slug, the digits of a date.
    """
    examples = [*rule.drop_examples, *(example.line for example in rule.strip_examples)]
    patterns = rule.match.patterns if rule.match.kind in ("phrase", "template", "selector") else ()
    words = {word for text in (*examples, *patterns) for word in _words(text)}
    signs = set.intersection(*(_signs(text) for text in examples))
    if not words and not signs:
        return True  # borders and bullets: nothing in particular could be shared
    return any(words & set(_words(text)) or (signs and signs <= _signs(text)) for text in rule.keep_examples)


def _signs(text: str) -> set[str]:
    return set(re.sub(r"[^\W_]|\s", "", re.sub(r"\d", "_", text)))


def _words(text: str) -> list[str]:
    return _WORD.findall(line_key(text) or text.lower())


def _without_literal(rule: Rule) -> Iterator[Finding]:
    if rule.match.kind != "regex" or _is_narrow(rule.where):
        return
    for pattern in rule.match.patterns:
        if not has_literal(pattern):
            shown = pattern if len(pattern) <= 60 else pattern[:57] + "..."
            message = f"`{shown}` has no text that every match must hold; name a position, or give it a literal."
            yield _finding("no-literal", rule, message)


def _is_narrow(where: Where) -> bool:
    """Whether a rule looks at few lines only, so that a pattern without a literal is cheap and does little harm."""
    return where.position != "any" or bool(where.after or where.domains)


def has_literal(pattern: str) -> bool:
    """Whether RE2's own prefilter finds text that must stand in whatever the pattern matches."""
    prefilter = re2.Filter()
    prefilter.Add(pattern)
    prefilter.Compile()
    return not prefilter.Match("", potential=True)


def _shadowed(rules: Iterable[Rule], others: Sequence[Rule]) -> Iterator[Finding]:
    matcher = Matcher(others)
    by_id = {rule.id: rule for rule in others}
    shadows: dict[str, list[str]] = {}
    for rule in rules:
        if rule.capture:
            continue  # it reads something off the line that the other might not
        names = [_named(matcher, rule, probe) for probe in _probes(rule)]
        shared = set.intersection(*names) if names else set()
        shadows[rule.id] = [name for name in sorted(shared - {rule.id}) if _covers(by_id[name], rule)]
    for number, rule in enumerate(others):
        for name in shadows.get(rule.id, ()):
            if rule.id in shadows.get(name, ()) and others.index(by_id[name]) > number:
                continue  # twins: the later one is the one too many
            yield _finding("shadowed", rule, f"{name} names all that this rule names; one of them suffices.")
            break


def _probes(rule: Rule) -> list[str]:
    """Lines that stand for all that a rule names: its phrases, its templates filled in, or else its examples."""
    if rule.match.kind not in ("phrase", "template"):
        return [*rule.drop_examples, *(example.line for example in rule.strip_examples)]
    before = "qx " if rule.match.at in ("end", "anywhere") else ""
    after = " qx" if rule.match.at in ("start", "anywhere") else ""
    filled = (SLOT.sub(lambda slot: _SAMPLES.get(slot[1], "qx"), text) for text in rule.match.patterns)
    return [f"{before}{text}{after}" for text in filled]


def _named(matcher: Matcher, rule: Rule, probe: str) -> set[str]:
    if rule.match.kind == "selector":
        return {one.id for one, _ in matcher.select(probe)}
    language = next(iter(rule.where.languages), None)
    return {hit.rule.id for hit in matcher.hits(lines_of(probe.replace("\n", " "))[0], language)}


def _covers(other: Rule, rule: Rule) -> bool:
    """Whether ``other`` looks wherever ``rule`` does, and does the same."""
    wide, narrow = other.where, rule.where
    return (
        (other.action, other.option) == (rule.action, rule.option)
        and wide.position in ("any", narrow.position)
        and wide.after in ("", narrow.after)
        and wide.source in ("", narrow.source)
        and (not wide.domains or (bool(narrow.domains) and set(narrow.domains) <= set(wide.domains)))
        and (not wide.languages or (bool(narrow.languages) and set(narrow.languages) <= set(wide.languages)))
        and (wide.max_words is None or (narrow.max_words is not None and narrow.max_words <= wide.max_words))
    )
