"""Phrases and templates, found by their literals all at once.

Most rules are phrases, and most articles hold few of them: one pass of an RE2 set of literals over the keys of an
article's lines says which alternatives are worth a closer look, and a search for those, in which lines. With 5,300
literals this costs 0.3-2 us a line, and 70 ms a process; an Aho-Corasick automaton (pyahocorasick) 1.3-11 us a line,
most in long ones (November 2026).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import re2

from curate.lines import Line
from curate.rules.joined import Joined
from curate.rules.model import Rule
from curate.rules.patterns import (
    SET_MEMORY_BYTES,
    UNSPACED_EDGE,
    compile_pattern,
    phrase_keys,
    template_parts,
    template_pattern,
)


class _Alternative:
    """One phrase or template of a rule; ``literal`` is the part of it that must stand in the key."""

    __slots__ = ("literal", "pattern", "prefix", "rule", "template")

    def __init__(self, rule: Rule, literal: str, prefix: str = "", template: str | None = None) -> None:
        self.rule, self.literal, self.prefix, self.template = rule, literal, prefix, template
        self.pattern: re2._Regexp | None = None

    def stands(self, key: str) -> bool:
        """Whether the alternative has its place in ``key``, in which its literal occurs."""
        if self.template is None:
            return self._phrase_stands(key)
        if not key.startswith(self.prefix):
            return False
        if self.pattern is None:
            self.pattern = compile_pattern(self.rule, self.template)
        return self.pattern.search(key) is not None

    def _phrase_stands(self, key: str) -> bool:
        at, size = self.rule.match.at, len(self.literal)
        if at == "start":
            return key.startswith(self.literal) and _is_edge(key, size, self.literal[-1])
        if at == "end":
            return key.endswith(self.literal) and _is_edge(key, len(key) - size - 1, self.literal[0])
        start = key.find(self.literal)
        while start >= 0:
            if _is_edge(key, start - 1, self.literal[0]) and _is_edge(key, start + size, self.literal[-1]):
                return True
            start = key.find(self.literal, start + 1)
        return False


def _is_edge(key: str, beside: int, own: str) -> bool:
    """Whether a word may begin or end between the character at ``beside`` and ``own``."""
    return not 0 <= beside < len(key) or not key[beside].isalnum() or UNSPACED_EDGE.match(own) is not None


class Phrases:
    """Phrase and template rules compiled together; looks at the keys of lines."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._lines: dict[str, list[Rule]] = defaultdict(list)
        found: dict[str, list[_Alternative]] = defaultdict(list)
        for rule in rules:
            for one in _alternatives(rule):
                if one.template is None and rule.match.at == "line":
                    self._lines[one.literal].append(rule)
                else:
                    found[one.literal].append(one)
        self._literals = [(literal.encode(), alternatives) for literal, alternatives in found.items()]
        self._set = _literal_set(found) if found else None

    def match(self, numbers: Sequence[int], lines: Sequence[Line]) -> list[tuple[int, Rule]]:
        """The lines that are, or hold, a phrase or template, each with its rule, of the ``lines`` that are numbered."""
        keys = [(number, lines[number].key) for number in numbers if lines[number].key]
        rules = {(number, rule.id): rule for number, key in keys for rule in self._lines.get(key, ())}
        if self._set is None or not keys:
            return [(number, rule) for (number, _), rule in rules.items()]
        joined = Joined(keys)
        for literal in self._set.Match(joined.content) or ():
            encoded, alternatives = self._literals[literal]
            for number, key in joined.texts_with(encoded):
                for one in alternatives:
                    if (number, one.rule.id) not in rules and one.stands(key):
                        rules[number, one.rule.id] = one.rule
        return [(number, rule) for (number, _), rule in rules.items()]


def _literal_set(literals: Iterable[str]) -> re2.Set:
    options = re2.Options()
    options.literal = True
    options.max_mem = SET_MEMORY_BYTES
    compiled = re2.Set.SearchSet(options)
    for literal in literals:
        compiled.Add(literal)
    compiled.Compile()
    return compiled


def _alternatives(rule: Rule) -> Iterable[_Alternative]:
    if rule.match.kind == "phrase":
        return [_Alternative(rule, key) for key in phrase_keys(rule)]
    found = []
    for text in rule.match.patterns:
        parts = template_parts(rule, text)
        anchored = rule.match.at in ("line", "start")
        longest = max(parts[::2], key=len)
        found.append(_Alternative(rule, longest, parts[0] if anchored else "", template_pattern(rule, parts)))
    return found
