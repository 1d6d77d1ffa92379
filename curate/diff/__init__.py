"""What changed between two builds: ``curate diff``.

``builds`` streams the rows of a build by id, ``compare`` holds two of them beside each other, ``curate.words`` finds
what changed in a text; ``terminal`` and ``html`` show the result.
"""

from curate.diff.builds import open_build
from curate.diff.compare import Diff, compare_builds
from curate.diff.html import html_page
from curate.diff.terminal import print_diff
from curate.words import word_diff

__all__ = ["Diff", "compare_builds", "html_page", "open_build", "print_diff", "word_diff"]
