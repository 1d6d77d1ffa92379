"""Lines that differ in their numbers and dates only, as one: "Read 5 comments", "Read 12 comments"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from curate.lines import Line

MAX_FIGURE_DISTANCE = 2
"""A line with another one of figures so near is one of them: of ingredients, of results. A choice, not measured: the
bench has no count of comments beside figures of the article."""
MIN_LETTERS = 2

_MASK = re.compile(
    r"(?P<date>(?<!\w)(?:[^\W\d_]+, )?(?:\d{1,4}[./-]\d{1,2}[./-]\d{2,4}|\d{4}年\d{1,2}月\d{1,2}日"
    r"|\d{1,2}\.?(?: de)? [^\W\d_]+\.?(?: de)? (?:19|20)\d\d|[^\W\d_]{3,}\.? \d{1,2},? (?:19|20)\d\d)(?!\w))"
    r"|(?P<time>(?<!\w)\d{1,2}(?:[:h]\d\d|\.\d\d(?= ?(?:uhr|[ap]\.?m)\b))(?: ?[ap]\.?m\b\.?)?(?!\w))"
    r"|(?P<n>\d+(?:[.,]\d+)*(?: ?[km]\b)?)"
)
"""What the slots of a template stand for, in a line's key; narrower than the slots, which take any word for a month."""
_DIGIT = re.compile(r"\d")
_SLOT = re.compile(r"\{(\w+)\}")
_LETTER = re.compile(r"[^\W\d_]")
_ITEM = re.compile(r"\s*(?:[|•*·-]|[–—] )")
_SENTENCE = re.compile(r"""[.!?…。！？۔।]["'”’»“)\]」』]*\s*$""")
_LABEL = re.compile(r"[:：=]\s*\{\w+\}")
_ALONE = re.compile(r"(?:^|[\s(\[（])\{n\}(?=$|[\s)\]）+])")


def masked(key: str) -> tuple[str, list[str]]:
    """A line's key with slots for dates, times and numbers, and what they hold."""
    values: list[str] = []

    def slot(match: re.Match[str]) -> str:
        values.append(match[0])
        return f"{{{match.lastgroup}}}"

    return _MASK.sub(slot, key) if _DIGIT.search(key) else key, values


def site_masks(lines: Sequence[Line]) -> dict[int, str]:
    """The masks of the lines of one article that a site may repeat with other numbers.

    Two shapes of lines are: a stamp, which is words and a date (and a time), and a count, which is words around one
    number. Figures of the article are neither: prose and short sentences, items of lists, rows of tables, a
    label with its value, two numbers or more, a number before or behind all words ("2 eggs", "Northsea 2"), a time
    without a date, a number among lines of numbers or above prose, as sub-headings stand; and what the article says
    again with other numbers (results, a live blog).

    Args:
        lines: the n lines of one article, whose evidence is not looked at.

    Returns:
        Line number -> mask, for at most n lines.
    """
    filled = [line for line in lines if line.key]
    masks = {at: masked(line.key)[0] for at, line in enumerate(filled) if not line.prose and _DIGIT.search(line.key)}
    variants = Counter(mask for mask, _ in {(mask, filled[at].key) for at, mask in masks.items()})
    return {
        filled[at].index: mask
        for at, mask in masks.items()
        if variants[mask] == 1
        and _has_words(mask)
        and (is_stamp(filled[at], mask) or _is_count(filled, at, mask, masks))
    }


def is_stamp(line: Line, mask: str) -> bool:
    """Whether a line is words around a date, with or without a time: "Published 3 March 2026, 10:15"."""
    slots = _SLOT.findall(mask)
    dated = "date" in slots and "n" not in slots and ("time" in slots or not _LABEL.search(mask))
    return dated and not _ITEM.match(line.text) and not _SENTENCE.search(line.text)


def is_timed(mask: str) -> bool:
    """Whether a mask has a date and a time of day."""
    return "{date}" in mask and "{time}" in mask


def _is_count(filled: Sequence[Line], at: int, mask: str, masks: Mapping[int, str]) -> bool:
    """Whether a line is words around one number, far from other figures and not above prose; or a copyright notice."""
    if _SLOT.findall(mask) != ["n"]:
        return False
    line = filled[at]
    if "©" in line.text:
        return True
    before, after = _SLOT.split(mask)[::2]
    if not (_LETTER.search(before) and _LETTER.search(after) and _ALONE.search(mask)) or _LABEL.search(mask):
        return False
    if _ITEM.match(line.text) or _SENTENCE.search(line.text) or (at + 1 < len(filled) and filled[at + 1].prose):
        return False
    near = range(at - MAX_FIGURE_DISTANCE, at + MAX_FIGURE_DISTANCE + 1)
    return not any(one in masks and masks[one] != mask and "{date}" not in masks[one] for one in near)


def _has_words(mask: str) -> bool:
    return len(_LETTER.findall(_SLOT.sub("", mask))) >= MIN_LETTERS and "{" not in _SLOT.sub("", mask)
