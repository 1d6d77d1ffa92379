"""Cleaning against gold: curate beside bare trafilatura, jusText and C4's lines, in one run.

    python benchmarks/cleaning.py BENCH [--set aeb ...] [--half dev|held | --folds] [--peers] [--ablate] [--worst 10]
                                  [--repeats 3]

BENCH is a folder of sets, each with ``gold.jsonl`` and ``pages/`` (HTML) or ``raw/`` (JSONL of text), beside the
``score.py`` that defines the figures. Dedup, language filter and quality are off: what is scored is extraction and
cleaning. ``--half`` scores only the sites whose name has an even (dev) or odd (held) hash: rules are developed looking
at the one half and judged by the other; ``--folds`` prints both, one below the other.

Cost is CPU time: of extraction and of cleaning, each page's least in ``--repeats`` passes over the set, after one to
warm up. ``--ablate`` leaves out each rule file and each heuristic in turn, and prints what F1 (of segments where the
gold has segments) and loss change by, the most useful first. ``--worst`` prints the pages of all sets with the lowest
F1, with the lines that are lost (``-``) and that are left over (``+``).
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import math
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from curate.corpus.site import page_lines, site_lines
from curate.extract import extract
from curate.lines import lines_of
from curate.metadata import domain_of
from curate.model import Article, Page, Rejection
from curate.quality import detect, prose_sample
from curate.read import list_inputs, plan_splits, read
from curate.recipe import Recipe, recipe_from
from curate.rules import Hit, Matcher, Rule, compile_rules, load_pack, packaged_rules
from curate.stages import cleaned_article
from curate.text import harmless, split_lines

SETS = (
    "aeb",
    "fundus",
    "segments",
    "aeb-text-recall",
    "fundus-text-recall",
    "aeb-text-plain",
    "fundus-text-plain",
)
LEAST_SHOWN = 0.0005
"""Changes of F1 or loss below this are no more than a line of one page."""
MAX_SHOWN_LINES = 12
T = TypeVar("T")
Texts = dict[str, str]
"""Predicted text by the id of the gold page."""


@dataclass
class Bench:
    """One set: gold, pages, and the articles extracted from them (with their detected languages)."""

    name: str
    gold: list[dict[str, Any]]
    pages: dict[str, Page]
    articles: dict[str, Article]
    languages: dict[str, str | None]
    seconds: float
    """CPU time of extracting all pages."""

    def pages_are_html(self) -> bool:
        """Whether the set's input is HTML, not text."""
        return any(page.html is not None for page in self.pages.values())


