"""A build onto a Hugging Face hub: one commit, of what differs, read back."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curate.errors import TransferError
from curate.model import SUBSETS
from curate.push.card import merge_card
from curate.push.client import (
    MAX_TRIES,
    Repository,
    Say,
    as_transfer_errors,
    download,
    may_pass,
    open_api,
    patiently,
    tree,
    wait,
)
from curate.push.model import (
    BUILD,
    CARD,
    Plan,
    Pushed,
    Remote,
    build_files,
    check_arrived,
    is_of_a_build,
    plan,
    refuse_foreign,
)
from curate.write.card import card
from curate.write.manifest import SEAL

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

MAX_OPERATIONS = 25_000
"""Files that one commit may add and delete: more LFS files the hub refuses (its documentation, "Storage limits")."""

GROUP_FILES = 256
"""Files sent between two sentences of progress; the client asks for as many places at once."""

MAX_RACES = 5
"""So often a commit is made anew when other commits come before it."""

_CONFLICTS = (409, 412)
"""Answers to a commit whose parent is not the head any more, or while another is made."""


@dataclass(frozen=True)
class Options:
    """How a build is pushed to a hub.

    Attributes:
        private: make the repository private; one that is there must be.
        revision: the branch; it is made of ``main`` where it is missing.
        tag: name the commit after the build's digest.
        message: of the commit; empty: it says what the build is.
        dry_run: say what would be done, and do nothing.
        create_pr: open a pull request, and leave the branch alone.
        card_only: send the card of the build that stands there already.
    """

    private: bool = False
    revision: str = "main"
    tag: bool = True
    message: str = ""
    dry_run: bool = False
    create_pr: bool = False
    card_only: bool = False


class _OvertakenError(Exception):
    """Another commit came first."""


@dataclass(frozen=True)
class _Push:
    """One push: what, where to and how."""

    out: Path
    build: Mapping[str, Any]
    repository: Repository
    options: Options


def push_to_hub(out: Path, build: Mapping[str, Any], name: str, options: Options, say: Say) -> Pushed:
    """Push a verified build to the dataset repository ``name`` of the hub that ``HF_ENDPOINT`` names.

    Local files are compared with the remote tree by digest; what differs is uploaded, and one commit puts it in place,
    on the head that was compared with. Nothing changes for readers before. Where another commit came first that left
    the build's files alone, the comparison is made anew.

    Args:
        out: the build.
        build: its build.json.
        name: owner/name.
        options: how.
        say: told what happens.

    Raises:
        TransferError: no token, no right to write, a hub that does not answer, a repository that holds something
            else or was changed meanwhile, a card that the hub refuses.
    """
    with as_transfer_errors(name):
        api = open_api(needs_token=not options.dry_run)
        push = _Push(out, build, Repository(api, name, say), options)
        exists = _find_or_create(push)
        return _compare_and_send(push, exists=exists)


def _compare_and_send(push: _Push, *, exists: bool) -> Pushed:
    name = push.repository.name
    seen: dict[str, Remote] | None = None
    for _ in range(MAX_RACES):
        head = _head(push) if exists else ""
        remote = tree(push.repository, head) if head else {}
        if seen is not None:
            _refuse_changed(seen, remote, name)
        seen = remote
        todo = _plan(push, head, remote)
        if push.options.dry_run:
            return Pushed(push.repository.url, todo, dry_run=True)
        if todo.is_empty:
            return Pushed(push.repository.url, todo, head, _tag(push, head))
        try:
            return _send(push, todo, head)
        except _OvertakenError:
            push.repository.say(f"Another commit came first; comparing with {name} anew.")
    raise TransferError(f"{name}: {MAX_RACES} times another commit came first. Push again when it is quiet.")


# ---- where to


def _find_or_create(push: _Push) -> bool:
    """Whether the repository is there; makes it, unless nothing is to be done."""
    from huggingface_hub.errors import RepositoryNotFoundError

    repository, options = push.repository, push.options
    try:
        info = repository.ask(repository.api.repo_info)
    except RepositoryNotFoundError:
        if options.dry_run:
            repository.say(f"{repository.name} is not there, or not for this token; it would be made.")
            return False
        if options.card_only:
            raise
        repository.ask(repository.api.create_repo, private=options.private or None, exist_ok=True)
        info = repository.ask(repository.api.repo_info)
    if options.private and info.private is False:
        raise TransferError(
            f"{repository.name} is public, and --private was given. Change its visibility in its settings, or push "
            "without --private."
        )
    return True


def _head(push: _Push) -> str:
    """The commit at the head of the branch, which is made where it is missing; in a dry run that of ``main``."""
    from huggingface_hub.errors import RevisionNotFoundError

    repository, revision = push.repository, push.options.revision
    try:
        return str(repository.ask(repository.api.repo_info, revision=revision).sha)
    except RevisionNotFoundError:
        if revision.startswith("refs/"):
            raise
    if push.options.dry_run:
        repository.say(f"Branch {revision} is not there; it would be made of main.")
        return str(repository.ask(repository.api.repo_info, revision="main").sha)
    repository.ask(repository.api.create_branch, branch=revision, exist_ok=True)
    return str(repository.ask(repository.api.repo_info, revision=revision).sha)


# ---- what to do


def _plan(push: _Push, head: str, remote: Mapping[str, Remote]) -> Plan:
    name = push.repository.name
    refuse_foreign(remote, name, is_ours=BUILD in remote)
    text = _card(push, head, remote)
    todo = plan(build_files(push.out, push.build, text.encode()), remote)
    if push.options.card_only:
        _refuse_other_build(todo, name)
        return Plan(tuple(file for file in todo.send if file.path == CARD), (), todo.same)
    if (operations := len(todo.send) + len(todo.delete)) > MAX_OPERATIONS:
        raise TransferError(
            f"{operations:,} files differ, and one commit holds {MAX_OPERATIONS:,}. Build with larger shards "
            "(recipe: [output] max_shard_bytes)."
        )
    return todo


def _card(push: _Push, head: str, remote: Mapping[str, Remote]) -> str:
    """The card as it is to stand there, accepted by the hub."""
    name, path = push.repository.name, push.out / CARD
    local = path.read_text("utf-8") if path.is_file() else None
    there = download(push.repository, head, CARD).decode("utf-8", "replace") if CARD in remote else None
    text = merge_card(card(push.build, SUBSETS, name), local, there, name)
    _validate(text, push.repository.say)
    return text


def _validate(text: str, say: Say) -> None:
    """Let the hub judge the YAML of a card before anything is sent."""
    from huggingface_hub import DatasetCard

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            patiently(lambda: DatasetCard(text, ignore_metadata_errors=True).validate(repo_type="dataset"), say)
        except ValueError as error:
            raise TransferError(
                f"The hub does not accept the card: {' '.join(str(error).split())}\n  Its license is the recipe's "
                "([output] license), as the hub spells it."
            ) from None
    for warning in caught:
        if issubclass(warning.category, UserWarning):
            say(f"The hub says of the card: {' '.join(str(warning.message).split())}")


def _refuse_other_build(todo: Plan, name: str) -> None:
    other = [file.path for file in todo.send if file.path != CARD] + list(todo.delete)
    if other:
        raise TransferError(
            f"{name} holds another build than this: {other[0]} differs. Its card would be wrong there; push the whole "
            "build, without --card-only."
        )


def _refuse_changed(seen: Mapping[str, Remote], remote: Mapping[str, Remote], name: str) -> None:
    """After another commit: go on only where it left the build's own files alone."""
    changed = sorted(
        path
        for path in seen.keys() | remote.keys()
        if is_of_a_build(path) and path != CARD and seen.get(path) != remote.get(path)
    )
    if changed:
        raise TransferError(
            f"{name} was changed while this push was under way: {changed[0]} is another now. Nothing was committed. "
            "Look at the repository; the same command puts this build in place of what is there."
        )


