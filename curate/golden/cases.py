"""A case: a folder with pages, the text that a person wants of each, and what was removed when it was last accepted."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from curate.errors import InputError, did_you_mean
from curate.model import ARTICLES
from curate.recipe import Recipe, recipe_from

ABOUT, EXPECTED, REMOVED, SITE, PAGE = "about.yaml", "expected", "removed.tsv", "site", "page."
_PAGE_KEYS = ("expect", "residue", "lost", "today")
_KEYS = ("shows", "language", "license", "reviewed", "recipe", "pages", *_PAGE_KEYS)
OUTCOMES = ("article", "rejected", "duplicate")
_OUTCOMES = ("rejected", "duplicate_of", "kind")
_COLUMNS = tuple(name for name in ARTICLES.names if name not in ("id", "text", "provenance", "cluster_id"))
_HEADER = ("page", "start", "end", "rule", "text")
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """One removed span of a page's extracted text: characters ``start`` to ``end``, the rule, and the text."""

    start: int
    end: int
    rule: str
    text: str


@dataclass(frozen=True)
class Page:
    """What is wanted of one page of a case.

    ``text`` is the article as a person wants it, or None where the page must not become one; ``expect`` holds columns
    of its row, or ``rejected`` (stage/reason), or ``duplicate_of`` (a page's name) and ``kind``; ``residue`` and
    ``lost`` say how curate falls short of ``text`` today; ``today``, one of `OUTCOMES`, says what becomes of the page
    today where it should not; ``removed`` are the spans that were accepted last.
    """

    text: str | None
    expect: Mapping[str, Any]
    residue: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    removed: tuple[Span, ...] = ()
    today: str = ""

    @property
    def outcome(self) -> str:
        """What is wanted of the page, one of `OUTCOMES`."""
        return "rejected" if "rejected" in self.expect else "duplicate" if "duplicate_of" in self.expect else "article"


@dataclass(frozen=True)
class Case:
    """A case, read from its folder; ``pages`` maps their names to what is wanted of them."""

    folder: Path
    shows: str
    language: str
    license: str
    reviewed: bool
    recipe: Recipe
    pages: Mapping[str, Page] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def input(self) -> Path:
        """What is built: the page, or the folder of pages."""
        return input_of(self.folder)

    def digest(self) -> str:
        """16 hex characters of pages and expected texts: what makes figures comparable."""
        digest = hashlib.sha256()
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and path.name not in (ABOUT, REMOVED):
                content = path.read_bytes()
                digest.update(f"{path.relative_to(self.folder).as_posix()}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()[:16]


def find_cases(root: Path, names: Sequence[str] = (), select: str = "") -> list[Path]:
    """The folders of the cases below ``root``, in order.

    Args:
        root: the folder of cases.
        names: only these.
        select: only those whose name contains this, or fits it as a glob pattern.

    Raises:
        InputError: there is no case, or none of a name that was asked for.
    """
    if not root.is_dir():
        raise InputError(f"{root}: there is no such folder of cases.")
    folders = {path.name: path for path in sorted(root.iterdir()) if _is_case(path)}
    for name in names:
        if name not in folders:
            raise InputError(f"{root}: no case is called {name!r}{did_you_mean(name, folders)}")
    chosen = [
        path
        for name, path in folders.items()
        if (not names or name in names) and (not select or select in name or fnmatchcase(name, select))
    ]
    if not chosen:
        raise InputError(f"{root}: there is no case" + (f" that fits {select!r}." if select else "."))
    return chosen


def _is_case(folder: Path) -> bool:
    """Whether a folder describes a case, or has a page that nobody has described yet."""
    if not folder.is_dir():
        return False
    return any(path.name in (ABOUT, SITE) or path.name.startswith(PAGE) for path in folder.iterdir())


def input_of(folder: Path) -> Path:
    """``site/``, or the one file called ``page.*``.

    Raises:
        InputError: there is neither, or both.
    """
    found = [path for path in sorted(folder.iterdir()) if path.name.startswith(PAGE) or path.name == SITE]
    if len(found) != 1:
        raise InputError(f"{folder}: a case has a page.* or a site/; this one has {len(found)} of them.")
    return found[0]


def load_case(folder: Path) -> Case:
    """Read a case.

    Raises:
        InputError: a file is missing or wrong.
    """
    about = read_about(folder)
    where = f"{folder / ABOUT}: "
    removed = read_removed(folder / REMOVED)
    single = about.get("pages") is None
    tables = {input_of(folder).name: about} if single else _table(about["pages"], f"{where}pages: ")
    pages = {}
    for name, table in tables.items():
        of_page = where if single else f"{where}pages: {name}: "
        wanted = _table(table, of_page)
        if not single:
            _known(wanted, _PAGE_KEYS, of_page)
        pages[name] = _page(folder, name, wanted, removed.get(name, ()), of_page, single)
    return Case(
        folder,
        str(about["shows"]).strip(),
        str(about["language"]),
        str(about["license"]),
        about["reviewed"],
        recipe_from(nested(_table(about.get("recipe"), f"{where}recipe: ")), where=where),
        pages,
    )


def read_about(folder: Path) -> dict[str, Any]:
    """``about.yaml``, its keys checked.

    Raises:
        InputError: it is missing or wrong.
    """
    path = folder / ABOUT
    try:
        about = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {error}") from None
    if not isinstance(about, dict):
        raise InputError(f"{path}: a table is wanted.")
    _known(about, _KEYS, f"{path}: ")
    for key in ("shows", "language", "license", "reviewed"):
        if about.get(key) is None:
            raise InputError(f"{path}: {key!r} is missing.")
    if not isinstance(about["reviewed"], bool):
        raise InputError(f"{path}: 'reviewed' is true or false.")
    return about


def _page(
    folder: Path, name: str, table: Mapping[str, Any], removed: tuple[Span, ...], where: str, single: bool
) -> Page:
    expect = _table(table.get("expect"), f"{where}expect: ")
    _known(expect, (*_COLUMNS, *_OUTCOMES), f"{where}expect: ")
    expect = {key: _plain(value) for key, value in expect.items()}
    article = not ("rejected" in expect or "duplicate_of" in expect)
    text = _read(folder / expected_name(name, single)) if article else None
    today = str(table.get("today") or "")
    if today and today not in OUTCOMES:
        raise InputError(f"{where}today: no outcome is called {today!r}{did_you_mean(today, OUTCOMES)}")
    residue, lost = (_lines(table.get(key), f"{where}{key}: ") for key in ("residue", "lost"))
    return Page(text, expect, residue, lost, removed, today)


def expected_name(page: str, single: bool) -> str:
    """Where the expected text of a page stands in its case's folder."""
    if single:
        return f"{EXPECTED}.txt"
    if "://" in page:
        return f"{EXPECTED}/{page.split('://', 1)[1].strip('/')}.txt"
    return f"{EXPECTED}/{PurePosixPath(page).with_suffix('.txt')}"


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip("\n")
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; write the article's text into it.") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: {error}") from None


def _known(table: Mapping[str, Any], keys: Iterable[str], where: str) -> None:
    for key in table:
        if key not in keys:
            raise InputError(f"{where}no key is called {key!r}{did_you_mean(str(key), keys)}")


def _plain(value: Any) -> Any:
    """YAML reads a bare date as one; in the rows it is text."""
    return value.isoformat() if isinstance(value, datetime.date) else value


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping | None):
        raise InputError(f"{where}a table is wanted, not {value!r}")
    return value or {}