def load_score(bench: Path) -> Any:
    """The module ``score.py`` of the bench."""
    spec = importlib.util.spec_from_file_location("score", bench / "score.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load_set(bench: Path, name: str, score: Any, half: str, repeats: int) -> Bench:
    """Read and extract the pages of one set, or of one half of its sites."""
    folder = bench / name
    gold = [page for page in score.load_gold(folder / "gold.jsonl") if in_half(page, half)]
    wanted = {page["id"] for page in gold}
    raw = folder / "pages" if (folder / "pages").is_dir() else folder / "raw"
    recipe = Recipe()
    pages: dict[str, Page] = {}
    for split in plan_splits(list_inputs(str(raw)), 1 << 60):
        for record in read(split, recipe.read):
            key = score.stem(record.provenance.record_id or record.provenance.file_path)
            if key in wanted and isinstance(record, Page):
                pages[key] = record
    extracted, seconds = least(lambda key: extract(pages[key], recipe.extract), pages, repeats)
    articles = {key: one for key, one in extracted.items() if not isinstance(one, Rejection)}
    languages = {key: (detect(prose_sample(split_lines(one.text))) or (None,))[0] for key, one in articles.items()}
    return Bench(name, gold, pages, articles, languages, seconds)


def least(work: Callable[[str], T], keys: Iterable[str], repeats: int) -> tuple[dict[str, T], float]:
    """What ``work`` makes of every key, and the sum of the least CPU seconds that it took for each.

    Passes go over all keys, so that what a library keeps of a page is gone before the page comes again.
    """
    found: dict[str, T] = {}
    seconds: dict[str, float] = {}
    for key in [key for _ in range(repeats) for key in keys]:
        before = time.process_time()
        found[key] = work(key)
        seconds[key] = min(time.process_time() - before, seconds.get(key, math.inf))
    return found, sum(seconds.values())


def in_half(page: Mapping[str, Any], half: str) -> bool:
    """Whether the page's site is in the half that is scored."""
    site = domain_of(page.get("url")) or re.sub(r"_[^_]*$", "", page["id"])
    number = hashlib.sha256(site.encode()).digest()[0] % 2
    return half == "all" or number == (half == "held")


def sites_of(bench: Bench) -> dict[str, tuple[dict[int, int], dict[str, int]]]:
    """The repeated lines and titles of every site of the set, as a build counts them."""
    pages = defaultdict(list)
    for article in bench.articles.values():
        if article.source_domain:
            pages[article.source_domain].append(page_lines(article.id, article.metadata.title, article.text))
    return {domain: site_lines(found) for domain, found in pages.items() if len(found) > 1}


def curate_texts(bench: Bench, matcher: Matcher, recipe: Recipe, repeats: int) -> tuple[Texts, float]:
    """Every article cleaned, and the CPU seconds it took."""
    sites = sites_of(bench)

    def clean(key: str) -> str:
        return cleaned_article(bench.articles[key], matcher, sites, recipe, bench.languages[key]).text

    least(clean, bench.articles, 1)  # patterns are compiled and automata built as lines come by
    return least(clean, bench.articles, repeats)


def cost(bench: Bench, seconds: float) -> str:
    """What cleaning costs a line and a page, and its share of the extraction's time."""
    lines = sum(article.text.count("\n") + 1 for article in bench.articles.values())
    shown = f"{1e6 * seconds / max(lines, 1):7.1f}  {1e3 * seconds / max(len(bench.articles), 1):7.2f}"
    return f"{shown}  {seconds / bench.seconds:10.1%}" if bench.pages_are_html() else shown


# ---- peers


def peers(bench: Bench) -> Iterator[tuple[str, Texts]]:
    """Other ways to clean the same input."""
    yield "as extracted" if bench.pages_are_html() else "as given", {k: a.text for k, a in bench.articles.items()}
    yield "C4 lines", {key: c4_lines(article.text) for key, article in bench.articles.items()}
    if bench.pages_are_html():
        import trafilatura

        html = {key: page.html or b"" for key, page in bench.pages.items()}
        for name, options in (("trafilatura", {}), ("trafilatura precision", {"favor_precision": True})):
            yield (
                name,
                {k: trafilatura.extract(one, include_comments=False, **options) or "" for k, one in html.items()},
            )
        yield "jusText", {key: justext_of(one, bench.languages.get(key)) for key, one in html.items()}


def c4_lines(text: str) -> str:
    """C4's line rules, extended as in RefinedWeb's use of them: a line ends in a terminal mark and has five words.

    Source: Raffel et al. 2020, arXiv:1910.10683, section 2.2.
    """
    kept = [
        line
        for line in split_lines(text)
        if len(line.split()) >= 5 and line.rstrip().endswith((".", "!", "?", '"', "”", "’", "'", "…"))
    ]
    return "\n".join(line for line in kept if "javascript" not in line.lower())


_STOPLISTS = {"en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "pt": "Portuguese"}
_STOPLISTS |= {"nl": "Dutch", "pl": "Polish", "ru": "Russian", "ar": "Arabic", "ko": "Korean"}


def justext_of(html: bytes, language: str | None) -> str:
    """jusText with the stop words of the page's language (English where it has none)."""
    import justext

    try:
        paragraphs = justext.justext(html, justext.get_stoplist(_STOPLISTS.get(language or "en", "English")))
    except Exception as error:  # some pages it cannot parse
        print(f"jusText: {error}", file=sys.stderr)
        return ""
    return "\n".join(one.text for one in paragraphs if not one.is_boilerplate)


# ---- reports


def figures(result: Mapping[str, Any]) -> str:
    """One row of the table."""
    names = ("f1", "precision", "recall", "exact", "residue", "loss", "seg_f1")
    return "  ".join(f"{result[name]:9.4f}" if name in result else " " * 9 for name in names)


HEAD = f"{'':46}" + "  ".join(
    f"{name:>9}" for name in ("f1", "precision", "recall", "exact", "residue", "loss", "seg_f1")
)
COST_HEAD = "  us/line  ms/page  of extract"


class Left:
    """The rules' hits on one article, found once, without those of some rules: a matcher for ``clean``."""

    def __init__(self, hits: list[list[Hit]], without: str) -> None:
        self.hits, self.without = hits, without

    def hits_of(self, lines: Any, language: str | None) -> list[list[Hit]]:
        """The hits that are left."""
        return [[hit for hit in found if family_of(hit.rule) != self.without] for found in self.hits]


Change = tuple[float, float]
"""By how much F1 and loss change."""


def ablate(bench: Bench, score: Any, matcher: Matcher, recipe: Recipe) -> dict[str, Change]:
    """What changes without each file of rules and each heuristic; those without which nothing does are left out."""
    from curate.heuristics import HEURISTICS

    sites = sites_of(bench)
    articles = bench.articles
    hits = {
        key: matcher.hits_of(lines_of(one.text, one.evidence), bench.languages[key]) for key, one in articles.items()
    }
    named = {key: {family_of(hit.rule) for line in found for hit in line} for key, found in hits.items()}

    def text(key: str, disabled: str, options: Recipe) -> str:
        left = cast(Matcher, Left(hits[key], disabled))
        return cleaned_article(articles[key], left, sites, options, bench.languages[key]).text

    whole = {key: text(key, "", recipe) for key in articles}
    score.page_scores, score.unmatched_share = cache(score.page_scores), cache(score.unmatched_share)
    before = score.score(bench.gold, whole)
    measure = "f1" if "f1" in before else "seg_f1"
    changes = {}
    for family in [*sorted({family_of(rule) for rule in matcher.rules}), *HEURISTICS]:
        if family in HEURISTICS:
            without = recipe_from({"clean": {"disable": [family]}})
            left = {key: text(key, "", without) for key in articles}
        else:
            left = {key: text(key, family, recipe) if family in named[key] else whole[key] for key in articles}
        if left != whole:
            after = score.score(bench.gold, left)
            changes[family] = after[measure] - before[measure], after.get("loss", 0.0) - before.get("loss", 0.0)
    return changes


def family_of(rule: Rule) -> str:
    """The rules of one file."""
    return rule.id.rsplit("/", 1)[0] + "/*"


def print_ablation(changes: Mapping[str, Mapping[str, Change]]) -> None:
    """A row for each family of rules and each heuristic, those first without which F1 falls most on average.

    Args:
        changes: set -> family -> by how much F1 and loss change without it.
    """
    nothing = (0.0, 0.0)
    families = {family for found in changes.values() for family in found}
    mean = {
        family: sum(found.get(family, nothing)[0] for found in changes.values()) / len(changes) for family in families
    }
    shown = [
        family
        for family in sorted(families, key=lambda one: (mean[one], one))
        if any(abs(number) >= LEAST_SHOWN for found in changes.values() for number in found.get(family, nothing))
    ]
    print("\nchange of F1 / of loss, in thousandths, without:")
    print(f"{'':28}{'mean F1':>8}" + "".join(f"{name:>19}" for name in changes))
    for family in shown:
        cells = [found.get(family, nothing) for found in changes.values()]
        text = [f"{1e3 * f1:+.1f} / {1e3 * loss:+.1f}" if (f1, loss) != nothing else "" for f1, loss in cells]
        print(f"{family:28}{1e3 * mean[family]:+8.2f}" + "".join(f"{one:>19}" for one in text))
    print(f"{len(families) - len(shown)} others change something, each less than {LEAST_SHOWN}")


ScoredPage = tuple[float, str, Mapping[str, Any], str]
"""F1, set, gold and cleaned text of a page."""


def scored_pages(bench: Bench, score: Any, texts: Texts) -> Iterator[ScoredPage]:
    """Every page of a set with its own F1."""
    for page in bench.gold:
        result = score.score([page], texts)
        yield result.get("f1", result.get("seg_f1", 0.0)), bench.name, page, texts.get(page["id"], "")


def print_worst(pages: Iterable[ScoredPage], score: Any, number: int) -> None:
    """The pages with the lowest F1, with what is lost and what is left over."""
    for value, name, page, text in sorted(pages, key=lambda one: one[:2])[:number]:
        print(f"\n--- {value:.3f} {name} {page['id']} {page.get('url') or ''}")
        lost, left = differences(page, text, score)
        for mark, what, lines in (("-", "lost", lost), ("+", "left over", left)):
            for line in lines[:MAX_SHOWN_LINES]:
                print(f"    {mark} {harmless(line[:160])}")
            if len(lines) > MAX_SHOWN_LINES:
                print(f"    {mark} ... {len(lines) - MAX_SHOWN_LINES} more lines {what}")


def differences(page: Mapping[str, Any], text: str, score: Any) -> tuple[list[str], list[str]]:
    """Lines (or segments) of the gold that the text has not, and those of the text that the gold has not."""
    flat = score.squeeze(text)
    lost = [one for one in page.get("with", ()) if score.squeeze(one) not in flat]
    left = [one for one in page.get("without", ()) if score.squeeze(one) in flat]
    if "body" in page:
        lost += [line for line in split_lines(page["body"]) if score.unmatched_share(line, text)[0]]
        left += [line for line in split_lines(text) if score.unmatched_share(line, page["body"])[0]]
    return lost, left


def main() -> None:
    """Print a table of every set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=Path)
    parser.add_argument("--set", dest="sets", action="append", choices=SETS)
    parser.add_argument("--half", choices=("all", "dev", "held"), default="all")
    parser.add_argument("--folds", action="store_true")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--ablate", action="store_true")
    parser.add_argument("--worst", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    score, recipe = load_score(args.bench), Recipe()
    matcher = compile_rules([load_pack(packaged_rules())])
    changes: dict[str, dict[str, Change]] = {}
    pages: list[ScoredPage] = []
    print(HEAD + COST_HEAD)
    for name in args.sets or SETS:
        for half in ("dev", "held") if args.folds else (args.half,):
            bench = load_set(args.bench, name, score, half, args.repeats)
            label = f"{name} {half}" if args.folds else name
            for peer, texts in peers(bench) if args.peers else ():
                print(f"{label:24} {peer:21}{figures(score.score(bench.gold, texts))}")
            texts, seconds = curate_texts(bench, matcher, recipe, args.repeats)
            row = f"{label:24} {'curate':21}{figures(score.score(bench.gold, texts))}"
            print(f"{row}  {cost(bench, seconds)}", flush=True)
            if args.ablate:
                changes[label] = ablate(bench, score, matcher, recipe)
            pages += scored_pages(bench, score, texts) if args.worst else ()
    if changes:
        print_ablation(changes)
    print_worst(pages, score, args.worst)


if __name__ == "__main__":
    main()
