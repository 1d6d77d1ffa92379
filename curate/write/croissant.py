"""croissant.json: the build as Croissant 1.1, a description of datasets for machines.

Source: Croissant Format Specification 1.1, http://mlcommons.org/croissant/1.1. For provenance it recommends PROV-O
(https://www.w3.org/TR/prov-o/) on any of its objects: here the stages are activities, the dataset is derived from the
input files, and each subset names the stages that made it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from curate.write.columns import COLUMN_TEXTS, CONFIGS, SUBSET_TEXTS, UNDETERMINED
from curate.write.manifest import json_bytes

CONFORMS_TO = "http://mlcommons.org/croissant/1.1"

_CROISSANT_TERMS = (
    *("annotation", "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "excludes", "extract"),
    *("field", "fileObject", "fileProperty", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath"),
    *("key", "md5", "parentField", "path", "readLines", "recordSet", "references", "regex", "repeated", "replace"),
    *("samplingRate", "sdVersion", "separator", "source", "subField", "transform", "unArchive", "value"),
)

# The context of the specification's first appendix and of mlcroissant 1.1, which warns about any other, and PROV-O.
_CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    **{term: f"cr:{term}" for term in _CROISSANT_TERMS},
}

_DATA_TYPES = {"string": "sc:Text", "int64": "sc:Integer", "double": "sc:Float"}
_URL_COLUMNS = frozenset({"url", "canonical_url"})
_KEYS = {"removed": ("id", "start")}

_STAGE_TEXTS: Mapping[str, str] = {
    "index": "Lists the records of the input with the digest of each payload.",
    "payload": "Finds records whose payload is a copy of an earlier one.",
    "extract": "Turns each page into lines of text and reads its metadata.",
    "site": "Counts the lines and titles that pages of a site share.",
    "clean": "Marks boilerplate by rules and heuristics and cuts it once; detects language; judges quality.",
    "dedup": "Finds exact and near duplicates, verifies them, and keeps one of each group.",
    "write": "Writes the shards.",
}

_MADE_BY = {
    "data": ("extract", "clean", "dedup"),
    "removed": ("clean",),
    "rejected": ("extract", "clean"),
    "duplicates": ("payload", "dedup"),
}


def croissant(build: Mapping[str, Any], schemas: Mapping[str, pa.Schema]) -> dict[str, Any]:
    """The JSON-LD of croissant.json: every shard with its sha256, a record set for each subset, the stages.

    Made of ``build`` alone: equal builds give equal descriptions.

    Args:
        build: what build.json says.
        schemas: the subsets and their columns, as ``model.SUBSETS``.
    """
    counts, output = build["counts"], build["recipe"]["output"]
    languages = sorted(set(counts["languages"]) - {UNDETERMINED})
    return {
        "@context": dict(_CONTEXT),
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": build["name"],
        "description": f"{counts['articles']:,} news articles out of {counts['records']:,} records, cleaned and "
        f"deduplicated by curate {build['curate']}.",
        "datePublished": build["created"],
        **({"license": output["license"]} if output["license"] else {}),
        **({"inLanguage": languages} if languages else {}),
        "distribution": [
            *(_file_object(path, entry) for path, entry in sorted(build["files"].items()) if "rows" in entry),
            *(_file_set(subset) for subset in schemas),
        ],
        "recordSet": [_record_set(build, subset, schema) for subset, schema in schemas.items()],
        "prov:wasDerivedFrom": _input(build),
        "prov:wasGeneratedBy": _activities(build),
    }


def _file_object(path: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": path,
        "name": path,
        "contentUrl": path,
        "contentSize": f"{entry['bytes']} B",
        "encodingFormat": "application/x-parquet",
        "sha256": entry["sha256"],
    }


def _file_set(subset: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{subset}-files",
        "name": f"{subset}-files",
        "description": f"The shards of {CONFIGS[subset]}.",
        "encodingFormat": "application/x-parquet",
        "includes": f"{subset}/*.parquet",
    }


def _record_set(build: Mapping[str, Any], subset: str, schema: pa.Schema) -> dict[str, Any]:
    config = CONFIGS[subset]
    return {
        "@type": "cr:RecordSet",
        "@id": config,
        "name": config,
        "description": SUBSET_TEXTS[subset],
        "key": [{"@id": f"{config}/{column}"} for column in _KEYS.get(subset, ("id",))],
        "field": [_field(subset, field) for field in schema],
        "prov:wasGeneratedBy": [{"@id": _activity_id(s)} for s in _MADE_BY[subset] if s in build["stages"]],
    }


def _field(subset: str, field: pa.Field, parent: str = "") -> dict[str, Any]:
    name = f"{parent}.{field.name}" if parent else field.name
    described = {
        "@type": "cr:Field",
        "@id": f"{CONFIGS[subset]}/{name.replace('.', '/')}",
        "name": field.name,
        "description": COLUMN_TEXTS[subset][name],
    }
    if pa.types.is_struct(field.type):
        return {**described, "subField": [_field(subset, child, name) for child in field.type]}
    if pa.types.is_list(field.type):
        described |= {"isArray": True, "arrayShape": "-1"}
    return {**described, "dataType": _data_type(field), "source": _source(subset, field.name, parent)}


def _source(subset: str, column: str, parent: str) -> dict[str, Any]:
    source: dict[str, Any] = {"fileSet": {"@id": f"{subset}-files"}, "extract": {"column": parent or column}}
    return {**source, "transform": {"jsonPath": column}} if parent else source


def _data_type(field: pa.Field) -> str:
    kind = field.type.value_type if pa.types.is_list(field.type) else field.type
    return "sc:URL" if field.name in _URL_COLUMNS else _DATA_TYPES[str(kind)]


def _activity_id(stage: str) -> str:
    return f"stage/{stage}"


def _activities(build: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The stages in their order, each informed by the one before it."""
    agent = {
        "@type": "prov:SoftwareAgent",
        "prov:label": f"curate {build['curate']}, recipe {build['recipe_digest']}, rules {build['rules']['digest']}",
    }
    ran = [stage for stage in _STAGE_TEXTS if stage in build["stages"]]
    ran += sorted(set(build["stages"]) - set(ran))
    return [
        {
            "@type": "prov:Activity",
            "@id": _activity_id(stage),
            "prov:label": stage,
            **({"description": _STAGE_TEXTS[stage]} if stage in _STAGE_TEXTS else {}),
            "prov:wasAssociatedWith": agent,
            **({"prov:wasInformedBy": {"@id": _activity_id(before)}} if before else {}),
        }
        for before, stage in zip([None, *ran], ran, strict=False)
    ]


def _input(build: Mapping[str, Any]) -> dict[str, Any]:
    """The input as one collection: it may have millions of files, which build.json lists."""
    inputs = build["inputs"]
    return {
        "@type": "prov:Collection",
        "@id": "input",
        "prov:label": f"{len(inputs):,} input files; build.json has the sha256 of each",
        "contentSize": f"{sum(entry['bytes'] for entry in inputs)} B",
        "sha256": hashlib.sha256(json_bytes([[entry["path"], entry["sha256"]] for entry in inputs])).hexdigest(),
    }
