"""A build onto any place that fsspec knows (``s3://``, ``gs://``, ``file://``), and back.

No such place has commits. So build.json is the mark of a whole build there: it goes first and comes back last, and who
finds it finds the files that it lists.
"""

from __future__ import annotations

import hashlib
import posixpath
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from curate.errors import CurateError, TransferError
from curate.model import SUBSETS
from curate.push.card import merge_card
from curate.push.model import (
    BUILD,
    CARD,
    File,
    Plan,
    Pushed,
    Remote,
    build_files,
    check_arrived,
    parse_build,
    plan,
    refuse_foreign,
)
from curate.write.card import card
from curate.write.manifest import json_bytes, replacing
from curate.write.shards import shard_prefix

UNDER_WAY = "build.json.incoming"
"""Stands beside the shards while a push is under way, and after one that was killed."""

OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oss", "oci", "b2"})
"""Protocols without folders: making one there can make a bucket, which nobody asked for."""

LOCAL = frozenset({"file", "local"})

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Store:
    """A folder of a file system that fsspec knows.

    Attributes:
        fs: the file system.
        root: the folder on it.
        url: as it was given, for messages; without a password.
    """

    fs: Any
    root: str
    url: str

    def path(self, name: str) -> str:
        """Where a file of the build is."""
        return posixpath.join(self.root, name)

    def sizes(self) -> dict[str, int]:
        """The files below the folder and their sizes in bytes."""
        self.fs.invalidate_cache()
        try:
            found = self.fs.find(self.root, detail=True)
        except FileNotFoundError:
            return {}
        return {posixpath.relpath(path, self.root): int(entry["size"] or 0) for path, entry in found.items()}

    def read(self, name: str) -> bytes:
        """A small file."""
        return bytes(self.fs.cat_file(self.path(name)))

    def sha256(self, name: str) -> str:
        """The digest (hex) of a file, by reading it."""
        digest = hashlib.sha256()
        with self.fs.open(self.path(name), "rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
        return digest.hexdigest()

    def write(self, file: File) -> None:
        """Put a file where it belongs."""
        try:
            self._put(file)
        except FileNotFoundError:
            if self.protocols() & OBJECT_STORES:
                raise
            self.fs.makedirs(posixpath.dirname(self.path(file.path)), exist_ok=True)
            self._put(file)

    def protocols(self) -> set[str]:
        """What the file system is called in URLs."""
        named = self.fs.protocol
        return {named} if isinstance(named, str) else set(named)

    def _put(self, file: File) -> None:
        if self.protocols() & LOCAL:  # whose own copying shows half a file
            with replacing(Path(self.path(file.path))) as temporary:
                if isinstance(file.source, bytes):
                    temporary.write_bytes(file.source)
                else:
                    shutil.copyfile(file.source, temporary)
        elif isinstance(file.source, bytes):
            self.fs.pipe_file(self.path(file.path), file.source)
        else:
            self.fs.put_file(str(file.source), self.path(file.path))

    def remove(self, name: str) -> None:
        """Delete a file."""
        self.fs.rm_file(self.path(name))


@contextmanager
def open_store(url: str, after: str) -> Iterator[Store]:
    """The folder that a URL names; what goes wrong with it leaves as ``TransferError``, which ends with ``after``."""
    import fsspec

    shown = without_password(url)
    try:
        fs, root = fsspec.core.url_to_fs(url)
        yield Store(fs, root.rstrip("/"), shown)
    except ImportError as error:
        raise TransferError(f"{shown}: {error}. For s3:// install the extra: pip install 'curate[s3]'") from None
    except CurateError:
        raise
    except Exception as error:  # botocore's and its like derive from nothing narrower; a bug of ours goes on
        if not (isinstance(error, OSError | ValueError) or _is_of_a_library(error)):
            raise
        said = " ".join(str(error).split()) or type(error).__name__
        raise TransferError(f"{shown}: {said}\n  {after}") from None


def _is_of_a_library(error: BaseException) -> bool:
    """Whether a library of the file system made the class: botocore's and its like derive from Exception alone."""
    return type(error).__module__.partition(".")[0] not in ("builtins", "curate")


def without_password(url: str) -> str:
    """A URL without what stands before an ``@`` in its host."""
    scheme, slashes, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}"


