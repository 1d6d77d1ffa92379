"""What a heuristic sees and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curate.lines import Line

if TYPE_CHECKING:
    from curate.heuristics.site import SiteLines


MIN_DUMP_LINES = 5
MIN_DUMP_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Mark:
    """A line that is boilerplate: its number, the heuristic's id, and why."""

    line: int
    rule: str
    why: str


@dataclass(frozen=True)
class Draft:
    """An article on its way: all its lines, and what earlier filters have named.

    ``named`` holds the numbers of the lines that rules and site knowledge named wherever they stand; ``first_prose``
    and ``last_prose`` are the numbers of the first and last line of prose among the others (None: there is none).
    """

    lines: Sequence[Line]
    title_key: str
    domain: str
    site: SiteLines
    named: frozenset[int]
    first_prose: int | None
    last_prose: int | None

    @property
    def is_dump(self) -> bool:
        """Whether this looks like a whole page as text, menus and all, and not like an extractor's output.

        Said only of text input: of HTML, the page itself is asked. An extractor leaves a line in fifty that rules or
        the site name, a plain dump more than one in three (bench, November 2026).
        """
        filled = sum(1 for line in self.lines if line.key)
        named = sum(1 for line in self.lines if line.key and line.index in self.named)
        return not any(line.evidence for line in self.lines) and named >= max(MIN_DUMP_LINES, MIN_DUMP_SHARE * filled)

    def is_open(self, line: Line) -> bool:
        """Whether ``line`` has text that no earlier filter named."""
        return bool(line.key) and line.index not in self.named


Heuristic = Callable[[Draft], Iterable[Mark]]
