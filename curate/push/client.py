"""Talking to a Hugging Face hub: patient with failures that pass, plain about those that do not.

The client library is imported where it is first needed: it takes a second, and reads ``HF_ENDPOINT`` and its like then.
"""

from __future__ import annotations

import functools
import itertools
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from curate import __version__
from curate.errors import TransferError
from curate.push.model import Remote

if TYPE_CHECKING:
    from huggingface_hub import HfApi

T = TypeVar("T")
Say = Callable[[str], None]
"""Told in a sentence what happens."""

MAX_TRIES = 5
MAX_WAIT_SECONDS = 300.0

_PASSING = (429, 500, 502, 503, 504)
"""Answers after which the same request may succeed."""

TOKEN_PAGE = "https://huggingface.co/settings/tokens"


@dataclass(frozen=True)
class Repository:
    """A dataset repository of the hub, and whom to tell what happens with it."""

    api: HfApi
    name: str
    say: Say

    @property
    def url(self) -> str:
        """The address of its page."""
        return f"{self.api.endpoint}/datasets/{self.name}"

    def ask(self, call: Callable[..., T], **arguments: Any) -> T:
        """Call the client about this repository, again where the failure may pass."""
        return patiently(functools.partial(call, repo_id=self.name, repo_type="dataset", **arguments), self.say)


def open_api(*, needs_token: bool) -> HfApi:
    """The client, with the token of the environment or of ``hf auth login``.

    Raises:
        TransferError: ``needs_token``, and there is none.
    """
    import huggingface_hub
    from huggingface_hub.utils import logging

    if needs_token and not huggingface_hub.get_token():
        raise TransferError(
            f"There is no token for the hub. Make one that may write ({TOKEN_PAGE}), and set HF_TOKEN or run: "
            "hf auth login"
        )
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # its warnings show upload addresses, which are signed
    return huggingface_hub.HfApi(library_name="curate", library_version=__version__)


def tree(repository: Repository, commit: str) -> dict[str, Remote]:
    """The files of a commit by path, with their digests."""
    from huggingface_hub.hf_api import RepoFile

    def listed() -> dict[str, Remote]:
        entries = repository.api.list_repo_tree(
            repo_id=repository.name, repo_type="dataset", revision=commit, recursive=True
        )
        return {
            one.path: Remote(one.path, one.size, one.lfs.sha256 if one.lfs else None, None if one.lfs else one.blob_id)
            for one in entries
            if isinstance(one, RepoFile)
        }

    return patiently(listed, repository.say)


def download(repository: Repository, commit: str, path: str) -> bytes:
    """A small file of the repository."""
    with tempfile.TemporaryDirectory() as folder:
        got = repository.ask(repository.api.hf_hub_download, filename=path, revision=commit, local_dir=folder)
        return Path(got).read_bytes()


def patiently(call: Callable[[], T], say: Say) -> T:
    """The answer of ``call``, which is made again after failures that may pass, as long as the hub asks to wait."""
    for attempt in itertools.count(1):
        try:
            return call()
        except Exception as error:
            if not may_pass(error) or attempt == MAX_TRIES:
                raise
            wait(error, attempt, say, "trying again")
    raise AssertionError("the count has no end")


def may_pass(error: BaseException) -> bool:
    """Whether the same request may succeed later."""
    from huggingface_hub.errors import HfHubHTTPError

    if isinstance(error, HfHubHTTPError):
        return error.response.status_code in _PASSING
    return _is_transport(error)


def _is_transport(error: BaseException) -> bool:
    """Whether the connection failed: an error of the client's HTTP library, also below the one it raises of uploads."""
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    if isinstance(error, OfflineModeIsEnabled):
        return False
    library_errors = HfHubHTTPError.__bases__[0]  # HTTPError of httpx or its successor, as the client has it
    cause = error.__cause__ if isinstance(error, RuntimeError) else error
    if isinstance(cause, HfHubHTTPError):
        return cause.response.status_code in _PASSING
    return isinstance(cause, (library_errors, ConnectionError, TimeoutError))


def wait(error: BaseException, attempt: int, say: Say, then: str) -> None:
    """Wait after a failure as long as the hub asks to, or twice as long every time, and say so."""
    seconds = min(_asked_wait(error) or float(2 ** (attempt - 1)), MAX_WAIT_SECONDS)
    say(f"{_reason(error)}; {then} in {seconds:g} s ({attempt} of {MAX_TRIES - 1}).")
    time.sleep(seconds)


def _asked_wait(error: BaseException) -> float | None:
    response = getattr(error, "response", None)
    asked = response.headers.get("Retry-After", "") if response is not None else ""
    return float(asked) if asked.isdecimal() else None


def _reason(error: BaseException) -> str:
    """An error in a few words, without addresses: those of uploads are signed."""
    cause = error.__cause__ if isinstance(error, RuntimeError) and error.__cause__ else error
    response = getattr(cause, "response", None)
    if response is not None:
        said = str(getattr(cause, "server_message", None) or response.reason_phrase)
        return f"the hub answers {response.status_code} ({' '.join(said.split())})"
    return f"the connection failed ({type(cause).__name__})"


@contextmanager
def as_transfer_errors(name: str) -> Iterator[None]:
    """Errors of the client as sentences of ours; nothing in them that is secret."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    try:
        yield
    except OfflineModeIsEnabled:
        raise TransferError("HF_HUB_OFFLINE is set: the hub is not to be reached. Unset it.") from None
    except HFValidationError as error:
        raise TransferError(f"{name!r} is no name of a repository: {error}") from None
    except HfHubHTTPError as error:
        raise TransferError(_refusal(error, name)) from None
    except Exception as error:
        if not _is_transport(error):
            raise
        raise TransferError(
            f"{name}: {_reason(error)}. Nothing was committed. Run the same command again: what has arrived is not "
            "sent twice."
        ) from None


def _refusal(error: Any, name: str) -> str:
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    status = error.response.status_code
    if isinstance(error, GatedRepoError):
        return f"{name} is gated: ask for access on its page, and use a token that has it."
    if isinstance(error, RepositoryNotFoundError):
        return f"{name} is not there, or the token may not see it."
    if isinstance(error, RevisionNotFoundError):
        return f"{name} has no such revision."
    if status == 401:
        return (
            f"The hub does not know the token. Set HF_TOKEN to one that is valid ({TOKEN_PAGE}), or run: hf auth login"
        )
    if status == 403:
        return (
            f"The token may not write to {name}. Make one with the role write, or with write access to it "
            f"({TOKEN_PAGE}); a pull request may need less: --create-pr."
        )
    return (
        f"{name}: {_reason(error)}. Nothing was committed. Run the same command again: what has arrived is not sent "
        "twice."
    )
