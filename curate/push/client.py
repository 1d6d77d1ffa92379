"""Talking to a Hugging Face hub: patient with failures that pass, plain about those that do not.

The client library is imported where it is first needed: it takes a second, and reads ``HF_ENDPOINT`` and its like then.
"""

from __future__ import annotations

import functools
import itertools
import logging
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from curate import __version__
from curate.errors import CurateError, TransferError
from curate.push.model import Remote

if TYPE_CHECKING:
    from huggingface_hub import HfApi

T = TypeVar("T")
Say = Callable[[str], None]
"""Told in a sentence what happens."""

MAX_TRIES = 5
MAX_UPLOAD_TRIES = 2
"""Of an upload: the client itself tries each request of it six times. The second try asks for new addresses."""

MAX_WAIT_SECONDS = 300.0
"""The hub counts requests by five minutes, so it asks for no longer wait."""

_PASSING = (429, 500, 502, 503, 504)
"""Answers after which the same request may succeed."""

TOKEN_PAGE = "https://huggingface.co/settings/tokens"
AGAIN = "Nothing was committed. Run the same command again: what has arrived is not sent twice."

_ADDRESS = re.compile(r"\w+://\S+")


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

    def ask(self, call: Callable[..., T], *, tries: int = MAX_TRIES, **arguments: Any) -> T:
        """Call the client about this repository, again where the failure may pass."""
        bound = functools.partial(call, repo_id=self.name, repo_type="dataset", **arguments)
        return patiently(bound, self.say, tries)


def open_api(say: Say, *, needs_token: bool) -> HfApi:
    """The client, with the token of the environment or of ``hf auth login``.

    Its warnings (it waits, it tries again) go to ``say``, without the addresses in them, which are signed; its progress
    bars are off.

    Raises:
        TransferError: ``needs_token``, and there is none.
    """
    import huggingface_hub
    from huggingface_hub.utils.tqdm import disable_progress_bars

    if needs_token and not huggingface_hub.get_token():
        raise TransferError(
            f"There is no token for the hub. Make one that may write ({TOKEN_PAGE}), and set HF_TOKEN or run: "
            "hf auth login"
        )
    disable_progress_bars()
    api = huggingface_hub.HfApi(library_name="curate", library_version=__version__)
    logger = logging.getLogger("huggingface_hub")  # only now has the library given it a handler of its own
    logger.handlers = [_Telling(say)]
    logger.propagate = False
    return api


class _Telling(logging.Handler):
    """Passes the warnings of a library on, in one line and without addresses."""

    def __init__(self, say: Say) -> None:
        super().__init__(logging.WARNING)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        self._say(f"The hub's client: {without_addresses(record.getMessage())}")


def without_addresses(text: str) -> str:
    """One line of a library's, without URLs: those of uploads are signed."""
    return " ".join(_ADDRESS.sub("(address)", text).split())


def tree(repository: Repository, commit: str) -> dict[str, Remote]:
    """The files of a commit by path, with their digests."""
    from huggingface_hub.hf_api import RepoFile

    def listed(**where: Any) -> dict[str, Remote]:
        return {
            one.path: Remote(one.path, one.size, one.lfs.sha256 if one.lfs else None, None if one.lfs else one.blob_id)
            for one in repository.api.list_repo_tree(**where, revision=commit, recursive=True)
            if isinstance(one, RepoFile)
        }

    return repository.ask(listed)


def download(repository: Repository, commit: str, path: str) -> bytes:
    """A small file of the repository."""
    with tempfile.TemporaryDirectory() as folder:
        got = repository.ask(repository.api.hf_hub_download, filename=path, revision=commit, local_dir=folder)
        return Path(got).read_bytes()


# ---- waiting


def patiently(call: Callable[[], T], say: Say, tries: int = MAX_TRIES) -> T:
    """The answer of ``call``, which is made again after failures that may pass, as long as the hub asks to wait."""
    for attempt in itertools.count(1):
        try:
            return call()
        except Exception as error:  # the client raises its own, its HTTP library's and plain ones; the rest goes on
            if not may_pass(error) or attempt >= tries:
                raise
            wait(error, attempt, say, "trying again")
    raise AssertionError("the count has no end")


