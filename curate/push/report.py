"""What a push and a pull print."""

from __future__ import annotations

import sys
from typing import Any

from curate.push.client import Say
from curate.push.model import Pushed


def speaker(*, quiet: bool) -> Say:
    """Sentences of progress on stderr, or nowhere."""

    def say(sentence: str) -> None:
        if not quiet:
            print(sentence, file=sys.stderr, flush=True)

    return say


def print_pushed(pushed: Pushed) -> None:
    """Print every operation of a dry run, and of a push what it did."""
    todo = pushed.plan
    if pushed.dry_run:
        for file in todo.send:
            print(f"send    {file.size_bytes:>14,}  {file.path}")
        for path in todo.delete:
            print(f"delete  {'':>14}  {path}")
    if todo.is_empty:
        print(f"{pushed.where} has this build already.{_names(pushed)}")
        return
    files = f"{len(todo.send):,} of {len(todo.send) + len(todo.same):,} files"
    size = f"{todo.sent_bytes:,} of {todo.all_bytes:,} bytes"
    if pushed.dry_run:
        print(f"To send: {files}, {size}; to delete: {len(todo.delete):,}. Nothing was done: {pushed.where}")
    else:
        print(f"Sent: {files}, {size}; deleted: {len(todo.delete):,}.")
        print(f"Read back, all there: {pushed.where}{_names(pushed)}")


def _names(pushed: Pushed) -> str:
    parts = [("commit", pushed.commit), ("tag", pushed.tag), ("pull request", pushed.pull_request)]
    named = ", ".join(f"{what} {name}" for what, name in parts if name)
    return f" ({named})" if named else ""


def as_dict(pushed: Pushed) -> dict[str, Any]:
    """What ``--json`` prints: sizes in bytes."""
    todo = pushed.plan
    return {
        "where": pushed.where,
        "dry_run": pushed.dry_run,
        "commit": pushed.commit,
        "tag": pushed.tag,
        "pull_request": pushed.pull_request,
        "send": {file.path: file.size_bytes for file in todo.send},
        "delete": list(todo.delete),
        "same": len(todo.same),
        "sent_bytes": todo.sent_bytes,
        "all_bytes": todo.all_bytes,
    }
