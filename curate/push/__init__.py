"""A build to a hub or a store, whole or not at all, and back: ``curate push`` and ``curate pull``.

``model`` compares a build with what stands at a destination; ``hub`` and ``store`` send the difference, through
``client`` and fsspec; ``card`` keeps what people wrote in a card; ``pull`` brings a build back.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from curate.build import read_build
from curate.errors import TransferError
from curate.push.client import Say
from curate.push.hub import Options, push_to_hub
from curate.push.model import Pushed
from curate.push.pull import pull_from_hub, pull_from_store
from curate.push.store import push_to_store, without_password
from curate.verify import verify

__all__ = ["Options", "Pushed", "Say", "pull", "push"]

HUB = "hf://datasets/"


def push(out: Path, destination: str, options: Options, say: Say) -> Pushed:
    """Verify a build and push it.

    Args:
        out: the build.
        destination: owner/name of a dataset repository, or a URL that fsspec knows.
        options: how; a store takes ``dry_run`` alone.
        say: told what happens.

    Raises:
        OutputError: ``out`` is no finished build.
        TransferError: the build is damaged, or the destination refuses it; see ``push_to_hub``, ``push_to_store``.
    """
    differences = verify(out)
    if differences:
        raise TransferError(
            f"{out} is not what its build.json says, and nothing was sent: {'; '.join(differences[:5])}\n"
            f"  Look: curate verify {out}"
        )
    build = read_build(out)
    if not is_store(destination):
        return push_to_hub(out, build, destination.removeprefix(HUB), options, say)
    if options != Options(dry_run=options.dry_run, tag=options.tag):
        raise TransferError(f"{without_password(destination)} is no hub: of the options it takes --dry-run alone.")
    return push_to_store(out, build, destination, say, dry_run=options.dry_run)


def pull(source: str, out: Path, say: Say, revision: str = "") -> dict[str, Any]:
    """Bring a pushed build into ``out``: see ``pull_from_hub`` and ``pull_from_store``.

    Args:
        source: owner/name of a dataset repository, or a URL that fsspec knows.
        out: a new or empty folder, or a build, which is replaced.
        say: told what happens.
        revision: branch, tag or commit of a repository; empty: ``main``.

    Returns:
        The content of build.json.
    """
    if not is_store(source):
        return pull_from_hub(source.removeprefix(HUB), out, revision or "main", say)
    if revision:
        raise TransferError(f"{without_password(source)} is no hub: it has no revisions.")
    return pull_from_store(source, out, say)


def is_store(destination: str) -> bool:
    """Whether it is a URL of a file system, not of a dataset repository of a hub."""
    return "://" in destination and not destination.startswith(HUB)
