"""The errors of curate.

CurateError            anything the command line reports without a traceback (exit code 2)
├── InputError         the input is not there, or not of a kind that can be read
├── RecipeError        an option or a recipe file asks for something that does not exist
├── RuleError          a rule file is wrong; names file, line and column
├── OutputError        the output folder cannot be used, or is not a build of ours
├── TransferError      a build cannot be pushed to, or pulled from, a hub or a store
└── RunError           the run cannot go on (workers keep dying, a guard stopped it)

PageTimeout            a page used up its CPU time; never leaves the extract stage
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class CurateError(Exception):
    """An error about the run: what is wrong, where, and how to go on."""


class InputError(CurateError):
    """The input is missing, or not of a kind that can be read."""


class RecipeError(CurateError):
    """A recipe or an option names something that does not exist, or a value that cannot be."""


class RuleError(CurateError):
    """A rule file is wrong at a known place."""

    def __init__(self, message: str, *, file: str = "", line: int = 0, column: int = 0) -> None:
        self.message, self.file, self.line, self.column = message, file, line, column
        super().__init__(f"{file}:{line}:{column}: {message}" if file else message)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rule_error, (self.message, self.file, self.line, self.column))


def _rule_error(message: str, file: str, line: int, column: int) -> RuleError:
    return RuleError(message, file=file, line=line, column=column)


class OutputError(CurateError):
    """The output folder is in use by something else, or is incomplete."""


class TransferError(CurateError):
    """A build cannot be pushed or pulled: the other side refused, is out of reach, or holds something else."""


class RunError(CurateError):
    """The run as a whole cannot go on."""


class PageTimeout(BaseException):
    """A page used up its CPU time.

    Derives from BaseException so that no ``except Exception`` of a parser swallows it.
    """


MAX_NAMES = 30
"""So many known names are listed where none is near the one that was given."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` for the nearest known name, or the list of the known ones."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if near:
        return f"; did you mean {near[0]!r}?"
    shown = ", ".join(names[:MAX_NAMES])
    return f"; there are: {shown}" + (f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else "")
