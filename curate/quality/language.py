"""Which language a text is in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import langdetect
from langdetect.detector_factory import DetectorFactory
from langdetect.lang_detect_exception import LangDetectException

from curate.errors import RecipeError, did_you_mean
from curate.quality.measures import is_unspaced

MAX_DETECTED_CHARS = 1000
"""Detection takes 2.9 ms on 1,000 characters and 3.8 on 2,000, with the same language for 363 of 363 pages of the
bench and of
news-raw (November 2026)."""
TRIALS = 3
"""Of langdetect's 7; 1.9 ms instead of 2.9, with the same language for the same 363 pages (2 trials: one differs)."""
MIN_SAMPLE_CHARS = 200
"""With less prose than this, the whole text says more: langdetect mistakes shorter texts for related languages."""
LONG_LINE_CHARS = 80
LONG_UNSPACED_LINE_CHARS = 40
"""Menus and headlines stay below these lengths; a character of an unspaced script says more than a letter."""


_OWN_SCRIPTS = {"ko": re.compile(r"[ᄀ-ᇿ㄰-㆏가-힣]"), "ja": re.compile(r"[぀-ヿ]")}
"""Hangul and kana: without them a text is not Korean, and not Japanese."""


def detect(text: str) -> tuple[str, float] | None:
    """The language of ``text`` and its probability.

    The same text has the same answer whatever was detected before it, in every process and on every machine:
    each detection starts from seed 0, and the language profiles are loaded in alphabetical order, not in the order
    in which the file system lists them (their order is the order of a floating-point sum).

    Args:
        text: any text; its first 2,000 characters are looked at.

    Returns:
        An ISO 639-1 code (both kinds of Chinese are ``zh``) and a probability (0-1, to four digits), or None for a
        text without letters of a known script.
    """
    start = text[:MAX_DETECTED_CHARS]
    detector = _factory().create()
    detector.n_trial = TRIALS
    detector.set_prior_map(dict.fromkeys(_possible_languages(start), 1.0))
    detector.append(start)
    try:
        found = detector.get_probabilities()
    except LangDetectException:
        return None
    scores: dict[str, float] = {}
    for language in found:
        code = language.lang.split("-")[0]
        scores[code] = scores.get(code, 0.0) + language.prob
    if not scores:
        return None
    best = max(scores, key=lambda code: (scores[code], code))
    return best, min(1.0, round(scores[best], 4))


def _possible_languages(text: str) -> list[str]:
    """All languages but those whose own script ``text`` lacks.

    langdetect's Korean profile has Chinese characters, and it calls Chinese in traditional characters Korean.
    """
    missing = {language for language, script in _OWN_SCRIPTS.items() if not script.search(text)}
    return [language for language in _factory().get_lang_list() if language not in missing]


@cache
def _factory() -> DetectorFactory:
    """langdetect's profiles; loading them takes 0.3 s, so it waits for the first detection."""
    factory = DetectorFactory()
    factory.set_seed(0)
    factory.load_json_profile([path.read_text("utf-8") for path in _profiles()])
    return factory


def _profiles() -> list[Path]:
    folder = Path(langdetect.__file__).parent / "profiles"
    return [path for path in sorted(folder.iterdir()) if path.is_file()]


def check_languages(codes: Iterable[str]) -> None:
    """Refuse a code that ``detect`` never gives: asked to keep it alone, a build would keep nothing.

    Raises:
        RecipeError: the first unknown code, with the nearest known one.
    """
    known = {path.name.split("-")[0] for path in _profiles()}
    for code in codes:
        if code not in known:
            raise RecipeError(f"no language that can be detected is called {code!r}{did_you_mean(code, known)}")


def prose_sample(lines: Sequence[str], chars: int = MAX_DETECTED_CHARS) -> str:
    """The lines of ``lines`` that are long enough to be prose, up to ``chars`` characters, in text order.

    So that menus and embedded posts in another language do not decide what language an article is in. Where the
    long lines have fewer than 200 characters, all lines count.
    """
    prose = [line for line in lines if _is_long(line)]
    chosen = prose if sum(map(len, prose)) >= MIN_SAMPLE_CHARS else lines
    return "\n".join(chosen)[:chars]


def _is_long(line: str) -> bool:
    return len(line) >= LONG_LINE_CHARS or (len(line) >= LONG_UNSPACED_LINE_CHARS and is_unspaced(line))