# ---- sending


def _send(push: _Push, todo: Plan, head: str) -> Pushed:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    additions = [CommitOperationAdd(path_in_repo=file.path, path_or_fileobj=file.source) for file in todo.send]
    deletions = [CommitOperationDelete(path_in_repo=path, is_folder=False) for path in todo.delete]
    _upload(push, additions)
    commit, pull_request = _commit(push, [*additions, *deletions], todo, head)
    check_arrived([*todo.send, *todo.same], todo.delete, tree(push.repository, commit), push.repository.name)
    tag = "" if push.options.create_pr else _tag(push, commit)
    return Pushed(push.repository.url, todo, commit, tag, pull_request)


def _upload(push: _Push, additions: Sequence[CommitOperationAdd]) -> None:
    """Send the content of large files, so that a commit only names them; what the hub has it does not ask for."""
    repository = push.repository
    for start in range(0, len(additions), GROUP_FILES):
        group = additions[start : start + GROUP_FILES]
        repository.ask(
            repository.api.preupload_lfs_files,
            additions=group,
            revision=push.options.revision,
            create_pr=push.options.create_pr,
            free_memory=False,
        )
        repository.say(f"{start + len(group):,} of {len(additions):,} files are there.")


def _commit(
    push: _Push, operations: Sequence[CommitOperationAdd | CommitOperationDelete], todo: Plan, head: str
) -> tuple[str, str]:
    """Make the commit on ``head``; its id, and the address of the pull request.

    An answer can get lost, and the commit be there all the same: after a failure the branch is looked at first. A
    pull request is not tried twice, lest there be two.

    Raises:
        _OvertakenError: ``head`` is not the head any more.
    """
    from huggingface_hub.errors import HfHubHTTPError

    repository, options = push.repository, push.options
    for attempt in itertools.count(1):
        try:
            made = repository.api.create_commit(
                repo_id=repository.name,
                repo_type="dataset",
                operations=operations,
                commit_message=options.message or _message(push.build),
                revision=options.revision,
                parent_commit=head,
                create_pr=options.create_pr,
            )
        except Exception as error:
            if isinstance(error, HfHubHTTPError) and error.response.status_code in _CONFLICTS:
                raise _OvertakenError from error
            if not may_pass(error) or options.create_pr or attempt == MAX_TRIES:
                raise
            wait(error, attempt, repository.say, "looking whether the commit is there")
        else:
            return made.oid, made.pr_url or ""
        if (now := _head(push)) != head:
            return _landed(push, todo, now), ""
    raise AssertionError("the count has no end")


def _landed(push: _Push, todo: Plan, commit: str) -> str:
    """The commit at the head, if it is the one whose answer got lost."""
    found = tree(push.repository, commit)
    if any(file.path not in found or not found[file.path].holds(file) for file in todo.send):
        raise _OvertakenError
    return commit


def _message(build: Mapping[str, Any]) -> str:
    return f"{build['counts']['articles']:,} articles, build {build[SEAL][:16]} of curate {build['curate']}"


def _tag(push: _Push, commit: str) -> str:
    """Tag a commit with the build's digest; a tag that is there stays where it is."""
    if not push.options.tag:
        return ""
    name = f"build-{push.build[SEAL][:16]}"
    push.repository.ask(push.repository.api.create_tag, tag=name, revision=commit, exist_ok=True)
    return name
