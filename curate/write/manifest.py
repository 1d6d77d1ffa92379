"""Files written whole or not at all, and the digests by which they are known."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

SEAL = "digest"
"""The key of build.json that holds the digest of everything else in it."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path``; when the block ends well it is synced and takes the name ``path``.

    Whoever looks sees the old file or the complete new one, also after ``kill -9``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    try:
        yield temporary
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync(temporary)
    temporary.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Write a text file as UTF-8, whole or not at all; what UTF-8 cannot hold becomes ``?``."""
    with replacing(path) as temporary:
        temporary.write_bytes(text.encode("utf-8", "replace"))


def json_bytes(value: Any) -> bytes:
    """The one way JSON is written here: sorted keys, ASCII (file names may hold what UTF-8 cannot), a last newline.

    Raises:
        ValueError: a number is not finite: JSON has no such number.
    """
    return (json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n").encode("ascii")


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as JSON, whole or not at all; equal values give equal bytes."""
    with replacing(path) as temporary:
        temporary.write_bytes(json_bytes(value))


def sealed(build: Mapping[str, Any]) -> dict[str, Any]:
    """``build`` with a digest of itself, so that a change in build.json shows."""
    rest = {key: value for key, value in build.items() if key != SEAL}
    return {**rest, SEAL: hashlib.sha256(json_bytes(rest)).hexdigest()}


def sha256_of(path: Path) -> str:
    """sha256 (hex) of a file of any size."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_entry(path: Path) -> dict[str, Any]:
    """What build.json says of a file: ``sha256``, ``bytes`` and, for Parquet, ``rows``."""
    entry: dict[str, Any] = {"sha256": sha256_of(path), "bytes": path.stat().st_size}
    if path.suffix == ".parquet":
        entry["rows"] = pq.read_metadata(path).num_rows
    return entry
