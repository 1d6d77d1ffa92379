"""Line filters in Python: what no rule file can say.

``ANYWHERE`` names lines wherever they stand; ``PLACED`` needs to know where the prose begins and ends, and so runs
after the rules.
"""

from collections.abc import Mapping

from curate.heuristics.dump import body, comments, head, menus, repeated, teasers
from curate.heuristics.model import Draft, Heuristic, Mark
from curate.heuristics.site import SiteLines, other_titles, repeated_lines
from curate.heuristics.tail import is_link, tail
from curate.heuristics.title import own_title, title_sign

ANYWHERE: Mapping[str, Heuristic] = {
    "site/repeated-line": repeated_lines,
    "site/other-title": other_titles,
}
PLACED: Mapping[str, Heuristic] = {
    "page/own-title": own_title,
    "page/repeated": repeated,
    "page/teaser": teasers,
    "page/comments": comments,
    "page/menu": menus,
    "page/head": head,
    "page/tail": tail,
    "page/body": body,
}
LAYOUT = "page/blank"
"""Blank lines that are left around removed ones."""
HEURISTICS = (*ANYWHERE, *PLACED, LAYOUT)

__all__ = [
    "ANYWHERE",
    "HEURISTICS",
    "LAYOUT",
    "PLACED",
    "Draft",
    "Heuristic",
    "Mark",
    "SiteLines",
    "is_link",
    "title_sign",
]
