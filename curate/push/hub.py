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
    MAX_UPLOAD_TRIES,
    Repository,
    Say,
    as_transfer_errors,
    download,
    may_pass,
    open_api,
    patiently,
    status_of,
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
    document,
    is_of_a_build,
    parse_build,
    plan,
    refuse_foreign,
    refuse_too_many,
)
from curate.write.card import card
from curate.write.manifest import SEAL

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

GROUP_FILES = 256
"""Files sent between two sentences of progress; the client asks for as many places at once."""

MAX_RACES = 5
"""So often a commit is made anew when other commits come before it."""

_BUSY, _STALE = 409, 412
"""Answers to a commit while another one is made, and where its parent is not the head any more."""


@dataclass(frozen=True)
class Options:
    """How a build is pushed to a hub.

    Attributes:
        private: make the repository private; one that is there must be.
        revision: the branch, which is made of ``main`` where it is missing; or a pull request, refs/pr/N.
        tag: name the commit after the build's digest; never in a pull request.
        message: of the commit; empty: it says what the build is.
        dry_run: say what would be done, and do nothing.
        create_pr: open a pull request to ``main``, and leave it alone.
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


@dataclass(frozen=True)
class _There:
    """What a repository holds: whether it is there, whether the branch is, the commit compared with, and its files."""

    repository: bool
    branch: bool
    head: str
    files: Mapping[str, Remote]


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
    if options.create_pr and options.revision != "main":
        raise TransferError("A pull request goes to main: --create-pr takes no --revision.")
    with as_transfer_errors(name):
        api = open_api(say, needs_token=not options.dry_run)
        return _compare_and_send(_Push(out, build, Repository(api, name, say), options))


def _compare_and_send(push: _Push) -> Pushed:
    repository, options = push.repository, push.options
    seen: Mapping[str, Remote] | None = None
    for attempt in range(1, MAX_RACES + 1):
        there = _look(push)
        if seen is not None:
            _refuse_changed(push, seen, there.files)
        todo = _plan(push, there)
        if options.dry_run:
            return Pushed(repository.url, todo, dry_run=True)
        if todo.is_empty:
            return Pushed(repository.url, todo, there.head, _tag(push, there.head))
        seen = there.files
        try:
            return _send(push, todo, _make(push, there))
        except _OvertakenError as error:
            if status_of(error) == _BUSY:
                wait(error, attempt, repository.say, "comparing anew")
            repository.say(f"Another commit came first; comparing with {repository.name} anew.")
    raise TransferError(f"{repository.name}: {MAX_RACES} times another commit came first. Push again when it is quiet.")


# ---- where to


def _look(push: _Push) -> _There:
    """What is there. Nothing is made."""
    from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

    repository, options = push.repository, push.options
    try:
        info = repository.ask(repository.api.repo_info)
    except RepositoryNotFoundError:
        if options.card_only or options.revision.startswith("refs/"):
            raise
        if options.dry_run:
            repository.say(f"{repository.name} is not there, or not for this token; it would be made.")
        return _There(repository=False, branch=False, head="", files={})
    if options.private and info.private is False:
        raise TransferError(
            f"{repository.name} is public, and --private was given. Change its visibility in its settings, or push "
            "without --private."
        )
    branch, head = True, str(info.sha)
    if options.revision != "main":
        try:
            head = str(repository.ask(repository.api.repo_info, revision=options.revision).sha)
        except RevisionNotFoundError:
            if options.revision.startswith("refs/"):
                raise
            repository.say(f"Branch {options.revision} is not there; it is made of main.")
            branch = False
    return _There(repository=True, branch=branch, head=head, files=tree(repository, head))


def _make(push: _Push, there: _There) -> str:
    """Make the repository and the branch where they are missing; the commit at the head."""
    repository, options = push.repository, push.options
    if not there.repository:
        repository.ask(repository.api.create_repo, private=options.private or None, exist_ok=True)
    if not there.branch and options.revision != "main":
        repository.ask(repository.api.create_branch, branch=options.revision, exist_ok=True)
    if there.repository and there.branch:
        return there.head
    return _head(push)


def _head(push: _Push) -> str:
    return str(push.repository.ask(push.repository.api.repo_info, revision=push.options.revision).sha)


# ---- what to do


def _plan(push: _Push, there: _There) -> Plan:
    """The difference, once nothing speaks against sending it."""
    name = push.repository.name
    before = _build_there(push, there)
    refuse_foreign(there.files, before.get("files", {}), name)
    files = build_files(push.out, push.build, _card(push, there, before).encode())
    todo = plan(files, there.files)
    if push.options.card_only:
        _refuse_other_build(todo, name)
        return Plan(tuple(file for file in todo.send if file.path == CARD), (), todo.same)
    refuse_too_many(files, todo)
    return todo


def _build_there(push: _Push, there: _There) -> Mapping[str, Any]:
    """The build.json that stands there; empty where there is none of curate's."""
    if BUILD not in there.files:
        return {}
    try:
        return parse_build(download(push.repository, there.head, BUILD), push.repository.name)
    except TransferError:
        return {}


def _card(push: _Push, there: _There, before: Mapping[str, Any]) -> str:
    """The card as it is to stand there, accepted by the hub."""
    name, path = push.repository.name, push.out / CARD
    local = path.read_text("utf-8") if path.is_file() else None
    remote = download(push.repository, there.head, CARD).decode("utf-8", "replace") if CARD in there.files else None
    licence = before["recipe"]["output"]["license"] if before else ""
    text = merge_card(card(push.build, SUBSETS, name), local, remote, name, licence)
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


