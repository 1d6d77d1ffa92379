"""The dataset card: README.md of a build, for people and for ``datasets.load_dataset``."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import yaml

from curate.write.columns import COLUMN_TEXTS, CONFIGS, SUBSET_TEXTS, UNDETERMINED
from curate.write.manifest import SEAL

# https://github.com/huggingface/hub-docs/blob/main/datasetcard.md
_SIZES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B", "1B<n<10B")

_STAGES = ("read", "extract", "clean", "language", "quality")
"""The stages that reject, in the order of a page's way."""

_HERE = '"out/"  # this folder, or owner/name on the hub'

_RESTORE = '''\
from hashlib import sha256

from datasets import load_dataset

path = "out/"  # this folder, or owner/name on the hub

removed = {}
for span in load_dataset(path, "removed", split="train", streaming=True):
    removed.setdefault(span["id"], []).append(span)


def restore(article):
    """The text as it was extracted: every removed span back in its place."""
    restored, kept = "", article["text"]
    for span in sorted(removed.get(article["id"], []), key=lambda span: span["start"]):
        gap = span["start"] - len(restored)
        restored, kept = restored + kept[:gap] + span["text"], kept[gap:]
    return restored + kept


for article in load_dataset(path, split="train", streaming=True):
    digest = sha256(restore(article).encode()).hexdigest()
    assert digest == article["provenance"]["extracted_digest"]
'''

BEGIN = "<!-- curate: generated from here on; a push replaces it -->"
END = "<!-- curate: end of the generated part; what is written below or above it stays -->"
"""The marks around what is generated: see ``push.card``."""

BUILD_KEYS = ("license", "language", "pretty_name", "size_categories", "task_categories")
"""The keys at the top that a build writes whole, or leaves out."""

_LIMITS = """\
- Cleaning is by rules and heuristics: some boilerplate stays, and some article text may be lost. What was removed is in
  `removed`, so both can be checked and undone.
- Title, authors, dates, publisher and licence are what a page declares; nobody checked them. A null says that the page
  declares nothing, not that there is nothing.
- The language is a guess of a statistical detector, made on the first part of the text.
- Near-duplicates below the threshold of the recipe are not merged.
- The articles belong to their authors and publishers. The licence of this card, if it names one, does not replace
  theirs."""


def card(build: Mapping[str, Any], schemas: Mapping[str, pa.Schema], name: str = "") -> str:
    """README.md of a build: YAML for the hub and ``load_dataset``, then text for people.

    Made of its arguments alone: equal builds give equal cards. What comes from pages, rule files or file names is
    escaped. The text stands between the marks ``BEGIN`` and ``END``.

    Args:
        build: what build.json says.
        schemas: the subsets and their columns, as ``model.SUBSETS``.
        name: what its examples load, owner/name; empty: the folder ``out/``.
    """
    sections = (
        _about(build, schemas),
        _loading(build, schemas, name),
        "## Restoring what was removed\n\n"
        "Kept text and removed spans give the extracted text back, character for character:\n\n"
        f"```python\n{_RESTORE.replace(_HERE, _here(name))}```",
        _making(build),
        *(_columns(subset, schema) for subset, schema in schemas.items()),
        f"## Known limits\n\n{_LIMITS}",
        _citation(build, name),
        _versions(build),
    )
    front = front_yaml(_front_matter(build, schemas))
    return f"---\n{front}---\n\n{BEGIN}\n\n" + "\n\n".join(sections) + f"\n\n{END}\n"


def front_yaml(front: Mapping[str, Any]) -> str:
    """The YAML at the top of a card, keys in the order given."""
    return str(yaml.safe_dump(dict(front), sort_keys=False, allow_unicode=True, width=120))


def _here(name: str) -> str:
    """What ``load_dataset`` is given, with its comment."""
    return f'"{name}"' if name else _HERE


def shards_total(build: Mapping[str, Any], subset: str, key: str) -> int:
    """Sum over a subset's shards of ``rows`` or ``bytes``."""
    files: Mapping[str, Mapping[str, Any]] = build["files"]
    return sum(int(entry[key]) for path, entry in files.items() if path.startswith(subset + "/"))


