"""Compiled rules: which of them name a line.

A rule's look (its pattern) and its place (position, neighbours, site) are asked apart, because where the article ends
depends on which lines other rules have named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache

import re2

from curate.errors import RuleError
from curate.lines import Line, lines_of
from curate.rules.joined import Joined
from curate.rules.literals import Phrases
from curate.rules.model import MAX_WORDS, Pack, Rule, StripExample
from curate.rules.patterns import SET_MEMORY_BYTES, compile_pattern, on_many_lines, raw_patterns, trimmed
from curate.rules.selectors import Compound, parse_path, parse_selector, selected_step

OTHER_SCRIPTS = frozenset({"ar", "ja", "ru", "zh"})
"""Languages whose words are not written in Latin letters."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule whose look a line has: characters ``start`` to ``end`` of the line, and what the rule captures of it.

    ``element`` is the path of the element that a selector selected; empty for other rules.
    """

    rule: Rule
    start: int
    end: int
    captured: Mapping[str, str]
    element: str = ""


class Matcher:
    """Rules compiled together. Read-only after construction; holds no state of the lines it has seen."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        phrases = [rule for rule in rules if _is(rule, "phrase", "template")]
        self._phrases = Phrases(phrases)
        self._long_phrases = Phrases([rule for rule in phrases if _looks_at_paragraphs(rule)])
        raw = [(rule, source) for rule in rules if _is(rule, "regex", "tokens") for source in raw_patterns(rule)]
        self._raw_set = _Set([one for one in raw if not _trims(one[0])])
        self._trimmed_set = _Set([one for one in raw if _trims(one[0])])
        self._selectors = [
            (rule, [_selector(rule, text) for text in rule.match.patterns]) for rule in rules if _is(rule, "selector")
        ]

    def hits(self, line: Line, language: str | None = None) -> list[Hit]:
        """``hits_of`` one line."""
        return self.hits_of([line], language)[0]

    def hits_of(self, lines: Sequence[Line], language: str | None = None) -> list[list[Hit]]:
        """For each line, every rule whose look it has, in the order of the rules' ids; places are not asked.

        The lines are looked at together: a pass over the text of all of them costs little more than one over the text
        of one, and most rules are found in none.

        Args:
            lines: n lines of one article.
            language: of the article, where it is known; rules for others may then be missing from the result.
        """
        found: list[list[Hit]] = [[] for _ in lines]
        short = [number for number, line in enumerate(lines) if line.words <= MAX_WORDS]
        long = [number for number, line in enumerate(lines) if line.words > MAX_WORDS]
        for phrases, numbers in ((self._phrases, short), (self._long_phrases, long)):
            for number, rule in phrases.match(numbers, lines):
                found[number].append(_whole_line(rule, lines[number]))
        for patterns, text_of in ((self._raw_set, _text), (self._trimmed_set, _trimmed_text)):
            texts = [(number, text_of(line)) for number, line in enumerate(lines) if line.text]
            for number, rule in patterns.match(texts, lines, language):
                if hit := _raw_hit(patterns, rule, lines[number], text_of(lines[number])):
                    found[number].append(hit)
        for number, line in enumerate(lines if self._selectors else ()):
            if line.evidence and line.evidence.path and (selected := self._selected(line.evidence.path)):
                found[number] += [replace(_whole_line(rule, line), element=element) for rule, element in selected]
        return [_in_order(line, hits) if hits else hits for line, hits in zip(lines, found, strict=True)]

    def _selected(self, path: str) -> tuple[tuple[Rule, str], ...]:
        return _selected_rules(self, path)

    def select(self, path: str) -> tuple[tuple[Rule, str], ...]:
        """The selector rules that an element path is inside of, each with the path of the innermost such element."""
        steps, names = parse_path(path), path.split(" > ")
        return tuple(
            (rule, " > ".join(names[: max(numbers) + 1]))
            for rule, selectors in self._selectors
            if (numbers := [n for one in selectors if (n := selected_step(one, steps)) is not None])
        )


@lru_cache(maxsize=8192)
def _selected_rules(matcher: Matcher, path: str) -> tuple[tuple[Rule, str], ...]:
    """A pure function of rules and path, kept because the lines of a page share most of their path."""
    return matcher.select(path)


def _in_order(line: Line, hits: Sequence[Hit]) -> list[Hit]:
    """The hits of one line by id, without those of rules for shorter lines."""
    fitting = [hit for hit in hits if hit.rule.where.max_words is None or line.words <= hit.rule.where.max_words]
    return sorted(fitting, key=lambda hit: hit.rule.id)


def _text(line: Line) -> str:
    return line.text


def _trimmed_text(line: Line) -> str:
    return trimmed(line.text)