def push_to_store(
    out: Path, build: Mapping[str, Any], url: str, say: Callable[[str], None], *, dry_run: bool = False
) -> Pushed:
    """Push a verified build to a folder of a store.

    What differs is sent: by the digests in the build.json there, and where a push was killed before it had written
    one, by reading what is there. While files are replaced there is no build.json; it is written last, after every
    file that was sent was read back.

    Args:
        out: the build.
        build: its build.json.
        url: the folder, as fsspec names it.
        say: told what happens.
        dry_run: say what would be done, and do nothing.

    Raises:
        TransferError: the store cannot be reached or written, holds something else, or gives back other bytes.
    """
    with open_store(url, f"Without {BUILD} there a push is not complete: run the same command again.") as store:
        _refuse_own_folder(store, out)
        sizes = store.sizes()
        before = _build_there(store, sizes)
        refuse_foreign(sizes, _known(before, sizes), store.url)
        there = store.read(CARD).decode("utf-8", "replace") if CARD in sizes else None
        local = (out / CARD).read_text("utf-8") if (out / CARD).is_file() else None
        licence = before["recipe"]["output"]["license"] if before else ""
        text = merge_card(card(build, SUBSETS), local, there, store.url, licence)
        files = build_files(out, build, text.encode())
        todo = plan(files, _remote(store, sizes, files, before))
        if not dry_run and not (todo.is_empty and UNDER_WAY not in sizes):
            _send(store, build, todo, sizes, say)
        return Pushed(store.url, todo, dry_run=dry_run)


def _refuse_own_folder(store: Store, out: Path) -> None:
    if not store.protocols() & LOCAL:
        return
    root, own = Path(store.root).resolve(), out.resolve()
    if root == own or root in own.parents or own in root.parents:
        raise TransferError(f"{store.url} and the build {out} lie in each other. Push to another folder.")


def _build_there(store: Store, sizes: Mapping[str, int]) -> Mapping[str, Any]:
    """The build.json that stands there; empty where there is none, or a push that was killed has left half of one."""
    if BUILD not in sizes:
        return {}
    try:
        return parse_build(store.read(BUILD), store.url)
    except TransferError:
        if UNDER_WAY in sizes:
            return {}
        raise


def _known(before: Mapping[str, Any], sizes: Iterable[str]) -> list[str]:
    """The shards that a push put there: of the build that stands there, and of those that were under way."""
    if UNDER_WAY in sizes:
        return [name for name in sizes if shard_prefix(name.rpartition("/")[2].removesuffix(".tmp")) is not None]
    return list(before.get("files", {}))


def _remote(
    store: Store, sizes: Mapping[str, int], files: Iterable[File], before: Mapping[str, Any]
) -> dict[str, Remote]:
    """What stands there, with digests of all files that could be the same."""
    known = before.get("files", {})
    wanted = {file.path: file for file in files}

    def digest(name: str) -> str | None:
        if name not in wanted or wanted[name].size_bytes != sizes[name]:
            return None
        return known[name]["sha256"] if name in known else store.sha256(name)

    return {name: Remote(name, size, digest(name)) for name, size in sizes.items()}


def _send(
    store: Store, build: Mapping[str, Any], todo: Plan, sizes: Mapping[str, int], say: Callable[[str], None]
) -> None:
    incoming = json_bytes(dict(build))
    store.write(File(UNDER_WAY, len(incoming), hashlib.sha256(incoming).hexdigest(), incoming))
    if BUILD in sizes:
        store.remove(BUILD)
    last = [file for file in [*todo.send, *todo.same] if file.path == BUILD]
    others = [file for file in todo.send if file.path != BUILD]
    for number, file in enumerate(others, 1):
        store.write(file)
        say(f"{number:,} of {len(others):,} files are there: {file.path}")
    for path in todo.delete:
        store.remove(path)
    same = [file for file in todo.same if file.path != BUILD]
    _read_back(store, others, same, todo.delete)
    for file in last:
        store.write(file)
    _read_back(store, last, [], [])
    store.remove(UNDER_WAY)


def _read_back(store: Store, sent: Iterable[File], same: Iterable[File], deleted: Iterable[str]) -> None:
    """Read every file that was sent; of the others, compared before, see that their size still is what it was."""
    sizes = store.sizes()
    found = {name: Remote(name, size) for name, size in sizes.items()}
    sent = list(sent)
    for file in sent:
        if file.path in found:
            found[file.path] = replace(found[file.path], sha256=store.sha256(file.path))
    for file in same:
        if file.path in found:
            found[file.path] = replace(found[file.path], sha256=file.sha256)
    check_arrived([*sent, *same], deleted, found, store.url)
