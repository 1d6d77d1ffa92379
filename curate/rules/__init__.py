"""Rules: data with their own examples, loaded from YAML and matched in linear time."""

from curate.rules.loading import load_pack, load_packs, packaged_rules
from curate.rules.matching import Hit, Matcher, broken_examples, compile_rules, rules_of
from curate.rules.model import OPTIONS, Pack, Rule

__all__ = [
    "OPTIONS",
    "Hit",
    "Matcher",
    "Pack",
    "Rule",
    "broken_examples",
    "compile_rules",
    "load_pack",
    "load_packs",
    "packaged_rules",
    "rules_of",
]
