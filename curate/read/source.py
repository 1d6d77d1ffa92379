"""What a reader of a format is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from curate.model import Page, Rejection
from curate.read.place import Place
from curate.recipe import Read


@dataclass(frozen=True)
class Source:
    """An open file, or a member of an archive, and the part of it to read.

    ``first`` is the number of the first record of that part, where records are numbered.
    """

    file: BinaryIO
    file_path: str
    format: str
    start: int = 0
    end: int | None = None
    first: int = 0

    def place(self, offset: int | None = None, key: str | None = None) -> Place:
        """The place of a record in this file."""
        return Place(self.file_path, self.format, offset, key)


Reader = Callable[[Source, Read], Iterator[Page | Rejection]]
"""Reads every record of a source once: a page, or a rejection that says why not."""