class _Pattern:
    """One pattern of a rule, for texts of many lines."""

    __slots__ = ("_compiled", "_is_confined", "_line_source", "rule", "source")

    def __init__(self, rule: Rule, source: str) -> None:
        self.rule, self._line_source = rule, source
        self.source, self._is_confined = on_many_lines(source)
        self._compiled: re2._Regexp | None = None

    def lines(self, joined: Joined) -> Iterable[int]:
        """Numbers of the lines that match, given that the pattern matches somewhere in all of them."""
        if self._compiled is None:
            self._compiled = compile_pattern(self.rule, self.source if self._is_confined else self._line_source)
        if self._is_confined:
            return {joined.number_at(found.start()) for found in self._compiled.finditer(joined.content)}
        return [number for number, text in joined.texts if self._compiled.search(text)]


class _Set:
    """Patterns searched for all at once; one by one, for their spans, only where one was found."""

    def __init__(self, sources: Sequence[tuple[Rule, str]]) -> None:
        self._sources: dict[str, list[str]] = defaultdict(list)
        self._compiled: dict[str, list[re2._Regexp]] = {}
        for rule, source in sources:
            self._sources[rule.id].append(source)
        # patterns of one subject in one set: the states of unlike ones would multiply, 129 us a line against 15; and
        # those of one language, so that each article meets those of its own; and few are for long lines
        groups: dict[tuple[str, tuple[str, ...], bool], list[_Pattern]] = defaultdict(list)
        for rule, source in sources:
            key = rule.id.split("/")[0], rule.where.languages, _looks_at_paragraphs(rule)
            groups[key].append(_Pattern(rule, source))
        self._sets = [
            (languages, bool(languages) and not OTHER_SCRIPTS.isdisjoint(languages), for_long, patterns, compiled)
            for (_, languages, for_long), group in groups.items()
            for patterns, compiled in _compiled_sets(group)
        ]

    def patterns(self, rule: Rule) -> list[re2._Regexp]:
        """The patterns of one rule, compiled when they are first asked for: most rules never are."""
        if rule.id not in self._compiled:
            self._compiled[rule.id] = [compile_pattern(rule, source) for source in self._sources[rule.id]]
        return self._compiled[rule.id]

    def match(
        self, texts: Sequence[tuple[int, str]], lines: Sequence[Line], language: str | None
    ) -> list[tuple[int, Rule]]:
        """The lines of which a text holds a pattern, with its rule; rules for other languages or for shorter lines are
        left out.

        Where the language is not known, rules for languages of other scripts are not asked about a line in ASCII.

        Args:
            texts: of some of ``lines``, each with its line's number.
            lines: all lines of the article.
            language: of the article.
        """
        forms: dict[tuple[bool, bool], Joined] = {}
        found: dict[tuple[int, str], Rule] = {}
        for languages, other_script, for_long, patterns, compiled in self._sets:
            if languages and language and language not in languages:
                continue
            form = for_long, other_script and not language
            if form not in forms:
                forms[form] = _joined(texts, lines, *form)
            joined = forms[form]
            for number in (compiled.Match(joined.content) or ()) if joined.texts else ():
                rule = patterns[number].rule
                found.update(dict.fromkeys([(line, rule.id) for line in patterns[number].lines(joined)], rule))
        return [(line, rule) for (line, _), rule in found.items()]


def _joined(texts: Sequence[tuple[int, str]], lines: Sequence[Line], with_long: bool, without_ascii: bool) -> Joined:
    if not with_long:
        texts = [one for one in texts if lines[one[0]].words <= MAX_WORDS]
    if without_ascii:
        texts = [one for one in texts if not one[1].isascii()]
    return Joined(texts)


def _raw_hit(patterns: _Set, rule: Rule, line: Line, text: str) -> Hit | None:
    if rule.action != "strip" and not _reads_groups(rule):
        return _whole_line(rule, line)  # the set has found it, and no span is wanted
    match = next((found for one in patterns.patterns(rule) if (found := one.search(text))), None)
    if match is None:
        return None
    groups = match.groupdict()
    index = match.re.groupindex
    start, end = match.span(index["cut"]) if groups.get("cut") is not None else match.span()
    if rule.action != "strip":
        start, end = 0, len(line.text)
    elif start == end:
        return None
    return Hit(rule, start, end, _captured(rule, line, groups))


def _compiled_sets(patterns: Sequence[_Pattern]) -> list[tuple[Sequence[_Pattern], re2.Set]]:
    """One set of all patterns, or several where one would need too much memory."""
    options = re2.Options()
    options.max_mem = SET_MEMORY_BYTES
    options.log_errors = False
    compiled = re2.Set.SearchSet(options)
    for one in patterns:
        try:
            compiled.Add(one.source)
        except re2.error:
            compile_pattern(one.rule, one.source)  # says what is wrong
            raise
    try:
        compiled.Compile()
    except re2.error:
        if len(patterns) == 1:
            raise _too_large(patterns[0].rule) from None
        half = len(patterns) // 2
        return [*_compiled_sets(patterns[:half]), *_compiled_sets(patterns[half:])]
    return [(patterns, compiled)]


