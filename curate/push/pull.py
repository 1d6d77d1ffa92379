"""A pushed build back into a folder: whole and verified, or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from curate.build import WORK, prepare_out
from curate.errors import TransferError
from curate.model import SUBSETS
from curate.push.client import Repository, Say, as_transfer_errors, download, open_api, tree
from curate.push.model import BUILD, DOCUMENTS, parse_build
from curate.push.store import UNDER_WAY, Store, open_store
from curate.verify import verify
from curate.write.manifest import replacing, sha256_of

Fetch = Callable[[list[str], Path], None]
"""Brings files, by their paths in the build, into a folder."""


def pull_from_hub(name: str, out: Path, revision: str, say: Say) -> dict[str, Any]:
    """Bring a build from the dataset repository ``name`` into ``out``.

    Files that ``out`` has already are not fetched again; a pull that was killed goes on. The shards are put in place
    together, and build.json last.

    Args:
        name: owner/name.
        out: a new or empty folder, or a build, which is replaced.
        revision: branch, tag or commit.
        say: told what happens.

    Returns:
        The content of build.json.

    Raises:
        TransferError: the repository is not there or holds no build, or what arrived is not what build.json says.
        OutputError: ``out`` holds something else.
    """
    with as_transfer_errors(name):
        repository = Repository(open_api(needs_token=False), name, say)
        commit = str(repository.ask(repository.api.repo_info, revision=revision).sha)
        there = tree(repository, commit)
        if BUILD not in there:
            raise TransferError(f"{name} at {revision} holds no build of curate: it has no {BUILD}.")
        content = download(repository, commit, BUILD)

        def fetch(names: list[str], folder: Path) -> None:
            repository.ask(
                repository.api.snapshot_download, revision=commit, allow_patterns=names, local_dir=str(folder)
            )

        return _pull(out, name, content, set(there), fetch, say)


def pull_from_store(url: str, out: Path, say: Say) -> dict[str, Any]:
    """Bring a build from a folder of a store into ``out``; see ``pull_from_hub``."""
    with open_store(url) as store:
        there = set(store.sizes())
        if BUILD not in there:
            why = "a push to it is under way, or was killed" if UNDER_WAY in there else f"it has no {BUILD}"
            raise TransferError(f"{store.url} holds no whole build: {why}.")
        return _pull(out, store.url, store.read(BUILD), there, lambda *wanted: _fetch(store, *wanted), say)


def _fetch(store: Store, names: list[str], folder: Path) -> None:
    for name in names:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as temporary:
            store.fs.get_file(store.path(name), str(temporary))


def _pull(out: Path, where: str, content: bytes, there: set[str], fetch: Fetch, say: Say) -> dict[str, Any]:
    build = parse_build(content, where)
    prepare_out(out)
    documents = [name for name in DOCUMENTS if name in there and name != BUILD]
    missing = [name for name in build["files"] if name not in there]
    if missing:
        raise TransferError(f"{where}: {missing[0]} is missing, which its {BUILD} lists.")
    wanted = [name for name, entry in build["files"].items() if not _has(out / name, entry)]
    say(f"Fetching {len(wanted) + len(documents):,} of {len(build['files']) + len(documents):,} files from {where}.")
    work = out / WORK / "pull"
    arrived = [name for name in wanted if not _has(work / name, build["files"][name])]
    fetch([*arrived, *documents], work)
    damaged = [name for name in wanted if not _has(work / name, build["files"][name])]
    if damaged:
        (work / damaged[0]).unlink(missing_ok=True)
        raise TransferError(f"{where}: {damaged[0]} arrived damaged. Run the same command again.")
    _place(out, work, build, [*wanted, *documents], content)
    if differences := verify(out):
        (out / BUILD).unlink()
        raise TransferError(f"{where}: what arrived in {out} is no whole build: {'; '.join(differences[:5])}")
    shutil.rmtree(out / WORK)
    return build


def _has(path: Path, entry: Mapping[str, Any]) -> bool:
    return path.is_file() and path.stat().st_size == entry["bytes"] and sha256_of(path) == entry["sha256"]


def _place(out: Path, work: Path, build: Mapping[str, Any], names: list[str], content: bytes) -> None:
    """Move what arrived into the build; while that goes on, the folder has no build.json."""
    (out / BUILD).unlink(missing_ok=True)
    for subset in SUBSETS:
        (out / subset).mkdir(exist_ok=True)
        for path in (out / subset).iterdir():
            if f"{subset}/{path.name}" not in build["files"]:
                path.unlink()
    for name in DOCUMENTS:
        if name not in names and name != BUILD:
            (out / name).unlink(missing_ok=True)
    for name in names:
        (work / name).replace(out / name)
    with replacing(out / BUILD) as temporary:
        temporary.write_bytes(content)
