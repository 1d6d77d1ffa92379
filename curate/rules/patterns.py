"""A rule's match -> one RE2 pattern and the form of the line it looks at.

Phrases and templates look at the line's folded key, regexes and tokens at the line as it is. RE2 matches in time linear
in the line, whatever pattern a stranger's rule file brings; ``re`` hangs on ``(a+)+$``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import re2

from curate.errors import RuleError
from curate.lines import line_key
from curate.rules.model import Rule

SET_MEMORY_BYTES = 256 << 20
"""RE2's own budget for a set of patterns; with its default of 8 MB a few hundred patterns fall back to a slow path."""
_MONTH_OR_NUMBER = r"[\pL\pN.]+"
SLOTS = {
    "n": r"\pN[\pN.,]*(?: ?[km]\b)?",
    "any": r".+",
    "words": r"\S+(?: \S+){0,7}",
    "name": r"\S+(?: \S+){0,4}",
    "date": (
        r"(?:\pL+\.?,? )?(?:\pN{1,4}[./-]\pN{1,2}[./-]\pN{1,4}|\pN{4}年\pN{1,2}月\pN{1,2}日"
        rf"|\pN{{1,2}}\.?(?: de)? {_MONTH_OR_NUMBER}(?: de)? \pN{{2,4}}|\pL+\.? \pN{{1,2}},? \pN{{4}})"
    ),
    "time": r"\pN{1,2}[:.h]\pN{2}(?: ?[ap]\.?m\.?)?(?: \pL{2,5})?",
    "domain": r"(?:[\pL\pN-]+\.)+\pL{2,}",
}
SLOT = re.compile(r"\{(\w+)\}")
# scripts written without spaces have no word boundaries to ask for
UNSPACED_EDGE = re.compile(r"[぀-ヿ㐀-䶿一-鿿豈-﫿฀-๿]")
"""A character of a script in which words need no edges."""


def phrase_keys(rule: Rule) -> list[str]:
    """The keys that a line may have to be one of the phrases of a rule.

    Raises:
        RuleError: a phrase without a letter or digit.
    """
    return [_phrase_key(rule, text) for text in rule.match.patterns]


def _phrase_key(rule: Rule, text: str) -> str:
    key = line_key(text)
    if not key:
        raise _error(rule, f"phrase {text!r} has no letter or digit, so nothing of it is left to compare by.")
    return key


def template_parts(rule: Rule, text: str) -> list[str]:
    """A template as folded literals, with the names of the slots between them at odd places.

    Raises:
        RuleError: an unknown slot, or no letter or digit besides the slots.
    """
    for name in SLOT.split(text)[1::2]:
        if name not in SLOTS:
            raise _error(rule, f"no slot is called {{{name}}}; there are: {', '.join(SLOTS)}.")
    if not line_key(" ".join(SLOT.split(text)[0::2])):
        raise _error(rule, f"template {text!r} is all slots: it would match every line.")
    # the letters around keep an outer slot's mark from being stripped as punctuation
    marked = SLOT.sub(lambda slot: f"x\ue000{slot[1]}\ue000x", text)
    return line_key(marked).replace("x\ue000", "\ue000").replace("\ue000x", "\ue000").split("\ue000")


def template_pattern(rule: Rule, parts: Sequence[str]) -> str:
    """The RE2 source of a template, over the line's key."""
    source = "".join(f"(?:{SLOTS[part]})" if number % 2 else re2.escape(part) for number, part in enumerate(parts))
    at, literals = rule.match.at, [part for part in parts[::2] if part]
    before = at in ("end", "anywhere") and not UNSPACED_EDGE.match(literals[0][0])
    after = at in ("start", "anywhere") and not UNSPACED_EDGE.match(literals[-1][-1])
    start, end = "^" if at in ("line", "start") else "", "$" if at in ("line", "end") else ""
    return start + ("(?:^|[^\\pL\\pN])" if before else "") + source + ("(?:$|[^\\pL\\pN])" if after else "") + end


