"""What a build writes: shards, the card, build.json and croissant.json."""

from curate.write.card import card
from curate.write.croissant import croissant
from curate.write.documents import write_documents
from curate.write.manifest import sealed, write_json, write_text
from curate.write.shards import measure, plan_shards, shard_name, write_empty, write_shard

__all__ = [
    "card",
    "croissant",
    "measure",
    "plan_shards",
    "sealed",
    "shard_name",
    "write_documents",
    "write_empty",
    "write_json",
    "write_shard",
    "write_text",
]
