"""What every stage means by a line, a word and a folded text."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"\w+")
# scripts written without spaces: about two characters a word
_UNSPACED = re.compile(r"[぀-ヿ㐀-䶿一-鿿豈-﫿฀-๿຀-໿က-႟ក-៿]")
FIRST_UNSPACED = "\u0e00"
"""No character before this one is of such a script."""


def split_lines(text: str) -> list[str]:
    """Lines of ``text``, cut at ``\\n`` only: ``str.splitlines`` also cuts at U+2028, form feeds and others."""
    return text.split("\n")


def fold(text: str) -> str:
    """A form to compare by: compatibility-normalised, lower case, single spaces. Never to take offsets from."""
    folded = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    return " ".join(folded.split())


def count_words(text: str) -> int:
    """Number of words; in scripts without spaces, two characters count as one."""
    unspaced = 0 if max(text, default="") < FIRST_UNSPACED else len(_UNSPACED.findall(text))
    if not unspaced:
        return len(_WORD.findall(text))
    return len(_WORD.findall(_UNSPACED.sub(" ", text))) + (unspaced + 1) // 2


def harmless(text: str) -> str:
    """``text`` without what a terminal would obey: control and escape characters become visible."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