def _front_matter(build: Mapping[str, Any], schemas: Mapping[str, pa.Schema]) -> dict[str, Any]:
    counts = build["counts"]
    licence = build["recipe"]["output"]["license"]
    # the hub takes ISO 639 codes only: zh, not zh-cn
    languages = dict.fromkeys(code.split("-")[0] for code, _ in _by_count(counts["languages"]) if code != UNDETERMINED)
    front: dict[str, Any] = {
        **({"license": licence} if licence else {}),
        **({"language": list(languages)} if languages else {}),
        "pretty_name": _plain(build["name"]),
        "size_categories": [_size_category(counts["articles"])],
        "task_categories": ["text-generation"],
        "tags": ["news", "boilerplate-removal", "deduplication", "curate"],
        "configs": [_config(subset) for subset in schemas],
        "dataset_info": [_config_facts(build, subset, schema) for subset, schema in schemas.items()],
    }
    return front


def _config(subset: str) -> dict[str, Any]:
    return {
        "config_name": CONFIGS[subset],
        **({"default": True} if subset == "data" else {}),
        "data_files": [{"split": "train", "path": f"{subset}/*.parquet"}],
    }


def _config_facts(build: Mapping[str, Any], subset: str, schema: pa.Schema) -> dict[str, Any]:
    size_bytes = shards_total(build, subset, "bytes")
    return {
        "config_name": CONFIGS[subset],
        "features": [_feature(field) for field in schema],
        "splits": [{"name": "train", "num_bytes": size_bytes, "num_examples": shards_total(build, subset, "rows")}],
        "download_size": size_bytes,
        "dataset_size": size_bytes,
    }


def _feature(field: pa.Field) -> dict[str, Any]:
    """One column as ``datasets`` writes its features (test: as ``Features.from_arrow_schema`` has them)."""
    if pa.types.is_struct(field.type):
        return {"name": field.name, "struct": [_feature(child) for child in field.type]}
    if pa.types.is_list(field.type):
        return {"name": field.name, "list": _dtype(field.type.value_type)}
    return {"name": field.name, "dtype": _dtype(field.type)}


def _dtype(kind: pa.DataType) -> str:
    return "float64" if pa.types.is_float64(kind) else str(kind)


def _size_category(articles: int) -> str:
    return next((name for power, name in enumerate(_SIZES) if articles < 10 ** (power + 3)), "n>10B")


def _about(build: Mapping[str, Any], schemas: Mapping[str, pa.Schema]) -> str:
    counts = build["counts"]
    rows = [
        (f"`{CONFIGS[subset]}`", SUBSET_TEXTS[subset], f"`{subset}/*.parquet`", shards_total(build, subset, "rows"))
        for subset in schemas
    ]
    return (
        f"# {_escape(build['name'])}\n\n"
        f"{counts['articles']:,} news articles out of {counts['records']:,} records, cleaned and deduplicated by "
        f"curate {_escape(build['curate'])}. Every row says where it comes from, and every removed character says who "
        "removed it.\n\n" + _table(("config", "what", "files", "rows"), rows)
    )


def _loading(build: Mapping[str, Any], schemas: Mapping[str, pa.Schema], name: str) -> str:
    text = (
        "## Loading\n\n"
        "```python\n"
        "from datasets import load_dataset\n\n"
        f"path = {_here(name)}\n"
        'articles = load_dataset(path, split="train")\n'
        'removed = load_dataset(path, "removed", split="train")\n'
        "```"
    )
    empty = [f"`{CONFIGS[subset]}`" for subset in schemas if shards_total(build, subset, "rows") == 0]
    if not empty:
        return text
    return (
        f"{text}\n\nWithout rows in this build: {', '.join(empty)}. Load such a config with `streaming=True`: it gives "
        'its columns and no rows. Without it the library stops with `Instruction "train" corresponds to no data!`, as '
        "it does for any split without rows (https://github.com/huggingface/datasets/pull/8401)."
    )


