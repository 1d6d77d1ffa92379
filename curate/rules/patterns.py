"""A rule's match -> one RE2 pattern and the form of the line it looks at.

Phrases and templates look at the line's folded key, regexes and tokens at the line as it is. RE2 matches in time linear
in the line, whatever pattern a stranger's rule file brings; ``re`` hangs on ``(a+)+$``.
"""

from __future__ import annotations

import re

import re2

from curate.errors import RuleError
from curate.lines import line_key
from curate.rules.model import Rule

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
_SLOT = re.compile(r"\{(\w+)\}")
# scripts written without spaces have no word boundaries to ask for
_UNSPACED_EDGE = re.compile(r"[぀-ヿ㐀-䶿一-鿿豈-﫿฀-๿]")


def folded_pattern(rule: Rule) -> str:
    """The RE2 source of a phrase or template rule, over the line's key.

    Raises:
        RuleError: a phrase without a letter or digit, or an unknown slot.
    """
    alternatives = [
        _phrase(rule, text) if rule.match.kind == "phrase" else _template(rule, text) for text in rule.match.patterns
    ]
    joined = "|".join(alternatives)
    start, end = (rule.match.at in ("line", "start"), rule.match.at in ("line", "end"))
    return f"{'^' if start else ''}(?:{joined}){'$' if end else ''}"


def _phrase(rule: Rule, text: str) -> str:
    key = line_key(text)
    if not key:
        raise _error(rule, f"phrase {text!r} has no letter or digit, so nothing of it is left to compare by.")
    return _bounded(re2.escape(key), key, rule.match.at)


def _template(rule: Rule, text: str) -> str:
    pieces = _SLOT.split(text)
    for name in pieces[1::2]:
        if name not in SLOTS:
            raise _error(rule, f"no slot is called {{{name}}}; there are: {', '.join(SLOTS)}.")
    key = line_key(" ".join(pieces[0::2]))
    if not key:
        raise _error(rule, f"template {text!r} is all slots: it would match every line.")
    # the letters around keep an outer slot's mark from being stripped as punctuation
    marked = _SLOT.sub(lambda slot: f"x\ue000{slot[1]}\ue000x", text)
    folded = line_key(marked).replace("x\ue000", "\ue000").replace("\ue000x", "\ue000")
    source = "".join(
        f"(?:{SLOTS[piece]})" if number % 2 else re2.escape(piece)
        for number, piece in enumerate(folded.split("\ue000"))
    )
    return _bounded(source, key, rule.match.at)


def _bounded(source: str, key: str, at: str) -> str:
    before = at in ("end", "anywhere") and not _UNSPACED_EDGE.match(key[0])
    after = at in ("start", "anywhere") and not _UNSPACED_EDGE.match(key[-1])
    return ("(?:^|[^\\pL\\pN])" if before else "") + source + ("(?:$|[^\\pL\\pN])" if after else "")


def raw_patterns(rule: Rule) -> list[str]:
    """The RE2 sources of a regex or tokens rule, over the line as it is; alternatives may share names of groups."""
    if rule.match.kind == "regex":
        return list(rule.match.patterns)
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


def _error(rule: Rule, message: str) -> RuleError:
    return RuleError(f"rule {rule.id!r}: {message}", file=rule.file, line=rule.line, column=rule.column)
