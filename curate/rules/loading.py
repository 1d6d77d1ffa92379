"""Rule files -> rules, with errors that name file, line and column.

YAML is read without types, so ``no`` and ``1.10`` stay text, and without tags, so a stranger's file can do nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from curate.errors import RuleError, did_you_mean
from curate.rules.model import (
    ACTIONS,
    CAPTURES,
    KINDS,
    MAX_WORDS,
    OPTIONS,
    PLACES,
    POSITIONS,
    Match,
    Pack,
    Rule,
    StripExample,
    Where,
)

PACK_FILE = "pack.yaml"
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
REQUIRED_KEYS = ("id", "title", "match", "action", "why", "source", "examples")
RULE_KEYS = (*REQUIRED_KEYS, "where", "until", "capture", "option", "extends")
WHERE_KEYS = ("position", "after", "domain", "lang", "source", "max_words", "sentences")
PACK_KEYS = ("id", "version", "license", "description", "disable")

_Table = dict[str, yaml.Node]


def packaged_rules() -> Path:
    """The folder of the rules that come with curate: inside the installed package, or beside it in a checkout."""
    installed = Path(str(resources.files("curate"))) / "_rules"
    return installed if installed.is_dir() else Path(__file__).resolve().parents[2] / "rules"


def load_pack(folder: Path) -> Pack:
    """Load every ``*.yaml`` below ``folder``, in sorted order.

    Raises:
        RuleError: there is no such folder, or a file in it is wrong; names file, line and column.
    """
    return _load(folder, {})


def load_packs(folders: Iterable[Path], errors: list[RuleError] | None = None) -> tuple[Pack, ...]:
    """Load packs in order: a rule may extend one that stands before it, in its own pack or an earlier one.

    Args:
        folders: the packs.
        errors: where given, wrong rules and files are left out and what is wrong with them is added to it.

    Raises:
        RuleError: as for `load_pack`.
    """
    tables: dict[str, _Table] = {}
    return tuple(_load(folder, tables, errors) for folder in folders)


def _load(folder: Path, tables: dict[str, _Table], errors: list[RuleError] | None = None) -> Pack:
    """``tables`` holds what the rules loaded so far say, and grows by those of this pack."""
    if not folder.is_dir():
        raise RuleError(f"{folder}: there is no such folder of rules.")
    about: dict[str, str] = {"id": folder.name, "version": "0", "license": "", "description": ""}
    disable: tuple[str, ...] = ()
    digest = hashlib.sha256()
    rules: dict[str, Rule] = {}
    for path in sorted(folder.rglob("*.yaml"), key=lambda p: p.relative_to(folder).as_posix()):
        name, content = path.relative_to(folder).as_posix(), path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
        with _collecting(errors):
            root = _compose(content, str(path))
            if name == PACK_FILE:
                table = _table(root, str(path), PACK_KEYS)
                disable = _texts(table.pop("disable"), str(path)) if "disable" in table else ()
                about |= {key: _text(node, str(path)) for key, node in table.items()}
                continue
            for node in _sequence(root, str(path)) if root is not None else ():
                with _collecting(errors):
                    _add(_rule(node, str(path), tables), rules)
    return Pack(**about, digest=digest.hexdigest()[:16], rules=tuple(rules.values()), disable=disable)


@contextmanager
def _collecting(errors: list[RuleError] | None) -> Iterator[None]:
    """Errors go to the list, where there is one."""
    try:
        yield
    except RuleError as error:
        if errors is None:
            raise
        errors.append(error)


def _add(rule: Rule, rules: dict[str, Rule]) -> None:
    if first := rules.get(rule.id):
        message = f"rule {rule.id!r} stands already in {first.file}:{first.line}."
        raise RuleError(message, file=rule.file, line=rule.line, column=rule.column)
    rules[rule.id] = rule


def _compose(content: bytes, file: str) -> yaml.Node | None:
    try:
        return yaml.compose(content.decode("utf-8"), Loader=_LOADER)
    except UnicodeDecodeError as error:
        raise RuleError(f"not UTF-8: {error}", file=file, line=1, column=1) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise RuleError(f"not YAML: {error.problem}", file=file, line=place[0], column=place[1]) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise RuleError(f"not YAML: {error}", file=file, line=1, column=1) from None


def _fail(message: str, node: yaml.Node, file: str) -> RuleError:
    return RuleError(message, file=file, line=node.start_mark.line + 1, column=node.start_mark.column + 1)


def _table(node: yaml.Node | None, file: str, known: Iterable[str]) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        raise (
            _fail("a table (key: value) is wanted here.", node, file)
            if node
            else RuleError("empty file.", file=file, line=1, column=1)
        )
    table: dict[str, yaml.Node] = {}
    for key, value in node.value:
        name = _text(key, file)
        if name not in known:
            raise _fail(f"no key is called {name!r} here{did_you_mean(name, known)}", key, file)
        if name in table:
            raise _fail(f"{name!r} stands here twice.", key, file)
        table[name] = value
    return table


def _sequence(node: yaml.Node, file: str) -> list[yaml.Node]:
    if not isinstance(node, yaml.SequenceNode):
        raise _fail("a list is wanted here.", node, file)
    return list(node.value)


def _text(node: yaml.Node, file: str) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise _fail("text is wanted here.", node, file)
    return str(node.value)


def _texts(node: yaml.Node, file: str) -> tuple[str, ...]:
    """One text, or a list of texts; never empty ones."""
    found = [node] if isinstance(node, yaml.ScalarNode) else _sequence(node, file)
    for item in found:
        if not _text(item, file).strip():
            raise _fail("an empty text would match everything.", item, file)
    return tuple(_text(item, file) for item in found)


def _number(node: yaml.Node, file: str) -> int:
    text = _text(node, file)
    if not text.isdecimal() or int(text) < 1:
        raise _fail(f"a number from 1 is wanted, not {text!r}.", node, file)
    return int(text)


def _choice(node: yaml.Node, file: str, choices: Iterable[str]) -> str:
    text = _text(node, file)
    if text not in choices:
        raise _fail(f"no choice is called {text!r}{did_you_mean(text, choices)}", node, file)
    return text


def _rule(node: yaml.Node, file: str, tables: dict[str, _Table]) -> Rule:
    table = _table(node, file, RULE_KEYS)
    name = _text(table["id"], file) if "id" in table else "?"
    if "extends" in table:
        table = _extended(table, file, tables)
    tables.setdefault(name, table)
    for key in REQUIRED_KEYS:
        if key not in table:
            raise _fail(f"rule {name!r} has no {key!r}.", node, file)
    action = _choice(table["action"], file, ACTIONS)
    match = _match(table["match"], file)
    if action == "strip" and match.kind != "regex":
        raise _fail(f"rule {name!r} strips, so its match must be a regex, not a {match.kind}.", table["match"], file)
    if action == "strip" and match.at == "line":
        message = f"rule {name!r} strips a span, so its regex looks at the line as it is: no 'at: line'."
        raise _fail(message, table["match"], file)
    if "until" in table and action != "drop-block":
        raise _fail(f"rule {name!r}: only drop-block knows 'until'.", table["until"], file)
    drop, keep, strip = _examples(table["examples"], file, name, action)
    return Rule(
        id=name,
        title=_text(table["title"], file),
        match=match,
        where=_where(table.get("where"), file, action, match.kind),
        action=action,
        until=_until(table.get("until"), file),
        capture=(captured := _capture(table.get("capture"), file)),
        option=_option(table.get("option"), file, action, captured),
        why=_text(table["why"], file),
        source=_text(table["source"], file),
        drop_examples=drop,
        keep_examples=keep,
        strip_examples=strip,
        example_places=_places(table["examples"]),
        file=file,
        line=node.start_mark.line + 1,
        column=node.start_mark.column + 1,
    )


def _extended(table: _Table, file: str, tables: Mapping[str, _Table]) -> _Table:
    """What a rule says, and for the rest what the rule says that it extends; of ``where`` each condition by itself."""
    name = _text(table.pop("extends"), file)
    base = tables.get(name)
    if base is None:
        raise _fail(f"no rule is called {name!r} before this one{did_you_mean(name, tables)}", table["id"], file)
    merged = {key: value for key, value in base.items() if key != "id"} | table
    if "match" in table and "examples" not in table:
        del merged["examples"]  # those of the other match say nothing about this one
    if "where" in table and "where" in base:
        own = _table(table["where"], file, WHERE_KEYS)
        inherited = [pair for pair in base["where"].value if pair[0].value not in own]
        mark = table["where"].start_mark, table["where"].end_mark
        merged["where"] = yaml.MappingNode("", [*table["where"].value, *inherited], *mark)
    return merged


def _match(node: yaml.Node, file: str) -> Match:
    table = _table(node, file, (*KINDS, "at"))
    kinds = [kind for kind in KINDS if kind in table]
    if len(kinds) != 1:
        raise _fail(f"a match has exactly one of {', '.join(KINDS)}; this one has {len(kinds)}.", node, file)
    kind = kinds[0]
    if "at" in table and kind not in ("phrase", "template", "regex"):
        raise _fail(f"'at' goes with a phrase, a template or a regex, not with {kind}.", table["at"], file)
    if kind == "tokens":
        return _tokens(table[kind], file)
    default, places = ("anywhere", ("line", "anywhere")) if kind == "regex" else ("line", PLACES)
    return Match(kind, _texts(table[kind], file), _choice(table["at"], file, places) if "at" in table else default)


def _tokens(node: yaml.Node, file: str) -> Match:
    table = _table(node, file, ("separators", "item", "min", "max"))
    for key in ("separators", "item"):
        if key not in table:
            raise _fail(f"tokens want {key!r}.", node, file)
    low = _number(table["min"], file) if "min" in table else 2
    high = _number(table["max"], file) if "max" in table else 12
    item, separators = (_text(table["item"], file),), _text(table["separators"], file)
    return Match("tokens", item, separators=separators, min_items=low, max_items=high)


def _where(node: yaml.Node | None, file: str, action: str, kind: str) -> Where:
    limit = None if action == "strip" or kind == "selector" else MAX_WORDS
    if node is None:
        return Where(max_words=limit)
    table = _table(node, file, WHERE_KEYS)
    return Where(
        position=_choice(table["position"], file, POSITIONS) if "position" in table else "any",
        after=_choice(table["after"], file, ("prose",)) if "after" in table else "",
        domains=_texts(table["domain"], file) if "domain" in table else (),
        languages=_texts(table["lang"], file) if "lang" in table else (),
        source=_choice(table["source"], file, ("html", "text")) if "source" in table else "",
        max_words=_number(table["max_words"], file) if "max_words" in table else limit,
        sentences="sentences" in table and _choice(table["sentences"], file, ("true", "false")) == "true",
    )


def _until(node: yaml.Node | None, file: str) -> str:
    if node is None:
        return "prose"
    text = _text(node, file)
    return text if text in ("prose", "blank") else str(_number(node, file))


def _capture(node: yaml.Node | None, file: str) -> Mapping[str, str]:
    if node is None:
        return {}
    return {key: _text(value, file) for key, value in _table(node, file, CAPTURES).items()}


def _option(node: yaml.Node | None, file: str, action: str, captured: Mapping[str, str]) -> str:
    """The option that a rule names; one that strips a dateline or an agency obeys ``datelines`` by itself."""
    if node is not None:
        return _choice(node, file, OPTIONS)
    return "datelines" if action == "strip" and {"dateline", "wire_agency"} & set(captured) else ""


def _examples(
    node: yaml.Node, file: str, rule: str, action: str
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[StripExample, ...]]:
    table = _table(node, file, ("drop", "keep", "strip"))
    wanted, other = ("strip", "drop") if action == "strip" else ("drop", "strip")
    for key in (wanted, "keep"):
        if key not in table:
            raise _fail(f"rule {rule!r} has no {key!r} example.", node, file)
    if other in table:
        raise _fail(f"a rule whose action is {action} shows {wanted!r} examples, not {other!r}.", table[other], file)
    strip = tuple(_strip_example(item, file) for item in _sequence(table["strip"], file)) if wanted == "strip" else ()
    drop = _texts(table["drop"], file) if wanted == "drop" else ()
    return drop, _texts(table["keep"], file), strip


def _places(examples: yaml.Node) -> dict[str, tuple[int, int]]:
    """Line and column of each example, by its text."""
    nodes = [examples]
    places: dict[str, tuple[int, int]] = {}
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.MappingNode):
            nodes += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            nodes += node.value
        else:
            places[node.value] = (node.start_mark.line + 1, node.start_mark.column + 1)
    return places


def _strip_example(node: yaml.Node, file: str) -> StripExample:
    table: dict[str, Any] = _table(node, file, ("line", "kept", "capture"))
    for key in ("line", "kept"):
        if key not in table:
            raise _fail(f"a strip example wants {key!r}.", node, file)
    return StripExample(_text(table["line"], file), _text(table["kept"], file), _capture(table.get("capture"), file))