_SPACES = " \t\u00a0\u2002\u2003\u2009\u200b\u200e\u200f\u2060\u3000\ufeff"
ORNAMENTS_BEFORE = _SPACES + "|•*·–—-[(（【「<>»›＞→⇒■□●○◆◇▪▼▲▶►▷★☆※_=/\\"
ORNAMENTS_AFTER = _SPACES + "|•*·–—-)]）】」<>»›＞→⇒▼▲▶►▷…_=/\\"


def trimmed(text: str) -> str:
    """A line without the bullets, brackets, arrows and rules around it: what a regex with ``at: line`` looks at."""
    return text.lstrip(ORNAMENTS_BEFORE).rstrip(ORNAMENTS_AFTER)


def raw_patterns(rule: Rule) -> list[str]:
    """The RE2 sources of a regex or tokens rule, over the line as it is, or trimmed; alternatives may share names."""
    if rule.match.kind == "regex":
        return [f"^(?:{source})$" if rule.match.at == "line" else source for source in rule.match.patterns]
    item, separators = rule.match.patterns[0], re2.escape(rule.match.separators)
    low, high = rule.match.min_items - 1, rule.match.max_items - 1
    return [rf"^\s*(?:{item})(?:[{separators}](?:{item})){{{low},{high}}}\s*$"]


def compile_pattern(rule: Rule, source: str) -> re2._Regexp:
    """Compile with RE2.

    Raises:
        RuleError: RE2 refuses the pattern (look-around and back-references are not linear).
    """
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(source, options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error
        raise _error(rule, f"RE2 refuses the pattern: {reason}") from None


_TOKEN = re.compile(
    r"\\(?:[pPx]\{[^}]*\}|[pP].|x..|[0-7]{1,3}|.)"  # an escape
    r"|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]"  # a class
    r"|\(\?[a-zA-Z-]*[:)]|.",  # the flags of a group; any other character
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_WHOLE_TEXT = re.compile(r"\\[AzQC]|\(\?[^:)]*[ms]")
"""Tokens that mean something else in a text of many lines, or hide what stands behind them."""
_LINE_SPACES = r"\t\f\r "
"""RE2's Perl class of spaces without the line break."""


def on_many_lines(source: str) -> tuple[str, bool]:
    """``source`` for a text of many lines, and whether its matches are just those of the lines one by one.

    Where they are not (a match may run on from one line into the next), the new pattern matches at least in every text
    of which ``source`` matches a line.
    """
    tokens = _TOKEN.findall(source)
    if any(_WHOLE_TEXT.match(token) for token in tokens):
        return "", False
    narrowed = [_within_line(token) for token in tokens]
    if None in narrowed:
        return "(?m)" + source, False
    return "(?m)" + "".join(token for token in narrowed if token), True


@lru_cache(maxsize=4096)
def _within_line(token: str) -> str | None:
    """An escape or class that stands for what ``token`` does, but for the line break; None: that cannot be said."""
    if not _matches_break(token):
        return token
    if token.startswith("[^"):
        narrowed = "[^\\n" + ("\\" if token[2] in "]-" else "") + token[2:]
    elif token.startswith("[") and "\\s-" not in token.replace("\\s-]", ""):
        narrowed = _ESCAPE.sub(lambda escape: _LINE_SPACES if escape[1] == "s" else escape[0], token)
    elif token[:2] in ("\\s", "\\W", "\\D", "\\P"):
        narrowed = f"[{_LINE_SPACES}]" if token == "\\s" else f"[^\\n\\{token[1].lower()}{token[2:]}]"
    else:
        return None
    return None if _matches_break(narrowed) else narrowed


def _matches_break(token: str) -> bool:
    """Whether a token stands for a line break as well; ``.`` does not."""
    if len(token) < 2 or token.startswith("("):
        return token == "\n"
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(token, options).fullmatch("\n") is not None
    except re2.error:
        return False  # RE2 says what is wrong when the rule is compiled


def _error(rule: Rule, message: str) -> RuleError:
    return RuleError(f"rule {rule.id!r}: {message}", file=rule.file, line=rule.line, column=rule.column)
