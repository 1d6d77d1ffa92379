"""Joining pairs to clusters, and what becomes of each member."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curate import model, recipe
from curate.dedup.canonical import Member, preference
from curate.dedup.pairs import PAIRS, similarities
from curate.dedup.tables import rows_of

DUPLICATES = model.DUPLICATES.append(pa.field("shard_key", pa.uint32()))
KEPT = pa.schema([("id", pa.string()), ("cluster_id", pa.string()), ("cluster_size", pa.int64())])

_COLUMNS = ("id", "url", "source_domain", "date_published", "wire_agency", "length", "provenance")
_MEMBERS = pa.schema([*(model.ARTICLES.field(name) for name in _COLUMNS), ("text_digest", pa.string())])

Numbers = npt.NDArray[np.int64]


def clusters(
    files: Sequence[Path], edge_tables: Sequence[pa.Table], options: recipe.Dedup
) -> tuple[pa.Table, pa.Table]:
    """Join verified pairs to clusters and choose the article of each that stays.

    Clusters are connected components: where A is like B and B like C, all three are one, even if A and C have little
    in common; ``similarity`` says how much a merged article really has in common with the kept one. The choice is
    that of :func:`curate.dedup.canonical.preference`, also among fetches of one URL: the latest fetch is not
    preferred. Nothing depends on the order of files, tables or rows.

    Args:
        files: Arrow files of articles with the signature columns.
        edge_tables: what :func:`curate.dedup.pairs.verify` gave.
        options: kinds of pairs that are off in it are not used; with ``exact`` off and ``near`` on, equal texts are
            near-duplicates like others.

    Returns:
        The merged articles, by id: one row each with the columns of ``duplicates`` and ``shard_key``. ``kind`` is url
        when pairs of one URL alone tie it to the kept one, exact when these and equal texts do, else near;
        wire instead of exact or near when the two stand on different sites and one names a news agency which the other
        does not contradict. And the kept ones, by id: ``id``, ``cluster_id`` and ``cluster_size`` (2 or more).
    """
    tables = edge_tables if options.enabled else []
    edges = _used(pa.concat_tables([PAIRS.empty_table(), *tables]), options)
    tied = [table[name] for table in edges.values() for name in ("id_a", "id_b")]
    ids = pa.chunked_array([chunk for column in tied for chunk in column.chunks], pa.string()).unique()
    members = rows_of(files, ids, _MEMBERS).combine_chunks()
    components = _components(members["id"], edges)
    facts = _facts(members)
    kept = _kept(facts, components["near"])
    return _duplicates(files, members, facts, components, kept), _kept_rows(members["id"], kept)


def _used(edges: pa.Table, options: recipe.Dedup) -> Mapping[str, pa.Table]:
    """The pairs that may tie articles, by the kind they make them, strongest first."""
    similar = edges.filter(pc.greater_equal(edges["similarity"], options.similarity))
    return {
        "url": _of_kind(edges, "url", options.url),
        "exact": _of_kind(edges, "exact", options.exact),
        "near": pa.concat_tables(_of_kind(similar, kind, options.near) for kind in ("exact", "near")),
    }


def _of_kind(edges: pa.Table, kind: str, is_on: bool) -> pa.Table:
    return edges.filter(pc.equal(edges["kind"], kind)) if is_on else edges.slice(0, 0)


def _components(ids: pa.ChunkedArray, edges: Mapping[str, pa.Table]) -> Mapping[str, Numbers]:
    """For each kind: the component of every row when only edges of that kind and of stronger ones are followed."""
    parents = list(range(len(ids)))
    names = ids.combine_chunks()
    result = {}
    for kind, table in edges.items():
        ends = [pc.index_in(table[name], value_set=names).to_pylist() for name in ("id_a", "id_b")]
        for a, b in zip(*ends, strict=True):
            root_a, root_b = _root(parents, a), _root(parents, b)
            parents[max(root_a, root_b)] = min(root_a, root_b)
        result[kind] = np.array([_root(parents, row) for row in range(len(parents))], np.int64)
    return result


def _root(parents: list[int], row: int) -> int:
    while parents[row] != row:
        parents[row] = parents[parents[row]]
        row = parents[row]
    return row


def _facts(members: pa.Table) -> list[Member]:
    removed_chars = pc.struct_field(members["provenance"], "removed_chars")
    agencies = [agency.casefold() if agency else None for agency in members["wire_agency"].to_pylist()]
    ids, domains, dates = (members[name].to_pylist() for name in ("id", "source_domain", "date_published"))
    lengths, removed = (pc.fill_null(column, 0).to_pylist() for column in (members["length"], removed_chars))
    return [Member(*values) for values in zip(ids, domains, agencies, dates, lengths, removed, strict=True)]


def _kept(facts: Sequence[Member], components: Numbers) -> Numbers:
    """The row of the canonical article of every row."""
    rows = defaultdict(list)
    for row, component in enumerate(components.tolist()):
        rows[component].append(row)
    kept = {component: _canonical(facts, cluster) for component, cluster in rows.items()}
    return np.array([kept[component] for component in components.tolist()], np.int64)


def _canonical(facts: Sequence[Member], cluster: Sequence[int]) -> int:
    credited = frozenset(agency for row in cluster if (agency := facts[row].wire_agency))
    return min(cluster, key=lambda row: preference(facts[row], credited))


def _duplicates(
    files: Sequence[Path],
    members: pa.Table,
    facts: Sequence[Member],
    components: Mapping[str, Numbers],
    kept: Numbers,
) -> pa.Table:
    merged = np.flatnonzero(kept != np.arange(len(kept)))
    copies, originals = members.take(pa.array(merged)), members.take(pa.array(kept[merged]))
    equal = pc.fill_null(pc.equal(copies["text_digest"], originals["text_digest"]), False)
    ids = copies["id"].to_pylist()
    columns = {
        "id": copies["id"],
        "kept_id": originals["id"],
        "cluster_id": originals["id"],
        "kind": [_kind(row, int(kept[row]), facts, components) for row in merged.tolist()],
        "similarity": similarities(files, copies["id"], originals["id"], equal),
        "url": copies["url"],
        "date": copies["date_published"],
        **{name: pc.struct_field(copies["provenance"], name) for name in ("file_path", "record_offset", "digest")},
        "shard_key": [model.shard_key(article_id) for article_id in ids],
    }
    return pa.table(columns, DUPLICATES)


def _kind(row: int, kept: int, facts: Sequence[Member], components: Mapping[str, Numbers]) -> str:
    kind = next(kind for kind, component in components.items() if component[row] == component[kept])
    return "wire" if kind != "url" and _is_wire_copy(facts[row], facts[kept]) else kind


def _is_wire_copy(a: Member, b: Member) -> bool:
    """Two sites, and one agency: named by one, not contradicted by the other."""
    agencies = {a.wire_agency, b.wire_agency} - {None}
    domains = {a.source_domain, b.source_domain} - {None}
    return len(agencies) == 1 and len(domains) == 2


def _kept_rows(ids: pa.ChunkedArray, kept: Numbers) -> pa.Table:
    rows, sizes = np.unique(kept, return_counts=True)
    names = ids.take(pa.array(rows))
    return pa.table({"id": names, "cluster_id": names, "cluster_size": sizes}, KEPT)
