"""What the columns of the four subsets mean, in one sentence each: for the card and for croissant.json."""

from __future__ import annotations

from collections.abc import Mapping

CONFIGS: Mapping[str, str] = {
    "data": "default",
    "removed": "removed",
    "rejected": "rejected",
    "duplicates": "duplicates",
}
"""The folder of each subset, and the name by which ``datasets.load_dataset`` knows it."""

UNDETERMINED = "und"
"""ISO 639-2 for a language that nobody determined: the name of null among the counts of languages."""

SUBSET_TEXTS: Mapping[str, str] = {
    "data": "One row an article.",
    "removed": "One row a span of text that was removed from an article.",
    "rejected": "One row a record that became no article.",
    "duplicates": "One row an article or record that was merged with another.",
}

COLUMN_TEXTS: Mapping[str, Mapping[str, str]] = {
    "data": {
        "id": "Name of the record, the same on every machine: made of its place in the input.",
        "text": "The article's text, without what was removed; lines are separated by a newline.",
        "url": "Where the page was fetched from.",
        "canonical_url": "The URL that the page declares as its own.",
        "source_domain": "The site's host name.",
        "publisher": "Publisher, as the page declares it.",
        "title": "Title, as the page declares it.",
        "authors": "Authors, as the page declares them.",
        "date_published": "When the article was published (ISO 8601), as the page or its text says.",
        "date_modified": "When the article was last changed (ISO 8601), as the page says.",
        "date_download": "When the page was fetched (ISO 8601), where the input says so.",
        "language": "Detected language (ISO 639-1); null where it was not detected.",
        "language_score": "Probability of that language, 0 to 1.",
        "license": "Licence that the page declares; null where it declares none.",
        "wire_agency": "News agency that the text credits.",
        "wire_evidence": "The part of the text that credits the agency.",
        "dateline": "Place named in the dateline.",
        "original_length": "Characters of the text as extracted.",
        "length": "Characters of the text.",
        "original_nlines": "Lines of the text as extracted.",
        "nlines": "Lines of the text.",
        "word_count": "Words of the text; in scripts without spaces, two characters count as one.",
        "cluster_id": "Name of the group of duplicates that this article stands for; its own id where it is alone.",
        "cluster_size": "Number of records in that group, this one included.",
        "provenance": "Where the row comes from and what made it.",
        "provenance.file_path": "Input file, relative to the input folder.",
        "provenance.format": "Format of the input file.",
        "provenance.record_id": "The record's own name in its file.",
        "provenance.record_offset": "Byte offset of a WARC record, or number (from 0) of a line or row; "
        "null where the file is the record.",
        "provenance.digest": "sha256 of the record's payload: the HTML bytes or the text.",
        "provenance.extractor": "What turned the page into text, and its version.",
        "provenance.rules": "Digest of the rules.",
        "provenance.recipe": "Digest of the recipe.",
        "provenance.removed_chars": "Characters removed from the text.",
        "provenance.extracted_digest": "sha256 of the text as extracted (UTF-8): "
        "what the text and its removed spans give when they are put together.",
    },
    "removed": {
        "id": "The article that the span was removed from.",
        "start": "First character of the span, counted in the text as extracted.",
        "end": "Character after the last one of the span.",
        "text": "The removed text.",
        "rule": "Rule or heuristic that removed it.",
        "stage": "Stage that removed it.",
        "why": "Why it was removed.",
    },
    "rejected": {
        "id": "Name of the record.",
        "url": "Where the page was fetched from.",
        "file_path": "Input file, relative to the input folder.",
        "format": "Format of the input file.",
        "record_id": "The record's own name in its file.",
        "record_offset": "Byte offset of a WARC record, or number (from 0) of a line or row.",
        "digest": "sha256 of the record's payload.",
        "stage": "Stage that rejected it.",
        "reason": "Short name of the reason.",
        "detail": "The reason in words.",
    },
    "duplicates": {
        "id": "Name of the merged record.",
        "kept_id": "The article that was kept instead.",
        "cluster_id": "Name of the group of duplicates.",
        "kind": "What showed that they are the same: payload, url, exact, near or wire.",
        "similarity": "Jaccard similarity to the kept article, 0 to 1; null where it was not measured.",
        "url": "Where the merged page was fetched from.",
        "date": "Date of the merged article.",
        "file_path": "Input file, relative to the input folder.",
        "record_offset": "Byte offset of a WARC record, or number (from 0) of a line or row.",
        "digest": "sha256 of the record's payload.",
    },
}
"""By subset and column; a field of a struct is ``column.field``."""
