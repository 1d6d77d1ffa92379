"""The documents beside the shards: README.md, croissant.json and build.json."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from curate.model import SUBSETS
from curate.write.card import card
from curate.write.croissant import croissant
from curate.write.manifest import sealed, write_json, write_text


def write_documents(out: Path, build: Mapping[str, Any]) -> None:
    """Write the three documents of a build, build.json last: a folder that has it is a finished build.

    Args:
        out: the output folder, with its shards.
        build: what build.json is to say; a digest of it all is added.
    """
    write_text(out / "README.md", card(build, SUBSETS))
    write_json(out / "croissant.json", croissant(build, SUBSETS))
    write_json(out / "build.json", sealed(build))
