"""CPU time of a whole build per page against bare trafilatura on the same pages, in one run.

    python benchmarks/build.py PAGES... [--rounds 3]

Both run in one process each, in turn, so that the machine's drift hits both alike; what counts is the ratio. Bare is
``trafilatura.extract(html, include_comments=False)`` on the decompressed bytes, as a script would call it. The build is
everything: reading, extraction, metadata, rules, site lines, language, quality, dedup, writing. Starting Python and
importing is left out of both: it is paid once, not per page.
"""

from __future__ import annotations

import argparse
import gzip
import os
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any


class InProcess:
    """An engine without processes, so that all CPU time of a build is this process's own."""

    def map(self, function: Any, tasks: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Run every task here."""
        for number, task in enumerate(tasks):
            yield number, function(task)

    def close(self) -> None:
        """Nothing to stop."""


def cpu_seconds() -> float:
    """User and system time of this process."""
    times = os.times()
    return times.user + times.system


def bare(pages: Path) -> int:
    """Extract every page of a folder with trafilatura alone."""
    import trafilatura

    count = 0
    for path in sorted(one for folder in pages.iterdir() for one in folder.iterdir()):
        content = path.read_bytes()
        trafilatura.extract(gzip.decompress(content) if path.suffix == ".gz" else content, include_comments=False)
        count += 1
    return count


def whole(pages: Path) -> dict[str, Any]:
    """Build a dataset of the pages."""
    from curate.build import build
    from curate.recipe import Recipe

    with tempfile.TemporaryDirectory() as folder:
        return build(str(pages), Path(folder) / "out", Recipe(), InProcess())


def main() -> None:
    """Print the CPU time a page of both, the ratio of each round, and the build's stages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="PAGES")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for number, pages in enumerate(args.folders):
            (Path(folder) / f"{number}").symlink_to(pages.resolve())
        compare(Path(folder), args.rounds)


def compare(pages: Path, rounds: int) -> None:
    """Run both in turn on the pages of a folder, and print what they took."""
    whole(pages)
    ratios = []
    for number in range(rounds):
        start = cpu_seconds()
        count = bare(pages)
        middle = cpu_seconds()
        built = whole(pages)
        end = cpu_seconds()
        ratios.append((end - middle) / (middle - start))
        print(
            f"round {number + 1}: bare {1000 * (middle - start) / count:.1f} ms/page, "
            f"build {1000 * (end - middle) / count:.1f} ms/page, ratio {ratios[-1]:.3f}"
        )
    print(f"median ratio {statistics.median(ratios):.3f} on {count} pages")
    for name, stage in built["stages"].items():
        print(f"  {name:8} {1000 * stage['cpu_seconds'] / count:6.2f} ms/page")


if __name__ == "__main__":
    main()