def _lines(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list | None):
        raise InputError(f"{where}a list of lines is wanted, not {value!r}")
    return tuple(str(_plain(line)) for line in value or ())


def nested(options: Mapping[str, Any]) -> dict[str, Any]:
    """``{"quality.enabled": false}`` as the nested tables of a recipe; nested ones as they are."""
    tables: dict[str, Any] = {}
    for key, value in options.items():
        section, _, option = key.partition(".")
        if option:
            tables.setdefault(section, {})[option] = value
        elif isinstance(value, Mapping):
            tables.setdefault(section, {}).update(value)
        else:
            tables[section] = value
    return tables


def read_removed(path: Path) -> dict[str, tuple[Span, ...]]:
    """``removed.tsv``: page -> the spans removed from it; nothing where there is no such file.

    Raises:
        InputError: a row is not of this form.
    """
    if not path.is_file():
        return {}
    found: dict[str, list[Span]] = {}
    try:
        rows = path.read_text("utf-8").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: {error}") from None
    for number, row in enumerate(rows, 1):
        if number == 1 and row == "\t".join(_HEADER):
            continue
        try:
            page, start, end, rule, text = row.split("\t")
            found.setdefault(_unescaped(page), []).append(Span(int(start), int(end), rule, _unescaped(text)))
        except (ValueError, KeyError):
            raise InputError(f"{path}:{number}: {len(_HEADER)} columns are wanted: {', '.join(_HEADER)}.") from None
    return {page: tuple(spans) for page, spans in found.items()}


def removed_text(pages: Mapping[str, Iterable[Span]]) -> str:
    """The content of ``removed.tsv``."""
    rows = ["\t".join(_HEADER)]
    for page, spans in pages.items():
        rows += [f"{_escaped(page)}\t{one.start}\t{one.end}\t{one.rule}\t{_escaped(one.text)}" for one in spans]
    return "\n".join(rows) + "\n"


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(char, char) for char in text)


def _unescaped(text: str) -> str:
    back = {escape[1]: char for char, escape in _ESCAPES.items()}
    parts = iter(text)
    return "".join(back[next(parts, "")] if char == "\\" else char for char in parts)
