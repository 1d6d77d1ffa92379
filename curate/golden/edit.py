"""Change single keys of a YAML file that a person wrote: comments, order and the form of everything else stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from curate.errors import InputError

_WIDTH = 120


def set_key(text: str, path: Sequence[str], value: Any) -> str:
    """Set the value of a key; the key comes last in its table where it is new.

    Of a list that stands a line an item, only the lines of the items that come or go are written.

    Args:
        text: YAML, a table.
        path: the names of the tables around the key, and the key.
        value: what it shall be; not what it is already.

    Returns:
        The new YAML: what it says differs in that key, and nowhere else.

    Raises:
        InputError: the file is written in a way that this cannot change (anchors, for one).
    """
    table = _table(text, path[:-1])
    pair = _pair(table, path[-1])
    if not table.value:  # nothing stands there yet, or {}
        return _checked(text, path, value, set_key(text, path[:-1], {path[-1]: value}) if path[:-1] else "")
    if pair is None:
        return _checked(text, path, value, _appended(text, table, path[-1], value))
    return _checked(text, path, value, _replaced(text, table, pair, value))


def remove_key(text: str, path: Sequence[str]) -> str:
    """Take a key out, with what stands on its lines; a key that is not there is left out already.

    Raises:
        InputError: the file is written in a way that this cannot change.
    """
    table = _table(text, path[:-1])
    pair = _pair(table, path[-1])
    if pair is None:
        return text
    if len(table.value) == 1 and path[:-1]:
        return set_key(text, path[:-1], {})
    start, end = pair.key.start_mark.index, pair.end(text)
    if not table.flow_style:
        return _checked(text, path, _GONE, text[: _line_start(text, start)] + text[_line_end(text, end) + 1 :])
    after, before = text.find(",", end), text.rfind(",", 0, start)
    start, end = (before, end) if pair.key is table.value[-1][0] else (start, after + 1)
    return _checked(text, path, _GONE, text[:start] + text[end:].lstrip(" "))


_GONE = object()


@dataclass(frozen=True)
class _Pair:
    """A key and its value, as they stand in the file."""

    key: Node
    value: Node

    def end(self, text: str) -> int:
        """The character behind the value's last one."""
        return max(_end(text, self.value), self.key.end_mark.index + 1)


def _table(text: str, path: Sequence[str]) -> MappingNode:
    try:
        node: Node | None = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise InputError(str(error)) from None
    for name in path:
        pair = _pair(node, name)
        node = pair.value if pair else None
    if isinstance(node, ScalarNode) and not node.value:
        return MappingNode(node.tag, [], node.start_mark, node.end_mark)
    if not isinstance(node, MappingNode):
        raise _cannot(path)
    return node


def _pair(table: Node | None, name: str) -> _Pair | None:
    pairs = table.value if isinstance(table, MappingNode) else ()
    return next((_Pair(key, value) for key, value in pairs if key.value == name), None)