def _refuse_changed(push: _Push, seen: Mapping[str, Remote], now: Mapping[str, Remote]) -> None:
    """After another commit: go on only where it left the build's own files alone, or was this push's own, come late."""
    own = document(push.out / BUILD)
    if BUILD in now and now[BUILD].holds(own):
        return
    changed = sorted(
        path
        for path in seen.keys() | now.keys()
        if is_of_a_build(path) and path != CARD and seen.get(path) != now.get(path)
    )
    if changed:
        raise TransferError(
            f"{push.repository.name} was changed while this push was under way: {changed[0]} is another now. This "
            "build was not committed. Look at the repository; the same command puts this build in place of what is "
            "there."
        )


# ---- sending


def _send(push: _Push, todo: Plan, head: str) -> Pushed:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    name = push.repository.name
    additions = [CommitOperationAdd(path_in_repo=file.path, path_or_fileobj=file.source) for file in todo.send]
    for addition, file in zip(additions, todo.send, strict=True):
        addition.upload_info.sha256 = bytes.fromhex(file.sha256)  # known: the client need not read the file for it
    deletions = [CommitOperationDelete(path_in_repo=path, is_folder=False) for path in todo.delete]
    _upload(push, additions)
    commit, pull_request = _commit(push, [*additions, *deletions], todo, head)
    with as_transfer_errors(name, f"The commit {commit} is there. Run the same command again to have it read back."):
        check_arrived([*todo.send, *todo.same], todo.delete, tree(push.repository, commit), name)
        return Pushed(push.repository.url, todo, commit, _tag(push, commit), pull_request)


def _upload(push: _Push, additions: Sequence[CommitOperationAdd]) -> None:
    """Send the content of large files, so that a commit only names them; what the hub has it does not ask for."""
    repository = push.repository
    for start in range(0, len(additions), GROUP_FILES):
        group = additions[start : start + GROUP_FILES]
        repository.ask(
            repository.api.preupload_lfs_files,
            tries=MAX_UPLOAD_TRIES,
            additions=group,
            revision=push.options.revision,
            create_pr=push.options.create_pr,
            free_memory=False,
        )
        repository.say(f"{start + len(group):,} of {len(additions):,} files are there.")
    # the client leaves such files out of the commit without a word
    if hidden := [one.path_in_repo for one in additions if getattr(one, "_should_ignore", False)]:
        raise TransferError(
            f"{repository.name} has a .gitignore that hides {hidden[0]}: the build would arrive without it. Nothing "
            "was committed; mend the .gitignore first."
        )


def _commit(
    push: _Push, operations: Sequence[CommitOperationAdd | CommitOperationDelete], todo: Plan, head: str
) -> tuple[str, str]:
    """Make the commit on ``head``; its id, and the address of the pull request.

    An answer can get lost, and the commit be there all the same: after a failure the branch, or the list of pull
    requests, is looked at before anything is repeated.

    Raises:
        _OvertakenError: ``head`` is not the head any more.
    """
    repository, options = push.repository, push.options
    known = _pull_requests(push) if options.create_pr else {}
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
        except Exception as error:  # as in ``patiently``: what cannot pass goes on
            if status_of(error) in (_BUSY, _STALE):
                raise _OvertakenError from error
            if not may_pass(error) or attempt == MAX_TRIES:
                raise
            wait(error, attempt, repository.say, "looking whether the commit is there")
        else:
            return made.oid, made.pr_url or ""
        if landed := _landed_request(push, todo, known) if options.create_pr else _landed(push, todo, head):
            return landed
    raise AssertionError("the count has no end")


def _landed(push: _Push, todo: Plan, head: str) -> tuple[str, str] | None:
    """The commit at the head of the branch, if it is the one whose answer got lost."""
    now = _head(push)
    if now == head:
        return None
    if not _holds(push, todo, now):
        raise _OvertakenError
    return now, ""


def _landed_request(push: _Push, todo: Plan, known: Mapping[str, str]) -> tuple[str, str] | None:
    """The pull request that has come since, if it is the one whose answer got lost."""
    for name, commit in _pull_requests(push).items():
        if name not in known and _holds(push, todo, commit):
            return commit, f"{push.repository.url}/discussions/{name.rpartition('/')[2]}"
    return None


def _pull_requests(push: _Push) -> dict[str, str]:
    refs = push.repository.ask(push.repository.api.list_repo_refs, include_pull_requests=True)
    return {one.ref: one.target_commit for one in refs.pull_requests or []}


def _holds(push: _Push, todo: Plan, commit: str) -> bool:
    found = tree(push.repository, commit)
    return all(file.path in found and found[file.path].holds(file) for file in todo.send)


def _message(build: Mapping[str, Any]) -> str:
    return f"{build['counts']['articles']:,} articles, build {build[SEAL][:16]} of curate {build['curate']}"


def _tag(push: _Push, commit: str) -> str:
    """Tag a commit with the build's digest; the tag, or empty where there is none. One that is there stays."""
    from huggingface_hub.errors import HfHubHTTPError

    repository, options = push.repository, push.options
    if not options.tag or options.create_pr or options.revision.startswith("refs/"):
        return ""
    name = f"build-{push.build[SEAL][:16]}"
    try:
        repository.ask(repository.api.create_tag, tag=name, revision=commit)
    except HfHubHTTPError as error:
        if status_of(error) != _BUSY:
            raise
        tags = {one.name: one.target_commit for one in repository.ask(repository.api.list_repo_refs).tags}
        if tags.get(name) != commit:
            repository.say(f"Tag {name} stays at commit {tags.get(name)}, where this build was pushed before.")
            return ""
    return name
