"""Cleaning against gold: curate beside bare trafilatura, jusText and C4's lines, in one run.

    python benchmarks/cleaning.py BENCH [--set aeb ...] [--half dev|held | --folds] [--peers] [--ablate] [--worst 10]

BENCH is a folder of sets, each with ``gold.jsonl`` and ``pages/`` (HTML) or ``raw/`` (JSONL of text), beside the
``score.py`` that defines the figures. Dedup, language filter and quality are off: what is scored is extraction and
cleaning. ``--half`` scores only the sites whose name has an even (dev) or odd (held) hash: rules are developed looking
at the one half and judged by the other; ``--folds`` prints both, one below the other. ``--ablate`` leaves out each rule
file and each heuristic in turn.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate.corpus.site import page_lines, site_lines
from curate.extract import extract
from curate.metadata import domain_of
from curate.model import Article, Page, Rejection
from curate.quality import detect, prose_sample
from curate.read import list_inputs, plan_splits, read
from curate.recipe import Recipe, recipe_from
from curate.rules import Matcher, compile_rules, load_pack, packaged_rules
from curate.stages import cleaned_article
from curate.text import split_lines

SETS = (
    "aeb",
    "fundus",
    "segments",
    "aeb-text-recall",
    "fundus-text-recall",
    "aeb-text-plain",
    "fundus-text-plain",
)
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


def load_set(bench: Path, name: str, score: Any, half: str) -> Bench:
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
    before = time.process_time()
    extracted = {key: extract(page, recipe.extract) for key, page in pages.items()}
    seconds = time.process_time() - before
    articles = {key: one for key, one in extracted.items() if not isinstance(one, Rejection)}
    languages = {key: (detect(prose_sample(split_lines(one.text))) or (None,))[0] for key, one in articles.items()}
    return Bench(name, gold, pages, articles, languages, seconds)


def in_half(page: Mapping[str, Any], half: str) -> bool:
    """Whether the page's site is in the half that is scored."""
    site = domain_of(page.get("url")) or re.sub(r"_[^_]*$", "", page["id"])
    number = hashlib.sha256(site.encode()).digest()[0] % 2
    return half == "all" or number == (half == "held")


Clean = Callable[[Article, str | None], str]


def sites_of(bench: Bench) -> dict[str, tuple[dict[int, int], dict[str, int]]]:
    """The repeated lines and titles of every site of the set, as a build counts them."""
    pages = defaultdict(list)
    for article in bench.articles.values():
        if article.source_domain:
            pages[article.source_domain].append(page_lines(article.id, article.metadata.title, article.text))
    return {domain: site_lines(found) for domain, found in pages.items() if len(found) > 1}


def curate_texts(bench: Bench, matcher: Matcher, recipe: Recipe) -> tuple[Texts, float, int]:
    """Every article cleaned; the CPU seconds it took, and the number of lines."""
    sites = sites_of(bench)
    before = time.process_time()
    texts = {
        key: cleaned_article(article, matcher, sites, recipe, bench.languages[key]).text
        for key, article in bench.articles.items()
    }
    seconds = time.process_time() - before
    return texts, seconds, sum(article.text.count("\n") + 1 for article in bench.articles.values())


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


def ablate(bench: Bench, score: Any, matcher: Matcher, recipe: Recipe) -> None:
    """Score without each family of rules and each heuristic: what it contributes."""
    from curate.heuristics import HEURISTICS

    whole = score.score(bench.gold, curate_texts(bench, matcher, recipe)[0])
    families = sorted({rule.id.rsplit("/", 1)[0] + "/*" for rule in matcher.rules}) + list(HEURISTICS)
    packs = [load_pack(packaged_rules())]
    key = "f1" if "f1" in whole else "seg_f1"
    for family in families:
        without = recipe_from({"clean": {"disable": [family]}})
        result = score.score(bench.gold, curate_texts(bench, compile_rules(packs, (family,)), without)[0])
        change, loss = result[key] - whole[key], result.get("loss", 0) - whole.get("loss", 0)
        if abs(change) > 0.00005 or abs(loss) > 0.00005:
            print(f"  without {family:34} {key} {change:+.4f}  loss {loss:+.4f}")


def worst(bench: Bench, score: Any, texts: Texts, number: int) -> None:
    """The pages with the lowest scores, with what is missing and what is too much."""
    rows = []
    for page in bench.gold:
        result = score.score([page], texts)
        rows.append((result.get("f1", result.get("seg_f1", 0.0)), page))
    for value, page in sorted(rows, key=lambda row: row[0])[:number]:
        print(f"--- {value:.3f} {page['id']} {page.get('url')}")
        text = texts.get(page["id"], "")
        for mark, lines, other in (("-", page.get("body"), text), ("+", text, page.get("body"))):
            if "body" in page:
                for line in split_lines(lines or ""):
                    if line.strip() and score.unmatched_share(line, other)[0]:
                        print(f"    {mark} {line[:160]}")
        flat = score.squeeze(text)
        for mark, name, wanted in (("-", "with", False), ("+", "without", True)):
            for segment in page.get(name, ()):
                if (score.squeeze(segment) in flat) is wanted:
                    print(f"    {mark} {segment[:160]!r}")


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
    args = parser.parse_args()
    score, recipe = load_score(args.bench), Recipe()
    matcher = compile_rules([load_pack(packaged_rules())])
    print(HEAD)
    for name in args.sets or SETS:
        for half in ("dev", "held") if args.folds else (args.half,):
            bench = load_set(args.bench, name, score, half)
            label = f"{name} {half}" if args.folds else name
            for peer, texts in peers(bench) if args.peers else ():
                print(f"{label:24} {peer:21}{figures(score.score(bench.gold, texts))}")
            curate_texts(bench, matcher, recipe)  # patterns are compiled and automata built as lines come by
            texts, seconds, lines = curate_texts(bench, matcher, recipe)
            cost = f"{1e6 * seconds / max(lines, 1):.0f} us/line"
            if bench.pages_are_html():
                cost += f", {seconds / bench.seconds:.1%} of extraction"
            print(f"{label:24} {'curate':21}{figures(score.score(bench.gold, texts))}  {cost}")
            if args.ablate:
                ablate(bench, score, matcher, recipe)
            if args.worst:
                worst(bench, score, texts, args.worst)


if __name__ == "__main__":
    main()
