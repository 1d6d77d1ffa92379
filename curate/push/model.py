"""What a push sends: the files of a build, what stands at the destination, and the difference."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate.errors import TransferError
from curate.model import SUBSETS
from curate.write.manifest import SEAL, json_bytes, sealed, sha256_of
from curate.write.shards import shard_prefix

BUILD = "build.json"
CARD = "README.md"
DOCUMENTS = (CARD, "croissant.json", "report.html", BUILD)
"""What a build has beside its shards."""

MAX_OPERATIONS = 25_000
MAX_FOLDER_FILES = 10_000
"""So many files may differ in one commit, and so many may lie in a folder of a hub (its documentation of
storage limits, and its words in huggingface/datasets issue 7956)."""

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class File:
    """One file as it is to stand at the destination.

    Attributes:
        path: relative to the build, with slashes.
        size_bytes: its size.
        sha256: its digest (hex).
        source: where its content is, or the content itself.
    """

    path: str
    size_bytes: int
    sha256: str
    source: Path | bytes

    def git_blob(self) -> str:
        """The name that git gives the content (sha1, hex): what a hub says of a file that it keeps in git."""
        digest = hashlib.sha1(b"blob %d\0" % self.size_bytes, usedforsecurity=False)
        if isinstance(self.source, bytes):
            digest.update(self.source)
        else:
            with self.source.open("rb") as file:
                while chunk := file.read(_CHUNK_BYTES):
                    digest.update(chunk)
        return digest.hexdigest()


@dataclass(frozen=True)
class Remote:
    """One file at the destination: its size, and its digest in whichever form the destination tells it."""

    path: str
    size_bytes: int
    sha256: str | None = None
    git_blob: str | None = None

    def holds(self, file: File) -> bool:
        """Whether it has the content of ``file``; False where the destination tells no digest."""
        if self.size_bytes != file.size_bytes:
            return False
        if self.sha256 is not None:
            return self.sha256 == file.sha256
        return self.git_blob is not None and self.git_blob == file.git_blob()


@dataclass(frozen=True)
class Plan:
    """What a push has to do: files to send, paths to delete, files that stand there already."""

    send: tuple[File, ...]
    delete: tuple[str, ...]
    same: tuple[File, ...]

    @property
    def sent_bytes(self) -> int:
        """Bytes of the files to send."""
        return sum(file.size_bytes for file in self.send)

    @property
    def all_bytes(self) -> int:
        """Bytes of all files of the build."""
        return self.sent_bytes + sum(file.size_bytes for file in self.same)

    @property
    def is_empty(self) -> bool:
        """Nothing differs."""
        return not self.send and not self.delete


@dataclass(frozen=True)
class Pushed:
    """What a push did, or with ``dry_run`` would do.

    Attributes:
        where: address of the repository, or URL of the store.
        plan: what was sent and deleted.
        commit: the commit that holds the build now; empty: none.
        tag: its tag; empty: none.
        pull_request: address of the pull request; empty: none.
        dry_run: nothing was done.
    """

    where: str
    plan: Plan
    commit: str = ""
    tag: str = ""
    pull_request: str = ""
    dry_run: bool = False


def plan(files: Iterable[File], remote: Mapping[str, Remote]) -> Plan:
    """The difference between a build and what stands at the destination, by digest.

    Args:
        files: the build's files.
        remote: the destination's files by path. Those that belong to no build (pictures, scripts) are left alone.
    """
    wanted = {file.path: file for file in files}
    same = {path for path, file in wanted.items() if path in remote and remote[path].holds(file)}
    return Plan(
        send=tuple(file for path, file in sorted(wanted.items()) if path not in same),
        delete=tuple(sorted(path for path in remote if is_of_a_build(path) and path not in wanted)),
        same=tuple(file for path, file in sorted(wanted.items()) if path in same),
    )


def is_of_a_build(path: str) -> bool:
    """Whether a path at a destination is one that builds write, so that a push may replace or delete it."""
    folder, slash, _ = path.partition("/")
    return path in DOCUMENTS or bool(slash and folder in SUBSETS)


def build_files(out: Path, build: Mapping[str, Any], card: bytes) -> list[File]:
    """The files of a verified build, as they are to be sent; ``card`` stands for its README.md."""
    shards = [File(name, entry["bytes"], entry["sha256"], out / name) for name, entry in build["files"].items()]
    documents = [document(out / name) for name in DOCUMENTS if name != CARD and (out / name).is_file()]
    return [*shards, File(CARD, len(card), hashlib.sha256(card).hexdigest(), card), *documents]


def document(path: Path) -> File:
    """A file beside the shards, as it is to be sent."""
    return File(path.name, path.stat().st_size, sha256_of(path), path)


def refuse_foreign(remote: Iterable[str], known: Iterable[str], where: str) -> None:
    """Stop before files of somebody else are deleted.

    Args:
        remote: the paths at the destination.
        known: those that the build there lists.
        where: the destination, for messages.

    Raises:
        TransferError: a folder of a build has files that the build there does not list.
    """
    strange = sorted({path for path in remote if is_of_a_build(path) and path not in DOCUMENTS} - set(known))
    if strange:
        raise TransferError(
            f"{where} has {strange[0]}, which no build there lists: it is somebody else's, and a push would delete "
            "it.\n  Push to another name, or move such files out of data/, removed/, rejected/ and duplicates/ first."
        )


def refuse_too_many(files: Iterable[File], todo: Plan) -> None:
    """Stop where a hub would refuse the commit after everything was sent.

    Raises:
        TransferError: more files in a folder, or in a commit, than a hub takes.
    """
    folders = Counter(file.path.rpartition("/")[0] for file in files)
    operations = len(todo.send) + len(todo.delete)
    if max(folders.values()) > MAX_FOLDER_FILES or operations > MAX_OPERATIONS:
        raise TransferError(
            f"The build has {max(folders.values()):,} files in a folder and {operations:,} to send or delete; a hub "
            f"takes {MAX_FOLDER_FILES:,} and {MAX_OPERATIONS:,}. Build with larger shards (recipe: [output] "
            "max_shard_bytes)."
        )


def parse_build(content: bytes, where: str) -> dict[str, Any]:
    """A build.json that came from elsewhere, checked.

    Raises:
        TransferError: it is damaged, or names files outside of a build's folders.
    """
    try:
        build = json.loads(content)
        sound = isinstance(build, dict) and build[SEAL] == sealed(build)[SEAL] and json_bytes(build) == content
        sound = sound and isinstance(build["counts"]["articles"], int) and isinstance(build["curate"], str)
        files = dict(build["files"]) if sound else {}
    except (ValueError, LookupError, TypeError, RecursionError):
        sound, files = False, {}
    if not sound:
        raise TransferError(f"{where}: its {BUILD} is damaged, or not one of curate's.")
    strange = [name for name, entry in files.items() if not _is_shard(name) or not _is_entry(entry)]
    if strange:
        raise TransferError(f"{where}: its {BUILD} names {strange[0]!r}, which is no shard of a build.")
    return dict(build)


def _is_shard(name: str) -> bool:
    folder, _, rest = name.partition("/")
    return folder in SUBSETS and shard_prefix(rest) is not None


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("bytes"), int):
        return False
    return isinstance(entry.get("sha256"), str) and re.fullmatch("[0-9a-f]{64}", entry["sha256"]) is not None


def check_arrived(files: Iterable[File], deleted: Iterable[str], found: Mapping[str, Remote], where: str) -> None:
    """See that what was sent is what stands there.

    Raises:
        TransferError: it is not; names the first files.
    """
    wrong = [f"{file.path} is missing" for file in files if file.path not in found]
    wrong += [f"{file.path} differs" for file in files if file.path in found and not found[file.path].holds(file)]
    wrong += [f"{path} is still there" for path in deleted if path in found]
    if wrong:
        shown = "; ".join(wrong[:5]) + (f"; and {len(wrong) - 5} more" if len(wrong) > 5 else "")
        raise TransferError(
            f"{where} was read back and is not what was sent: {shown}.\n  Somebody may have changed it since; look, "
            "and run the same command again."
        )
