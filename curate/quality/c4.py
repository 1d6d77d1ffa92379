"""The document filters of C4, the corpus of T5 (Raffel et al. 2020, arXiv:1910.10683, section 2.2).

C4 removes lines as well; a document filter removes none, so here a line that C4 would remove is only not counted.
C4's list of bad words is not among the filters: it removes texts about minorities more than others (Dodge et al. 2021,
arXiv:2104.08758).
"""

from __future__ import annotations

import re

from curate.quality.measures import Refusal, Statistics, ends_sentence
from curate.text import count_words

MIN_SENTENCES = 3
MIN_LINE_WORDS = 5
"""The published version and C4's code (``c4_utils.py``); the paper's first version had 5 sentences and 3 words."""
POLICIES = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")

_SENTENCE = re.compile(r"""[.!?…؟۔।॥።]["'”’»“)\]]*(?=\s|$)|[。！？]""")


def lorem_ipsum(text: Statistics) -> Refusal | None:
    """The text has the words "lorem ipsum" (arXiv:1910.10683)."""
    if "lorem ipsum" not in text.text.lower():
        return None
    return Refusal("c4-lorem-ipsum", "Placeholder text: 'lorem ipsum'.")


def curly_bracket(text: Statistics) -> Refusal | None:
    """The text has a curly bracket, as programs and templates do (arXiv:1910.10683)."""
    return Refusal("c4-curly-bracket", "A curly bracket: '{'.") if "{" in text.text else None


def javascript(text: Statistics) -> Refusal | None:
    """All sentences mention JavaScript, so that C4, which removes such lines, leaves nothing (arXiv:1910.10683)."""
    kept = [line for line in text.lines if _is_sentence_line(line)]
    if not kept or not all("javascript" in line.lower() for line in kept):
        return None
    return Refusal("c4-javascript", f"All {len(kept)} lines with sentences mention JavaScript.")


def sentences(text: Statistics) -> Refusal | None:
    """Fewer than three sentences in the lines that C4 keeps (arXiv:1910.10683).

    C4 keeps lines of at least five words that end with a terminal mark, and are not about JavaScript, terms of use or
    cookies. Thai and Lao texts, which have no terminal marks, are not measured.
    """
    if not text.is_punctuated:
        return None
    kept = [line for line in text.lines if _is_sentence_line(line) and not _is_notice(line)]
    count = sum(max(1, len(_SENTENCE.findall(line))) for line in kept)
    if count >= MIN_SENTENCES:
        return None
    return Refusal("c4-sentences", f"{count} sentences, fewer than {MIN_SENTENCES}.")


def _is_sentence_line(line: str) -> bool:
    return ends_sentence(line) and not line.endswith("...") and count_words(line) >= MIN_LINE_WORDS


def _is_notice(line: str) -> bool:
    lower = line.lower()
    return "javascript" in lower or any(policy in lower for policy in POLICIES)