def _too_large(rule: Rule) -> RuleError:
    message = f"rule {rule.id!r}: the pattern is too large; use smaller repetitions."
    return RuleError(message, file=rule.file, line=rule.line, column=rule.column)


def _is(rule: Rule, *kinds: str) -> bool:
    return rule.match.kind in kinds


def _trims(rule: Rule) -> bool:
    return rule.match.kind == "regex" and rule.match.at == "line"


def _looks_at_paragraphs(rule: Rule) -> bool:
    return rule.where.max_words is None or rule.where.max_words > MAX_WORDS


def _reads_groups(rule: Rule) -> bool:
    return any(value.startswith("$") and value != "$line" for value in rule.capture.values())


def _selector(rule: Rule, text: str) -> tuple[Compound, ...]:
    try:
        return parse_selector(text)
    except ValueError as error:
        raise RuleError(
            f"rule {rule.id!r}: selector: {error}", file=rule.file, line=rule.line, column=rule.column
        ) from None


def _whole_line(rule: Rule, line: Line) -> Hit:
    return Hit(rule, 0, len(line.text), _captured(rule, line, {}))


def _captured(rule: Rule, line: Line, groups: Mapping[str, str | None]) -> dict[str, str]:
    found = {}
    for key, value in rule.capture.items():
        text = line.text if value == "$line" else groups.get(value[1:]) if value.startswith("$") else value
        if text and text.strip():
            found[key] = text.strip()
    return found


def compile_rules(packs: Iterable[Pack], disable: Sequence[str] = ()) -> Matcher:
    """Compile the rules of all packs but those whose id fits one of the globs in ``disable``, here or in a later pack.

    Raises:
        RuleError: a pattern cannot be compiled, or two packs have a rule of the same id.
    """
    return Matcher([rule for rule in rules_of(packs) if not _fits(rule.id, disable)])


def rules_of(packs: Iterable[Pack]) -> list[Rule]:
    """The rules of all packs by id, but those that a later pack switches off.

    Raises:
        RuleError: two packs have a rule of the same id.
    """
    rules: dict[str, Rule] = {}
    for pack in packs:
        rules = {name: rule for name, rule in rules.items() if not _fits(name, pack.disable)}
        for rule in pack.rules:
            if rule.id in rules:
                other = rules[rule.id]
                raise RuleError(
                    f"rule {rule.id!r} stands already in {other.file}:{other.line}.",
                    file=rule.file,
                    line=rule.line,
                    column=rule.column,
                )
            rules[rule.id] = rule
    return [rule for _, rule in sorted(rules.items())]


def _fits(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)


def broken_examples(rules: Iterable[Rule], matcher: Matcher | None = None) -> list[RuleError]:
    """Every example that its rule contradicts; conditions on the line's place count as met.

    Args:
        rules: whose examples are run.
        matcher: the same rules compiled, where that was done already.
    """
    rules = list(rules)
    compiled = matcher or Matcher(rules)
    return [error for rule in rules for error in _broken(rule, compiled)]


def _broken(rule: Rule, matcher: Matcher) -> list[RuleError]:
    wrong = [
        (text, f"drop example is not matched: {text!r}")
        for text in rule.drop_examples
        if not _hits(matcher, rule, text)
    ]
    wrong += [(text, f"keep example is matched: {text!r}") for text in rule.keep_examples if _hits(matcher, rule, text)]
    for example in rule.strip_examples:
        wrong += [(example.line, said) for said in _broken_strip(example, _hits(matcher, rule, example.line))]
    return [_example_error(rule, text, said) for text, said in wrong]


def _broken_strip(example: StripExample, hits: Sequence[Hit]) -> Iterator[str]:
    if not hits:
        yield f"strip example is not matched: {example.line!r}"
        return
    kept = example.line[: hits[0].start] + example.line[hits[0].end :]
    if kept != example.kept:
        yield f"strip example leaves {kept!r}, not {example.kept!r}"
    for key, value in example.capture.items():
        if hits[0].captured.get(key) != value:
            yield f"strip example captures {key} = {hits[0].captured.get(key)!r}, not {value!r}"


def _example_error(rule: Rule, text: str, said: str) -> RuleError:
    line, column = rule.example_places.get(text, (rule.line, rule.column))
    return RuleError(f"rule {rule.id!r}: {said}", file=rule.file, line=line, column=column)


def _hits(matcher: Matcher, rule: Rule, text: str) -> list[Hit]:
    if rule.match.kind == "selector":
        return [Hit(rule, 0, 0, {}, element) for one, element in matcher.select(text) if one is rule]
    language = next(iter(rule.where.languages), None)
    return [hit for hit in matcher.hits(lines_of(text.replace("\n", " "))[0], language) if hit.rule is rule]