def _end(text: str, node: Node) -> int:
    """Where a value ends; the mark behind a block is where the next one begins, with comments between."""
    if isinstance(node, ScalarNode):
        written: str = text[node.start_mark.index : node.end_mark.index]
        return int(node.start_mark.index) + len(written.rstrip())
    if not isinstance(node, MappingNode | SequenceNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    if isinstance(last, tuple):
        return _Pair(*last).end(text)
    return max(_end(text, last), int(node.start_mark.index) + 1)


def _replaced(text: str, table: MappingNode, pair: _Pair, value: Any) -> str:
    start, end = pair.key.end_mark.index, pair.end(text)
    if table.flow_style or not _is_listed(value):
        return f"{text[:start]}: {_inline(value)}{text[end:]}"
    if isinstance(pair.value, SequenceNode) and pair.value.value and not pair.value.flow_style:
        return _with_items(text, pair, value)
    line_end = _line_end(text, end)
    items = _items(value, pair.key.start_mark.column)
    return f"{text[:start]}:{text[end:line_end]}\n{items}{text[line_end + 1 :]}"


def _appended(text: str, table: MappingNode, key: str, value: Any) -> str:
    if table.flow_style:
        end = table.end_mark.index - 1
        return f"{text[:end].rstrip()}, {_inline(key)}: {_inline(value)}{text[end:]}"
    column = table.start_mark.column
    line_end = _line_end(text, _Pair(*table.value[-1]).end(text))
    written = f"\n{_items(value, column)}" if _is_listed(value) else f" {_inline(value)}\n"
    return f"{text[:line_end]}\n{' ' * column}{_inline(key)}:{written}{text[line_end + 1 :]}"


def _with_items(text: str, pair: _Pair, value: Sequence[Any]) -> str:
    """The list with its new items; a comment above an item stays where it is."""
    nodes = pair.value.value
    old = [node.value if isinstance(node, ScalarNode) else node for node in nodes]
    lines = text.split("\n")
    column = pair.value.start_mark.column
    # the line numbers of marks count more kinds of line ends
    spans = [(text.count("\n", 0, node.start_mark.index), text.count("\n", 0, _end(text, node)) + 1) for node in nodes]
    first_line = text.count("\n", 0, pair.key.end_mark.index) + 1
    matcher = SequenceMatcher(None, old, [str(one) for one in value], autojunk=False)
    for tag, start, end, new_start, new_end in reversed(matcher.get_opcodes()):
        if tag == "equal":
            continue
        at = spans[start][0] if tag != "insert" else spans[start - 1][1] if start else first_line
        for first, behind in reversed(spans[start:end]):
            del lines[first:behind]
        lines[at:at] = _items(value[new_start:new_end], column).split("\n")[:-1]
    return "\n".join(lines)


def _is_listed(value: Any) -> bool:
    """Whether a value is written over several lines: it is a list of some items, or holds one."""
    if isinstance(value, Mapping):
        return any(_is_listed(one) for one in value.values())
    return isinstance(value, list | tuple) and bool(value)


def _items(value: Any, column: int) -> str:
    """The value of a key that stands at ``column``: a line an item, or several where it is long."""
    if not value:
        return ""
    column += 2 * isinstance(value, Mapping)
    written = _dumped(value, width=_WIDTH - column)
    return "".join(f"{' ' * column}{line}\n" for line in written.splitlines())


def _inline(value: Any) -> str:
    """A value on one line, as it may stand in braces and outside of them."""
    return _dumped([value], default_flow_style=True, width=1 << 30).rstrip("\n")[1:-1]


def _dumped(value: Any, **options: Any) -> str:
    """YAML that is read as ``value``: PyYAML leaves U+0085 as it is, and reads it as a line's end."""
    plain = _plain(value)
    written: str = yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, **options)
    if yaml.safe_load(written) != plain:
        written = yaml.safe_dump(plain, allow_unicode=False, sort_keys=False, **options)
    return written


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found


def _checked(text: str, path: Sequence[str], value: Any, new: str) -> str:
    """``new``, where it says what ``text`` said but for the one key."""
    try:
        found = yaml.safe_load(new)
    except yaml.YAMLError:
        found = None
    if _said(found) != _said(_with(yaml.safe_load(text), path, value)):
        raise _cannot(path)
    return new


def _with(table: Any, path: Sequence[str], value: Any) -> Any:
    """Tables with the value of one key another, or gone."""
    if not path:
        return value
    kept = dict(table) if isinstance(table, Mapping) else {}
    inner = _with(kept.pop(path[0], None), path[1:], value)
    return kept if inner is _GONE else kept | {path[0]: inner}


def _said(value: Any) -> Any:
    """What values say to curate: items of a list are text, however they are written."""
    if isinstance(value, Mapping):
        return {key: _said(one) for key, one in value.items()}
    return [str(one) for one in value] if isinstance(value, list | tuple) else value


def _plain(value: Any) -> Any:
    """A value as YAML knows them."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return list(value) if isinstance(value, list | tuple) else value


def _cannot(path: Sequence[str]) -> InputError:
    return InputError(f"{': '.join(path)}: this is written in a way that a program cannot change; change it by hand.")
