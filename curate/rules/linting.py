"""What is doubtful in rule files that load: checks for people who write rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import re2

from curate.errors import RuleError, did_you_mean
from curate.lines import line_key, lines_of
from curate.rules.loading import PACK_FILE, load_packs
from curate.rules.matching import Matcher
from curate.rules.model import Pack, Rule, Where
from curate.rules.patterns import SLOT
from curate.rules.selectors import parse_selector

CHECKS = {
    "refused": "the file or rule cannot be used: unknown keys, ids that stand twice, patterns that RE2 refuses",
    "no-near-miss": "no keep example shares a word with what the rule names, so nothing shows where it stops",
    "shadowed": "another rule names all that this one names, wherever this one looks",
    "no-literal": "a pattern has no text that every match must hold, so it is tried on every line",
    "no-sentence": "the rule knows only a part of a line, and no keep example is a sentence, which it could lose",
    "never-last": "an example reads like prose and is then itself the last prose, below which the rule wants to stand",
    "no-language": "no language has this code, so the rule never applies where the language is known",
    "no-attribute": "a selector asks for an attribute that is not kept beside a line, so it selects nothing",
    "disables-nothing": "a pack switches off what no pack before it has",
}
ERRORS = frozenset({"refused"})
"""Checks whose findings stop a pack from being used; the others are doubts."""

KEPT_ATTRIBUTES = ("id", "class", "role", "itemprop", "aria-label", "data-testid")
"""Attributes that the element path beside a line holds; a selector of another one never meets it."""
_LANGUAGES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en "
    "eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv "
    "ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne "
    "ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st "
    "su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
"""The two-letter codes of ISO 639-1."""

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
        findings += [*_without_literal(rule), *_without_sentence(rule), *_never_last(rule)]
        findings += [*_of_no_language(rule), *_of_no_attribute(rule)]
    findings += _idle_disables(folders, packs)
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


def _without_sentence(rule: Rule) -> Iterator[Finding]:
    """Phrases and templates at a part of a line, whose cue an article's sentence may hold too."""
    if (
        rule.match.kind not in ("phrase", "template")
        or rule.match.at in ("line", "end")
        or rule.where.position != "any"
    ):
        return
    if not any(lines_of(text.replace("\n", " "))[0].prose for text in rule.keep_examples):
        yield _finding(
            "no-sentence", rule, f"it looks at {rule.match.at} of a line, and no keep example is a sentence."
        )


def _never_last(rule: Rule) -> Iterator[Finding]:
    """Rules for lines below the last prose with an example that is prose: where it stands last, nothing is below."""
    if rule.match.kind == "selector" or (rule.where.position != "end" and rule.action != "end-article"):
        return
    for text in (*rule.drop_examples, *(example.line for example in rule.strip_examples)):
        if lines_of(text.replace("\n", " "))[0].prose:
            message = f"the example {text!r} reads like prose, and the rule looks below the last prose only."
            yield _finding("never-last", rule, message)
            return


def _of_no_language(rule: Rule) -> Iterator[Finding]:
    known = _LANGUAGES.split()
    for code in rule.where.languages:
        if code not in known:
            hint = did_you_mean(code.split("-")[0].lower(), known)
            yield _finding("no-language", rule, f"no language has the ISO 639-1 code {code!r}{hint}")


def _of_no_attribute(rule: Rule) -> Iterator[Finding]:
    if rule.match.kind != "selector":
        return
    for pattern in rule.match.patterns:
        for attribute, _, _ in (test for compound in parse_selector(pattern) for test in compound.tests):
            if attribute not in KEPT_ATTRIBUTES:
                message = f"{pattern!r} never selects: of attributes only {', '.join(KEPT_ATTRIBUTES)} are kept."
                yield _finding("no-attribute", rule, message)


def _idle_disables(folders: Sequence[Path], packs: Sequence[Pack]) -> Iterator[Finding]:
    """What the packs in ``folders``, the last of ``packs``, switch off without effect."""
    for number, folder in enumerate(folders, len(packs) - len(folders)):
        before = [rule.id for pack in packs[:number] for rule in pack.rules]
        for glob in packs[number].disable:
            if not any(fnmatchcase(name, glob) for name in before):
                message = f"'disable: {glob}' switches off nothing{did_you_mean(glob, before)}"
                file = folder / PACK_FILE
                yield Finding("disables-nothing", "", message, str(file), *_place(file, glob))


def _place(file: Path, text: str) -> tuple[int, int]:
    """Line and column where ``text`` stands first."""
    for number, line in enumerate(file.read_text("utf-8").split("\n"), 1):
        if text in line:
            return number, line.index(text) + 1
    return 1, 1


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
        and (wide.sentences or not narrow.sentences)
        and (not wide.domains or (bool(narrow.domains) and set(narrow.domains) <= set(wide.domains)))
        and (not wide.languages or (bool(narrow.languages) and set(narrow.languages) <= set(wide.languages)))
        and (wide.max_words is None or (narrow.max_words is not None and narrow.max_words <= wide.max_words))
    )
