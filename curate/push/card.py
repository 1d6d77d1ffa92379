"""A card at its destination: the generated part anew, what people wrote around it as it was."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import yaml

from curate.errors import TransferError
from curate.write.card import BEGIN, BUILD_KEYS, END, front_yaml

_LISTS = ("tags", "configs", "dataset_info")
"""The keys at the top to whose entries people may add."""

_SENT = "<!-- curate: around it when it was sent: {} -->"
_SENT_PATTERN = re.compile(_SENT.format("([0-9a-f]{16})"))


class _Parts(NamedTuple):
    """A card in pieces: the entries at its top as they are written, and the text around the marks."""

    front: Mapping[str, str]
    before: str
    generated: str
    after: str

    @property
    def hand_written(self) -> tuple[str, str]:
        return self.before.strip(), self.after.strip()

    @property
    def digest(self) -> str:
        return hashlib.sha256("\0".join(self.hand_written).encode()).hexdigest()[:16]


def merge_card(generated: str, local: str | None, remote: str | None, where: str, licence_before: str = "") -> str:
    """The card to send: the generated part of ``generated``, and what people wrote in the other two.

    Generated are the keys that a build writes at the top and the text between the two marks. What stays: other keys,
    as they are written; entries of ``tags``, ``configs`` and ``dataset_info`` that no build writes; the text before and
    after the marks. A card without marks is all somebody's own: it comes before the generated text.

    A card that was sent says by a digest what people had written then. So where both cards have such text and not the
    same, the one that was changed since is taken.

    Args:
        generated: the card of the build.
        local: the build's README.md, in which somebody may have written.
        remote: the README.md at the destination; None: there is none.
        where: the destination, for messages.
        licence_before: the licence of the build that stands there: it goes with that build. Any other stays.

    Raises:
        TransferError: a card cannot be read, or both texts of people were changed.
    """
    new = _split(generated, "the build")
    mine = _split(local, "the build's README.md") if local else new
    theirs = _split(remote, f"README.md at {where}") if remote else new
    kept = _newer(mine, theirs, where)
    front = _merge_front(new.front, theirs.front, mine.front, licence_before)
    before, after = kept.hand_written
    body = new.generated.strip()
    if any(kept.hand_written):
        body = body.replace(END, f"{_SENT.format(kept.digest)}\n{END}")
    return "\n\n".join(part for part in (f"---\n{front}---", before, body, after) if part) + "\n"


def _newer(mine: _Parts, theirs: _Parts, where: str) -> _Parts:
    """The one of two cards whose text around the marks is to stay."""
    if not any(theirs.hand_written) or mine.hand_written == theirs.hand_written:
        return mine
    if not any(mine.hand_written):
        return theirs
    sent = _SENT_PATTERN.search(theirs.generated)
    if sent and sent[1] == theirs.digest:
        return mine
    if sent and sent[1] == mine.digest:
        return theirs
    raise TransferError(
        f"README.md has text outside of its generated part here, and other text at {where}. Only one can stay.\n  "
        "Make them the same: edit it there, or copy that text into the README.md of the build."
    )


def _split(card: str, where: str) -> _Parts:
    front, body = _front(card.replace("\r\n", "\n").lstrip("\ufeff \n"), where)
    before, begin, rest = body.partition(BEGIN)
    generated, end, after = rest.partition(END)
    if not begin:
        return _Parts(front, body, "", "")
    if not end or BEGIN in generated or BEGIN in after or END in after:
        raise TransferError(f"{where}: the marks of its generated part are not a pair: {BEGIN} … {END}")
    return _Parts(front, before, begin + generated + end, after)


# ---- the YAML at the top


def _front(card: str, where: str) -> tuple[dict[str, str], str]:
    """The entries at the top of a card by key, each as it is written, and the rest of the card."""
    lines = card.split("\n")
    end = next((at for at, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), 0)
    if lines[0].rstrip() != "---" or not end:
        return {}, card
    try:
        return _entries("\n".join(lines[1:end])), "\n".join(lines[end + 1 :])
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise TransferError(f"{where}: the YAML at its top cannot be read: {str(error).splitlines()[0]}") from None


def _entries(text: str) -> dict[str, str]:
    """Key -> the lines of its entry; comments belong to the entry above them."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is None:
        return {}
    if not isinstance(node, yaml.MappingNode) or node.flow_style:
        raise ValueError("it is no table of a key a line")
    lines = text.split("\n")
    starts = [key.start_mark.line for key, _ in node.value]
    ends = [*starts[1:], len(lines)]
    return {
        key.value: "\n".join(lines[start:end]).rstrip("\n") + "\n"
        for (key, _), start, end in zip(node.value, starts, ends, strict=True)
    }


def _merge_front(
    new: Mapping[str, str], theirs: Mapping[str, str], mine: Mapping[str, str], licence_before: str
) -> str:
    """What builds write, as ``new`` has it; then what only the others have, as they have it."""
    written = {key: yaml.safe_load(entry)[key] for key, entry in new.items()}
    for key in _LISTS:
        for other in (theirs, mine):
            if key in other:
                written[key] = _with_others(written.get(key, []), yaml.safe_load(other[key])[key])
    others = {**mine, **theirs}
    foreign = [entry for key, entry in others.items() if key not in written and key not in BUILD_KEYS]
    if (
        "license" not in written
        and "license" in others
        and yaml.safe_load(others["license"]) != {"license": licence_before}
    ):
        foreign.insert(0, others["license"])
    return front_yaml({key: value for key, value in written.items() if value}) + "".join(foreign)


def _with_others(own: list[Any], theirs: Any) -> list[Any]:
    """A list of tags or of configs, and what else is in the list that stands there."""
    if not isinstance(theirs, list):
        return own
    names = [_name(one) for one in own]
    return [*own, *(one for one in theirs if _name(one) not in names)]


def _name(entry: Any) -> Any:
    return entry.get("config_name") if isinstance(entry, dict) else entry