def _making(build: Mapping[str, Any]) -> str:
    counts = build["counts"]
    inputs = build["inputs"]
    chars = counts["chars"]
    parts = [
        "## How it was made",
        f"From {len(inputs):,} input files ({sum(entry['bytes'] for entry in inputs):,} bytes); build.json has their "
        "digests.",
        "### Records",
        _table(("stage", "records before", "rejected or merged", "records after"), _stage_rows(counts)),
        _counted("Rejected", ("stage and reason", "records"), counts["rejected"]),
        _counted("Merged", ("kind of duplicate", "records"), counts["duplicates"]),
        "### Characters of the articles",
        _table(
            ("", "characters", "share"),
            [(name, chars[name], _share(chars[name], chars["extracted"])) for name in ("extracted", "kept", "removed")],
        ),
        _removed(counts["removed"], chars["extracted"]),
        _counted("Languages", ("language", "articles"), counts["languages"]),
    ]
    return "\n\n".join(part for part in parts if part)


def _stage_rows(counts: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    left = counts["records"]
    for stage in _STAGES:
        lost = sum(number for reason, number in counts["rejected"].items() if reason.split("/")[0] == stage)
        rows.append((stage, left, lost, left - lost))
        left -= lost
    merged = sum(counts["duplicates"].values())
    return [*rows, ("dedup (whenever it was found)", left, merged, left - merged)]


def _removed(removed: Mapping[str, Mapping[str, int]], extracted: int) -> str:
    if not removed:
        return ""
    ordered = sorted(removed.items(), key=lambda entry: (-entry[1]["chars"], entry[0]))
    rows = [(_escape(rule), n["spans"], n["chars"], _share(n["chars"], extracted)) for rule, n in ordered]
    return "### Removed, by rule\n\n" + _table(("rule", "spans", "characters", "share of the extracted text"), rows)


def _counted(title: str, head: tuple[str, str], counts: Mapping[str, int]) -> str:
    if not counts:
        return ""
    return f"### {title}\n\n" + _table(head, [(_escape(name), number) for name, number in _by_count(counts)])


def _by_count(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else ""


def _columns(subset: str, schema: pa.Schema) -> str:
    rows = []
    for field in schema:
        rows.append((f"`{field.name}`", str(field.type).split("<")[0], COLUMN_TEXTS[subset][field.name]))
        if pa.types.is_struct(field.type):
            for child in field.type:
                name = f"{field.name}.{child.name}"
                rows.append((f"`{name}`", str(child.type), COLUMN_TEXTS[subset][name]))
    return f"## Columns of `{CONFIGS[subset]}`\n\n" + _table(("column", "type", "meaning"), rows)


def _citation(build: Mapping[str, Any], name: str) -> str:
    """BibTeX of the build. It names no author: nobody said who that is."""
    fields = {
        "title": "{" + re.sub(r"[{}\\\\]", "", _plain(build["name"])) + "}",
        "year": "{" + str(build["created"])[:4] + "}",
        "version": "{" + str(build.get(SEAL, ""))[:16] + "}",
        **({"howpublished": "{Hugging Face datasets, " + name + "}"} if name else {}),
        "note": "{Built with curate " + _plain(build["curate"]) + "}",
    }
    lines = [f"  {key:12} = {value}," for key, value in fields.items()]
    return "## Citation\n\n```bibtex\n@misc{curate-build,\n" + "\n".join(lines) + "\n}\n```"


def _versions(build: Mapping[str, Any]) -> str:
    packs = [
        (_escape(p["id"]), _escape(p["version"]), p["rules"], _escape(p["digest"])) for p in build["rules"]["packs"]
    ]
    versions = [("curate", _escape(build["curate"]))] + [
        (_escape(name), _escape(version)) for name, version in sorted(build["versions"].items())
    ]
    return (
        f"## Versions\n\nBuilt {_escape(build['created'])}, recipe {_escape(build['recipe_digest'])}, rules "
        f"{_escape(build['rules']['digest'])}. build.json has the whole recipe.\n\n"
        + _table(("software", "version"), versions)
        + ("\n\n" + _table(("rule pack", "version", "rules", "digest"), packs) if packs else "")
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table; numbers with separators of thousands. Text cells must be escaped already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in line) + " |" for line in lines
    )


def _plain(text: str) -> str:
    """One line without control characters or halves of surrogate pairs."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())


def _escape(text: str) -> str:
    """Text that Markdown and HTML show as it is, also in a table."""
    return re.sub(r"([\\`*_\[\]|~])", r"\\\1", html.escape(_plain(str(text)), quote=False))