def may_pass(error: BaseException) -> bool:
    """Whether the same request may succeed later."""
    status = status_of(error)
    if status == 403:
        return isinstance(error, RuntimeError)  # of an upload: its address has expired, and is asked for anew
    return status in _PASSING if status else _is_transport(error)


def wait(error: BaseException, attempt: int, say: Say, then: str) -> None:
    """Wait after a failure as long as the hub asks to, or twice as long every time, and say so."""
    seconds = min(_asked_wait(error) or float(2 ** (attempt - 1)), MAX_WAIT_SECONDS)
    say(f"{_reason(error)}; {then} in {seconds:g} s.")
    time.sleep(seconds)


def _asked_wait(error: BaseException) -> float | None:
    response = _response(error)
    asked = response.headers.get("Retry-After", "") if response is not None else ""
    return float(asked) if asked.isdecimal() else None


# ---- errors


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and those below it: the client wraps what went wrong with an upload or a download."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _response(error: BaseException) -> Any:
    """The hub's answer that is at the bottom of an error; None: there was none."""
    found = (getattr(one, "response", None) for one in _chain(error))
    return next((response for response in found if response is not None), None)


def status_of(error: BaseException) -> int:
    """The status of the hub's answer; 0: there was none."""
    response = _response(error)
    return int(response.status_code) if response is not None else 0


def _is_transport(error: BaseException) -> bool:
    """Whether the connection failed."""
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    library_errors = HfHubHTTPError.__bases__[0]  # HTTPError of httpx or its successor, as the client has it
    found = list(_chain(error))
    if any(isinstance(one, OfflineModeIsEnabled) for one in found):
        return False
    return any(isinstance(one, (library_errors, ConnectionError, TimeoutError)) for one in found)


def _reason(error: BaseException) -> str:
    """An error in a few words, without addresses."""
    response = _response(error)
    if response is not None:
        said = next((said for one in _chain(error) if (said := getattr(one, "server_message", None))), None)
        return f"the hub answers {response.status_code} ({without_addresses(said or response.reason_phrase)})"
    if _is_transport(error):
        return f"the connection failed ({type(list(_chain(error))[-1]).__name__})"
    return without_addresses(str(error)) or type(error).__name__


@contextmanager
def as_transfer_errors(name: str, after: str = AGAIN, *, writes: bool = True) -> Iterator[None]:
    """Errors of the client as sentences of ours; nothing in them that is secret.

    Args:
        name: the repository.
        after: what is the case after such an error, and what to do.
        writes: whether the token needs the right to write.
    """
    from huggingface_hub.errors import HFValidationError, OfflineModeIsEnabled

    try:
        yield
    except CurateError:
        raise
    except HFValidationError as error:
        raise TransferError(f"{name!r} is no name of a repository: {error}") from None
    except Exception as error:  # of any library below; a bug of ours goes on as it is
        if _is_ours(error):
            raise
        if any(isinstance(one, OfflineModeIsEnabled) for one in _chain(error)):
            raise TransferError("HF_HUB_OFFLINE is set: the hub is not to be reached. Unset it.") from None
        raise TransferError(_refusal(error, name, after, writes=writes)) from None


def _is_ours(error: BaseException) -> bool:
    """Whether curate's own code raised it: a bug, whose traceback is wanted."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0] == "curate"


def _refusal(error: Exception, name: str, after: str, *, writes: bool) -> str:
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    status = status_of(error)
    if isinstance(error, GatedRepoError):
        return f"{name} is gated: ask for access on its page, and use a token that has it."
    if isinstance(error, RepositoryNotFoundError):
        return f"{name} is not there, or the token may not see it."
    if isinstance(error, RevisionNotFoundError):
        return f"{name} has no such revision."
    if status == 401:
        return f"The hub does not know the token. Set HF_TOKEN to a valid one ({TOKEN_PAGE}), or run: hf auth login"
    if status == 403 and writes and not isinstance(error, RuntimeError):
        return (
            f"The token may not write to {name}: {_reason(error)}. Make one with the role write, or with write access "
            f"to it ({TOKEN_PAGE}); a pull request may need less: --create-pr. {after}"
        )
    return f"{name}: {_reason(error)}. {after}"
