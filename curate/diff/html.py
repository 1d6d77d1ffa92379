"""The differences of two builds as one HTML file that loads nothing and runs nothing."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from curate.diff.compare import Diff, Move, TextChange
from curate.diff.terminal import headline, made_differently, shown_value
from curate.words import Piece

_STYLE = """
:root {
  color-scheme: light dark;
  --page: #fff; --text: #1c1e21; --faint: #5b6169; --rule: #d5d9de; --box: #f5f6f8;
  --gone: #8f1420; --gone-box: #fde3e5; --new: #0d5a2b; --new-box: #d9f3e1;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #16181b; --text: #e4e6e9; --faint: #a0a7b0; --rule: #3a3f46; --box: #1f2226;
    --gone: #ffb3b8; --gone-box: #4a1a20; --new: #a6e8bd; --new-box: #123a22;
  }
}
body { margin: 0 auto; max-width: 70rem; padding: 1.5rem 1rem 4rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
p { margin: .25rem 0; }
.faint { color: var(--faint); font-size: .875rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .875rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem 1.25rem .25rem 0; border-bottom: 1px solid var(--rule);
  max-width: 24rem; overflow-wrap: break-word; }
th { color: var(--faint); font-weight: 600; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code { font: .8125rem/1.4 ui-monospace, monospace; }
article { border: 1px solid var(--rule); border-radius: 6px; margin: 1rem 0; padding: .75rem 1rem; }
.words { background: var(--box); border-radius: 4px; margin-top: .5rem; padding: .75rem; white-space: pre-wrap;
  overflow-wrap: anywhere; }
del { background: var(--gone-box); color: var(--gone); text-decoration: line-through; }
ins { background: var(--new-box); color: var(--new); text-decoration: underline; }
"""

_POLICY = "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"

# controls but for tab and newline, and what turns the direction of the text around it
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def html_page(diff: Diff) -> str:
    """The whole result as a page for light and dark screens.

    Everything that comes from builds is escaped and nothing of it becomes a link; the content security policy allows
    the one style sheet of the page, by its digest, and nothing else.
    """
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    body = "\n".join(_sections(diff))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY.format(digest=digest)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>curate diff: {_escaped(diff.before.folder)}, {_escaped(diff.after.folder)}</title>\n"
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _escaped(text: object) -> str:
    visible = _UNSEEN.sub(lambda match: f"\\x{ord(match[0]):02x}", str(text))
    return html.escape(visible)


def _sections(diff: Diff) -> Iterator[str]:
    yield "<h1>What changed between two builds</h1>"
    yield f"<p><strong>{_escaped(headline(diff))}</strong></p>"
    yield from (f'<p class="faint">{_escaped(made)}</p>' for made in made_differently(diff))
    yield from _section("Counts", "", ("", diff.before.folder, diff.after.folder), _counts(diff))
    causes = diff.articles.causes
    yield from _section(
        "Changed texts by cause",
        "page: the record read is another; extraction: the same record, another text extracted; "
        "cleaning: the same text extracted, another kept",
        ("cause", "articles"),
        [(cause, count) for cause, count in causes.items() if count],
    )
    yield from _moves("Articles added", "record before", diff.added, diff.articles.added)
    yield from _moves("Articles gone", "record after", diff.gone, diff.articles.gone)
    yield from _section(
        "Records with another outcome",
        "rejections and duplicates that changed, and what became an article or no longer does",
        ("before", "after", "records", "such as"),
        [(one.before, one.after, one.records, ", ".join(one.examples)) for one in diff.outcomes],
    )
    yield from _section(
        "Removals by rule",
        "rules that remove as much as before are left out",
        ("rule", "spans before", "after", "characters before", "after"),
        [(one.rule, one.spans_before, one.spans_after, one.chars_before, one.chars_after) for one in diff.rules],
    )
    yield from _section(
        "Sites whose removed share jumps",
        f"{diff.sites_changed:,} in all, with {diff.sites_share:.1%} of the articles; their layout may have changed",
        ("site", "share before", "after", "articles before", "after"),
        [
            (one.site, _Share(one.share_before), _Share(one.share_after), one.articles_before, one.articles_after)
            for one in diff.sites
        ],
    )
    yield from _columns(diff)
    if diff.texts:
        yield f"<h2>Largest changes of a text</h2>\n<p>{len(diff.texts)} of {diff.articles.changed:,}.</p>"
        yield from (_text(change) for change in diff.texts)


class _Share(float):
    """A number shown as a percentage."""


def _section(title: str, caption: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    if not (found := list(rows)):
        return
    numbers = [isinstance(value, (int, float)) for value in found[0]]
    yield f"<section>\n<h2>{_escaped(title)}</h2>"
    if caption:
        yield f'<p class="faint">{_escaped(caption)}</p>'
    yield '<div class="wide"><table>'
    yield f"<thead><tr>{''.join(map(_head, head, numbers))}</tr></thead>"
    yield "<tbody>\n" + "\n".join(_row(row) for row in found) + "\n</tbody>\n</table></div>\n</section>"


def _head(name: str, is_number: bool) -> str:
    of_numbers = ' class="number"' if is_number else ""
    return f'<th scope="col"{of_numbers}>{_escaped(name)}</th>'


def _row(values: Iterable[Any]) -> str:
    return "<tr>" + "".join(_cell(value) for value in values) + "</tr>"


def _cell(value: Any) -> str:
    if isinstance(value, _Share):
        return f'<td class="number">{value:.1%}</td>'
    if isinstance(value, int):
        return f'<td class="number">{value:,}</td>'
    return f'<td dir="auto">{_escaped("" if value is None else value)}</td>'


def _counts(diff: Diff) -> Iterator[tuple[str, int, int]]:
    for name in ("articles", "rejected", "duplicates", "removed_spans", "removed_chars"):
        yield (
            name.replace("_", " ").replace("chars", "characters"),
            getattr(diff.before, name),
            getattr(diff.after, name),
        )


def _moves(title: str, elsewhere: str, moves: Sequence[Move], total: int) -> Iterator[str]:
    caption = f"the first {len(moves)} of {total:,}" if total > len(moves) else ""
    rows = [(move.title, move.url, move.id, move.elsewhere) for move in moves]
    yield from _section(f"{title}: {total:,}", caption, ("title", "url", "id", elsewhere), rows)


def _columns(diff: Diff) -> Iterator[str]:
    yield from _section(
        "Metadata by column",
        "articles of both builds",
        ("column", "changed", "filled", "emptied"),
        [(one.column, one.changed, one.filled, one.emptied) for one in diff.columns],
    )
    yield from _section(
        "Examples of changed metadata",
        "",
        ("column", "article", "id", "before", "after"),
        [
            (one.column, example.title, example.id, shown_value(example.before), shown_value(example.after))
            for one in diff.columns
            for example in one.examples
        ],
    )


def _text(change: TextChange) -> str:
    rules = "".join(
        f'<p class="faint">{_escaped(rule)}: {before:,} → {after:,} spans</p>'
        for rule, (before, after) in change.rules.items()
    )
    named = " · ".join(_escaped(one) for one in (change.id, change.url) if one)
    return (
        f'<article>\n<h3 dir="auto">{_escaped(change.title or "(no title)")}</h3>\n'
        f'<p class="faint"><bdi>{named}</bdi></p>\n'
        f'<p class="faint">{change.changed_words:,} words, by {_escaped(change.cause)}</p>\n{rules}'
        f'<div class="words" dir="auto">{"".join(_piece(piece) for piece in change.pieces)}</div>\n</article>'
    )


def _piece(piece: Piece) -> str:
    element = {"same": "", "gone": "del", "new": "ins"}[piece.kind]
    text = _escaped(piece.text)
    return f"<{element}>{text}</{element}>" if element else text
