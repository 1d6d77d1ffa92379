"""A card at its destination: the generated part anew, what people wrote around it as it was."""

from __future__ import annotations

from typing import Any, NamedTuple

import yaml

from curate.errors import TransferError
from curate.write.card import BEGIN, END, front_yaml


class _Parts(NamedTuple):
    front: dict[str, Any]
    before: str
    generated: str
    after: str

    @property
    def hand_written(self) -> tuple[str, str]:
        return self.before.strip(), self.after.strip()


def merge_card(generated: str, local: str | None, remote: str | None, where: str) -> str:
    """The card to send: the generated part of ``generated``, and what people wrote in the other two.

    Generated are the keys that a build writes at the top and the text between the two marks. Other keys, entries of
    ``tags``, ``configs`` and ``dataset_info`` that no build writes, and the text before and after the marks stay. A
    card without marks is all somebody's own: it comes before the generated text.

    Args:
        generated: the card of the build.
        local: the build's README.md, in which somebody may have written.
        remote: the README.md at the destination; None: there is none.
        where: the destination, for messages.

    Raises:
        TransferError: a card cannot be read, or both hold text of people and not the same.
    """
    new = _split(generated, "the build")
    mine = _split(local, "the build's README.md") if local else new
    theirs = _split(remote, f"README.md at {where}") if remote else new
    if any(mine.hand_written) and any(theirs.hand_written) and mine.hand_written != theirs.hand_written:
        raise TransferError(
            f"README.md has text outside of its generated part here, and other text at {where}. Only one can stay.\n  "
            "Make them the same: edit it there, or copy that text into the README.md of the build."
        )
    kept = theirs if any(theirs.hand_written) else mine
    front = _merge_front(_merge_front(new.front, theirs.front), mine.front)
    before, after = kept.hand_written
    return (
        "\n\n".join(part for part in (f"---\n{front_yaml(front)}---", before, new.generated.strip(), after) if part)
        + "\n"
    )


def _split(card: str, where: str) -> _Parts:
    front, body = _front(card.replace("\r\n", "\n"), where)
    before, begin, rest = body.partition(BEGIN)
    generated, end, after = rest.partition(END)
    if not begin:
        return _Parts(front, body, "", "")
    if not end or BEGIN in generated or BEGIN in after or END in after:
        raise TransferError(f"{where}: the marks of its generated part are not a pair: {BEGIN} … {END}")
    return _Parts(front, before, begin + generated + end, after)


def _front(card: str, where: str) -> tuple[dict[str, Any], str]:
    """The YAML at the top of a card, and the rest of it."""
    lines = card.split("\n")
    if lines[0].strip() != "---" or "---" not in lines[1:]:
        return {}, card
    end = lines.index("---", 1)
    try:
        front = yaml.safe_load("\n".join(lines[1:end])) or {}
    except (yaml.YAMLError, RecursionError) as error:
        raise TransferError(f"{where}: the YAML at its top cannot be read: {str(error).splitlines()[0]}") from None
    if not isinstance(front, dict):
        raise TransferError(f"{where}: the YAML at its top is no table.")
    return front, "\n".join(lines[end + 1 :])


def _merge_front(new: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    """``new``, and what only ``old`` has: keys, tags, configs of other names."""
    merged = {**new, **{key: value for key, value in old.items() if key not in new}}
    if isinstance(old.get("tags"), list):
        merged["tags"] = list(dict.fromkeys([*new.get("tags", []), *map(str, old["tags"])]))
    for key in ("configs", "dataset_info"):
        if isinstance(old.get(key), list):
            names = {one["config_name"] for one in merged.get(key, [])}
            others = [one for one in old[key] if isinstance(one, dict) and one.get("config_name") not in names]
            merged[key] = [*merged.get(key, []), *others]
    return merged
