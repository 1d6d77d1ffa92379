"""CSS-like selectors, matched against the element path that is kept beside a line.

A selector is one or more compounds divided by spaces (descendants): ``tag``, ``.class``, ``#id``, ``[attr]``,
``[attr=v]``, ``[attr*=v]``, ``[attr^=v]``, ``[attr$=v]``. Letter case is ignored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_PIECE = re.compile(r"""\.([\w-]+)|\#([\w-]+)|\[([\w-]+)(?:([*^$]?=)["']?([^\]"']*)["']?)?\]|^([a-z][\w-]*)""")
_STEP = re.compile(r"""\.([^.#\[\s]+)|\#([^.#\[\s]+)|\[([\w-]+)=([^\]]*)\]|^([^.#\[\s]+)""")


@dataclass(frozen=True, slots=True)
class Compound:
    """Conditions one element must meet: ``tests`` are (attribute, operator, value)."""

    tag: str
    ids: frozenset[str]
    classes: frozenset[str]
    tests: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One element of a path."""

    tag: str
    id: str
    classes: frozenset[str]
    attributes: dict[str, str]


def parse_selector(text: str) -> tuple[Compound, ...]:
    """The compounds of a selector, outermost first.

    Raises:
        ValueError: the selector uses something this matcher does not know.
    """
    compounds = tuple(_compound(part) for part in text.lower().split())
    if not compounds:
        raise ValueError("an empty selector")
    return compounds


def _compound(part: str) -> Compound:
    tag, ids, classes, tests, at = "", set(), set(), [], 0
    while at < len(part):
        found = _PIECE.match(part, at) if at else _PIECE.match(part)
        if not found:
            raise ValueError(
                f"{part[at:]!r} is not understood (tag, .class, #id, [attr=v], [attr*=v], [attr^=v], [attr$=v], spaces)"
            )
        cls, identity, attribute, operator, value, name = found.groups()
        if cls:
            classes.add(cls)
        elif identity:
            ids.add(identity)
        elif attribute:
            tests.append((attribute, operator or "", value or ""))
        else:
            tag = name
        at = found.end()
    return Compound(tag, frozenset(ids), frozenset(classes), tuple(tests))


@lru_cache(maxsize=4096)
def parse_step(text: str) -> Step:
    """One step of an evidence path, ``div#id.class[role=x]``."""
    tag, identity, classes, attributes = "", "", set(), {}
    for cls, ident, attribute, value, name in _STEP.findall(text.lower()):
        if cls:
            classes.add(cls)
        elif ident:
            identity = ident
        elif attribute:
            attributes[attribute] = value
        else:
            tag = name
    return Step(tag, identity, frozenset(classes), attributes)


def parse_path(path: str) -> list[Step]:
    """The steps of an evidence path, outermost first."""
    return [parse_step(step) for step in path.split(" > ")] if path else []


def selected_step(selector: tuple[Compound, ...], path: list[Step]) -> int | None:
    """The innermost element of ``path`` that is selected, by its number: it meets the last compound, and elements above
    it the others. None: there is none.
    """
    wanted = len(selector) - 1
    selected = None
    for number in range(len(path) - 1, -1, -1):
        if _meets(selector[wanted], path[number]):
            selected = number if selected is None else selected
            wanted -= 1
            if wanted < 0:
                return selected
    return None


def _meets(compound: Compound, step: Step) -> bool:
    if compound.tag and compound.tag != step.tag:
        return False
    if not compound.classes <= step.classes or (compound.ids and compound.ids != {step.id}):
        return False
    return all(_test(step, *test) for test in compound.tests)


def _test(step: Step, attribute: str, operator: str, value: str) -> bool:
    if attribute == "class":
        return any(_compare(token, operator, value) for token in step.classes)
    own = step.id if attribute == "id" else step.attributes.get(attribute, "")
    return bool(own) and _compare(own, operator, value)


def _compare(own: str, operator: str, value: str) -> bool:
    if operator == "*=":
        return value in own
    if operator == "^=":
        return own.startswith(value)
    if operator == "$=":
        return own.endswith(value)
    return not operator or own == value
