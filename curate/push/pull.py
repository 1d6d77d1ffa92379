"""A pushed build back into a folder: whole and verified, or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from curate.build import WORK, prepare_out
from curate.errors import OutputError, TransferError
from curate.model import SUBSETS
from curate.push.card import merge_card
from curate.push.client import Repository, Say, as_transfer_errors, download, open_api, tree
from curate.push.model import BUILD, CARD, DOCUMENTS, parse_build
from curate.push.store import UNDER_WAY, Store, open_store
from curate.verify import verify
from curate.write.card import card
from curate.write.croissant import croissant
from curate.write.manifest import replacing, sha256_of, write_json, write_text

Fetch = Callable[[str, Path], None]
"""Brings a file, by its path in the build, into a folder of the same form."""

CROISSANT = "croissant.json"
MAX_DOCUMENT_BYTES = 100_000_000
"""A card is a few kB; a larger document is no document."""

PARALLEL = 8
"""So many files are fetched at once, as the hub's own client does."""


def pull_from_hub(name: str, out: Path, revision: str, say: Say) -> dict[str, Any]:
    """Bring a build from the dataset repository ``name`` into ``out``.

    Shards that ``out`` has already are not fetched again; a pull that was killed goes on. What arrives is verified
    beside ``out``, which stays as it is until all is well.

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
    with as_transfer_errors(name, "Run the same command again: what has arrived is not fetched twice.", writes=False):
        repository = Repository(open_api(say, needs_token=False), name, say)
        commit = str(repository.ask(repository.api.repo_info, revision=revision).sha)
        there = {path: one.size_bytes for path, one in tree(repository, commit).items()}
        if BUILD not in there:
            raise TransferError(f"{name} at {revision} holds no build of curate: it has no {BUILD}.")

        def fetch(path: str, folder: Path) -> None:
            repository.ask(repository.api.hf_hub_download, filename=path, revision=commit, local_dir=str(folder))

        return _pull(out, name, name, download(repository, commit, BUILD), there, fetch, say)


def pull_from_store(url: str, out: Path, say: Say) -> dict[str, Any]:
    """Bring a build from a folder of a store into ``out``; see ``pull_from_hub``."""
    with open_store(url, "Run the same command again: what has arrived is not fetched twice.") as store:
        there = store.sizes()
        if BUILD not in there:
            why = "a push to it is under way, or was killed" if UNDER_WAY in there else f"it has no {BUILD}"
            raise TransferError(f"{store.url} holds no whole build: {why}.")
        return _pull(out, store.url, "", store.read(BUILD), there, lambda *wanted: _fetch(store, *wanted), say)


def _fetch(store: Store, name: str, folder: Path) -> None:
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as temporary:
        store.fs.get_file(store.path(name), str(temporary))


def _pull(
    out: Path, where: str, name: str, content: bytes, there: Mapping[str, int], fetch: Fetch, say: Say
) -> dict[str, Any]:
    build = parse_build(content, where)
    documents = [one for one in DOCUMENTS if one in there and one != BUILD]
    _refuse_other_sizes(build, documents, there, where)
    prepare_out(out)
    work = _work(out)
    wanted = [one for one, entry in build["files"].items() if not _has(work / one, entry)]
    kept = [one for one in wanted if _has(out / one, build["files"][one])]
    for one in kept:
        _link(out / one, work / one)
    missing = [one for one in wanted if one not in set(kept)]
    say(f"Fetching {len(missing) + len(documents):,} of {len(build['files']) + len(documents):,} files from {where}.")
    with ThreadPoolExecutor(PARALLEL) as threads:
        list(threads.map(lambda one: fetch(one, work), [*missing, *documents]))
    if damaged := [one for one in missing if not _has(work / one, build["files"][one])]:
        (work / damaged[0]).unlink(missing_ok=True)
        raise TransferError(f"{where}: {damaged[0]} arrived damaged. Run the same command again.")
    (work / BUILD).write_bytes(content)
    _mend_documents(work, build, name, say)
    if differences := verify(work):
        shutil.rmtree(work)
        raise TransferError(f"{where} holds no whole build, and {out} is as it was: {'; '.join(differences[:5])}")
    _place(out, work, build)
    return build


def _refuse_other_sizes(
    build: Mapping[str, Any], documents: Sequence[str], there: Mapping[str, int], where: str
) -> None:
    """See from the listing alone what cannot be right, before anything is fetched."""
    for name, entry in build["files"].items():
        if name not in there:
            raise TransferError(f"{where}: {name} is missing, which its {BUILD} lists.")
        if there[name] != entry["bytes"]:
            raise TransferError(f"{where}: {name} has {there[name]:,} bytes, and its {BUILD} says {entry['bytes']:,}.")
    for name in documents:
        if there[name] > MAX_DOCUMENT_BYTES:
            raise TransferError(f"{where}: {name} has {there[name]:,} bytes, which no such document has.")


def _work(out: Path) -> Path:
    """The folder in which the build is put together, also by a pull that was killed.

    Raises:
        OutputError: an unfinished build works in ``out``.
    """
    others = [path.name for path in (out / WORK).iterdir() if path.name != "pull"]
    if others and not (out / BUILD).is_file():
        raise OutputError(f"{out} holds a build that is not finished.\n  Finish it, or name another folder.")
    work = out / WORK / "pull"
    for subset in SUBSETS:
        (work / subset).mkdir(parents=True, exist_ok=True)
    return work


def _has(path: Path, entry: Mapping[str, Any]) -> bool:
    return path.is_file() and path.stat().st_size == entry["bytes"] and sha256_of(path) == entry["sha256"]


def _link(source: Path, target: Path) -> None:
    """The same file under another name, or a copy where a file system has no such thing."""
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


def _mend_documents(work: Path, build: Mapping[str, Any], name: str, say: Say) -> None:
    """Make anew what people have edited so that it no longer describes the build; what they wrote around it stays."""
    wrong = {one.partition(":")[0] for one in verify(work, limit=1_000)}
    if CARD in wrong or not (work / CARD).is_file():
        generated = card(build, SUBSETS, name)
        with suppress(OSError, UnicodeDecodeError, TransferError):
            generated = merge_card(generated, None, (work / CARD).read_text("utf-8"), name)
        write_text(work / CARD, generated)
        say(f"{CARD} did not describe the build; its generated part is made anew.")
    if CROISSANT in wrong:
        write_json(work / CROISSANT, croissant(build, SUBSETS))
        say(f"{CROISSANT} did not describe the build; it is made anew.")


def _place(out: Path, work: Path, build: Mapping[str, Any]) -> None:
    """Put a verified build in place; while that goes on, the folder has no build.json."""
    (out / BUILD).unlink(missing_ok=True)
    for subset in SUBSETS:
        (out / subset).mkdir(exist_ok=True)
        for path in (out / subset).iterdir():
            if f"{subset}/{path.name}" not in build["files"]:
                path.unlink()
    documents = [name for name in DOCUMENTS if name != BUILD]
    for name in documents:
        if not (work / name).is_file():
            (out / name).unlink(missing_ok=True)
    for name in [*build["files"], *(one for one in documents if (work / one).is_file()), BUILD]:
        (work / name).replace(out / name)
    shutil.rmtree(out / WORK)
