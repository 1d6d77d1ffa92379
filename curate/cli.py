"""The command line: reads options, calls the library, prints. Nothing here decides what a build does."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from curate import __version__
from curate.errors import CurateError

app = typer.Typer(
    name="curate",
    help="Turn raw news pages into a clean, deduplicated dataset in which every removed character is accounted for.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
rules_app = typer.Typer(help="Work with rule files.", no_args_is_help=True)
app.add_typer(rules_app, name="rules")
golden_app = typer.Typer(help="Work with golden cases.", no_args_is_help=True)
app.add_typer(golden_app, name="golden")

INTERRUPTED = 130
"""The exit code that typer makes of Ctrl-C, without a word."""

Raw = Annotated[
    str, typer.Argument(help="Files to read: a file, a folder, a glob pattern, an fsspec URL, or - for stdin.")
]
Out = Annotated[Path, typer.Argument(help="Output folder: new, empty, or an earlier build.")]
RecipeFile = Annotated[Path | None, typer.Option("--recipe", help="Recipe file (see: curate init).")]
RuleFolders = Annotated[list[Path] | None, typer.Option("--rules", help="Folder of more rule files; may be repeated.")]
Disable = Annotated[
    list[str] | None, typer.Option("--disable", help="Rule or heuristic not to apply, id or glob; may be repeated.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, for machines.")]


def main() -> None:
    """Run the command line; errors of curate become one sentence on stderr and exit code 2."""
    try:
        app()
    except CurateError as error:
        print(f"curate: {error}", file=sys.stderr)
        sys.exit(2)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            print("curate: interrupted. What is finished is kept: the same command goes on from here.", file=sys.stderr)
        raise


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        print(f"curate {__version__}")
        raise typer.Exit


@app.command()
def build(
    raw: Raw,
    out: Out,
    recipe: RecipeFile = None,
    rules: RuleFolders = None,
    disable: Disable = None,
    no_clean: Annotated[bool, typer.Option("--no-clean", help="Leave the text as extracted.")] = False,
    no_language: Annotated[bool, typer.Option("--no-language", help="Detect no language, keep all.")] = False,
    no_quality: Annotated[bool, typer.Option("--no-quality", help="Apply no quality filter.")] = False,
    no_dedup: Annotated[bool, typer.Option("--no-dedup", help="Merge no duplicates.")] = False,
    language: Annotated[
        list[str] | None, typer.Option("--language", help="Language to keep (ISO 639-1); may be repeated.")
    ] = None,
    text_column: Annotated[str, typer.Option(help="Column of JSONL and Parquet that holds extracted text.")] = "",
    html_column: Annotated[str, typer.Option(help="Column that holds HTML.")] = "",
    url_column: Annotated[str, typer.Option(help="Column that holds the URL.")] = "",
    id_column: Annotated[str, typer.Option(help="Column that holds an id.")] = "",
    workers: Annotated[
        int | None, typer.Option(help="Processes; default: one a CPU. Changes the time, not the output.")
    ] = None,
    engine: Annotated[str, typer.Option(help="Where it runs: local or ray.")] = "local",
    address: Annotated[str | None, typer.Option(help="Address of a Ray cluster.")] = None,
    batch_bytes: Annotated[
        int, typer.Option(help="Input bytes of one task. Changes the time, not the output.")
    ] = 8_000_000,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress.")] = False,
) -> None:
    """Build a dataset of clean articles from raw pages.

    Example: curate build raw/ out/
    """
    from curate.build import build as run
    from curate.engine import open_engine
    from curate.progress import open_progress
    from curate.summary import print_summary

    chosen = _recipe(recipe, rules, disable, language)
    chosen = _without(chosen, clean=no_clean, language=no_language, quality=no_quality, dedup=no_dedup)
    columns = {"text_column": text_column, "html_column": html_column, "url_column": url_column, "id_column": id_column}
    chosen = dataclasses.replace(
        chosen, read=dataclasses.replace(chosen.read, **{k: v for k, v in columns.items() if v})
    )
    runner = open_engine(engine, workers, address)
    try:
        with open_progress(quiet=quiet or as_json) as progress:
            result = run(raw, out, chosen, runner, batch_bytes=batch_bytes, progress=progress)
    finally:
        runner.close()
    if as_json:
        print(json.dumps(result, sort_keys=True))
    else:
        print_summary(result, out)


def _recipe(
    path: Path | None, rules: list[Path] | None, disable: list[str] | None, language: list[str] | None = None
) -> Any:
    from curate.recipe import Recipe, load_recipe

    chosen = load_recipe(path) if path else Recipe()
    clean = dataclasses.replace(
        chosen.clean,
        rules=(*chosen.clean.rules, *(str(folder) for folder in rules or ())),
        disable=(*chosen.clean.disable, *(disable or ())),
    )
    kept = dataclasses.replace(chosen.language, keep=tuple(language)) if language else chosen.language
    return dataclasses.replace(chosen, clean=clean, language=kept)


def _without(recipe: Any, **off: bool) -> Any:
    """The recipe with the named stages switched off."""
    stages = {name: dataclasses.replace(getattr(recipe, name), enabled=False) for name, is_off in off.items() if is_off}
    return dataclasses.replace(recipe, **stages)


@app.command()
def init(path: Annotated[Path, typer.Argument(help="File to write.")] = Path("curate.toml")) -> None:
    """Write a recipe with every option explained, at its default.

    Example: curate init curate.toml
    """
    from curate.errors import OutputError
    from curate.recipe import recipe_template

    if path.exists():
        raise OutputError(f"{path} exists already; nothing was written.")
    path.write_text(recipe_template(), "utf-8")
    print(f"Wrote {path}. Use it: curate build raw/ out/ --recipe {path}")


@app.command()
def explain(
    page: Annotated[str, typer.Argument(help="A file, or the id or URL of a page of a build.")],
    out: Annotated[Path | None, typer.Option("--out", help="The build that has the page.")] = None,
    recipe: RecipeFile = None,
    rules: RuleFolders = None,
    disable: Disable = None,
    as_json: AsJson = False,
) -> None:
    """Show one page line by line: kept or removed, by which rule, why.

    Example: curate explain page.html
    """
    from curate.explain import explain_file, explain_row, print_explanation

    if out is not None and not Path(page).is_file():
        found = explain_row(page, out)
    else:
        found = explain_file(page, _recipe(recipe, rules, disable), out)
    if as_json:
        print(json.dumps(found, ensure_ascii=True))
    else:
        print_explanation(found, Console())


@app.command()
def verify(
    out: Annotated[Path, typer.Argument(help="The build to verify.")],
    as_json: AsJson = False,
) -> None:
    """Check that a build is whole: counts, digests, and kept + removed = extracted text for every row.

    Example: curate verify out/
    """
    from curate.verify import verify as check

    differences = check(out)
    if as_json:
        print(json.dumps({"differences": differences}))
    else:
        for difference in differences:
            print(difference)
        print(f"{out}: {len(differences)} differences." if differences else f"{out}: all good.")
    raise typer.Exit(1 if differences else 0)


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(metavar="OUT-A", help="A build.")],
    after: Annotated[Path, typer.Argument(metavar="OUT-B", help="The build to compare it with.")],
    worst: Annotated[int, typer.Option(help="How many changed texts to show, the largest first.", min=0)] = 10,
    as_json: AsJson = False,
    page: Annotated[Path | None, typer.Option("--html", help="Also write the result as an HTML page.")] = None,
    fail_above: Annotated[
        float | None,
        typer.Option(
            help="Exit code 1 when a larger share (0-1) of articles changed its text, went or came.", min=0, max=1
        ),
    ] = None,
    fail_above_sites: Annotated[
        float | None,
        typer.Option(
            help="Exit code 1 when a larger share (0-1) of articles is of sites whose removed share jumps by 0.1 or "
            "more; 0: no site may.",
            min=0,
            max=1,
        ),
    ] = None,
) -> None:
    """Show what changed between two builds: articles by id, removals by rule, sites, metadata, texts.

    Example: curate diff out/ out/
    """
    from curate.diff import compare_builds, html_page, print_diff
    from curate.write import write_text

    found = compare_builds(before, after, worst)
    if page:
        write_text(page, html_page(found))
    if as_json:
        print(json.dumps(dataclasses.asdict(found)))
    else:
        print_diff(found, Console())
    gates = (
        (fail_above, found.articles.changed_share, "the articles"),
        (fail_above_sites, found.sites_share, "the articles, those on sites whose removed share jumps,"),
    )
    failed = [(most, share, said) for most, share, said in gates if most is not None and share > most]
    for most, share, said in () if as_json else failed:
        print(f"{share:.4f} of {said} is above {most}.")
    raise typer.Exit(1 if failed else 0)


@app.command()
def push(
    out: Annotated[Path, typer.Argument(help="The build to push.")],
    destination: Annotated[
        str, typer.Argument(metavar="DESTINATION", help="owner/name on a hub, or an fsspec URL: s3://bucket/folder.")
    ],
    private: Annotated[bool, typer.Option("--private", help="Make the repository private.")] = False,
    revision: Annotated[str, typer.Option(help="Branch to push to; made of main where it is missing.")] = "main",
    tag: Annotated[bool, typer.Option("--tag/--no-tag", help="Tag the commit with the build's digest.")] = True,
    message: Annotated[str, typer.Option(help="Message of the commit; default: it says what the build is.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be done; do nothing.")] = False,
    create_pr: Annotated[bool, typer.Option("--create-pr", help="Open a pull request instead of a commit.")] = False,
    card_only: Annotated[bool, typer.Option("--card-only", help="Send only the card of the same build.")] = False,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress.")] = False,
) -> None:
    """Publish a build on a hub or in a store: verified, only what differs, whole or not at all.

    Example: curate push out/ owner/name
    """
    from curate.push import Options
    from curate.push import push as run
    from curate.push.report import as_dict, print_pushed, speaker

    options = Options(private, revision, tag, message, dry_run, create_pr, card_only)
    pushed = run(out, destination, options, speaker(quiet=quiet or as_json))
    if as_json:
        print(json.dumps(as_dict(pushed)))
    else:
        print_pushed(pushed)


@app.command()
def pull(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="owner/name on a hub, or an fsspec URL.")],
    out: Annotated[Path, typer.Argument(help="Folder for the build: new, empty, or a build to replace.")],
    revision: Annotated[str, typer.Option(help="Branch, tag or commit of the repository; default: main.")] = "",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress.")] = False,
) -> None:
    """Bring a pushed build back, so that verify, diff and explain work on it.

    Example: curate pull owner/name pulled/
    """
    from curate.push import pull as run
    from curate.push.report import speaker
    from curate.write.manifest import SEAL

    build = run(source, out, speaker(quiet=quiet), revision)
    print(f"{out}: {build['counts']['articles']:,} articles, build {build[SEAL][:16]}, verified.")


@app.command()
def check(
    root: Annotated[Path, typer.Argument(metavar="GOLDEN", help="Folder of golden cases.")],
    cases: Annotated[list[str] | None, typer.Argument(help="Names of cases; default: all.")] = None,
    select: Annotated[str, typer.Option("-k", help="Only cases whose name contains this, or fits it as a glob.")] = "",
    update: Annotated[
        bool,
        typer.Option(
            "--update",
            help="Accept what differs, after showing it; wanted columns (title, ...) only of cases given by name.",
        ),
    ] = False,
    allow_regression: Annotated[bool, typer.Option("--allow-regression", help="Let --update lower a floor.")] = False,
    junit: Annotated[Path | None, typer.Option("--junit", help="Also write the result as JUnit XML.")] = None,
    workers: Annotated[int | None, typer.Option("--workers", help="Processes; default: one a core.", min=1)] = None,
    as_json: AsJson = False,
) -> None:
    """Compare golden cases with what curate makes of them.

    Exit code 1 when something differs, 2 when nothing was checked: no case is there, or a person has reviewed none.

    Example: curate check golden/
    """
    from curate.build import load_rules
    from curate.errors import InputError
    from curate.golden import check_cases, find_cases, load_case
    from curate.golden.baseline import baseline_differences, plural
    from curate.golden.report import junit as as_junit
    from curate.golden.report import passed, summary_lines, to_json
    from curate.golden.update import update as accept
    from curate.recipe import Recipe

    load_rules(Recipe())  # a wrong rule file is said once, not of every case
    everything = update or not (cases or select)
    folders = find_cases(root) if everything else find_cases(root, cases or (), select)
    reports = list(check_cases(folders, workers))
    loaded = [load_case(folder) for folder, report in zip(folders, reports, strict=True) if not report.error]
    baseline = baseline_differences(root, loaded, reports) if everything else None
    if junit:
        _write(junit, as_junit(reports, baseline))
    if as_json:
        print(to_json(reports, baseline))
    else:
        for line in summary_lines(reports, baseline):
            print(line)
    if update:
        chosen = {folder.name for folder in find_cases(root, cases or (), select)}
        written = accept(root, loaded, reports, chosen, named=cases or (), allow_regression=allow_regression)
        if not as_json:
            print(f"{plural(written, 'case')} and the baseline updated; read them before you commit: git diff {root}")
        raise typer.Exit(0)
    if not any(report.reviewed for report in reports):
        raise InputError("nothing was checked: no person has reviewed these cases (reviewed: true in about.yaml).")
    raise typer.Exit(0 if passed(reports, baseline) else 1)


def _write(path: Path, content: bytes) -> None:
    from curate.errors import OutputError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from None


@golden_app.command("new")
def golden_new(
    page: Annotated[str, typer.Argument(help="A file; or, with --out, the id or URL of a page of a build.")],
    name: Annotated[str, typer.Option("--name", help="Of the case: <language>-<what-it-shows>.")],
    root: Annotated[Path, typer.Option("--golden", help="Folder of golden cases.")] = Path("golden"),
    out: Annotated[Path | None, typer.Option("--out", help="The build that has the page.")] = None,
    raw: Annotated[Path | None, typer.Option("--raw", help="The input of that build.")] = None,
) -> None:
    """Make a case of a page: what curate makes of it today is a draft, until a person has reviewed it.

    Example: curate golden new page.html --name en-bridge
    """
    from curate.golden.draft import new_case
    from curate.text import harmless

    draft = new_case(page, root, name, out, raw)
    texts = "expected.txt" if not (draft.folder / "site").is_dir() else "expected/*.txt"
    print(
        f"Wrote {draft.folder}. Make {draft.folder}/{texts} what you want to come of the page, say in "
        f"{draft.folder}/about.yaml what the case shows, set reviewed: true, and run: "
        f"curate check {root} {name} --update"
    )
    for note in draft.notes:
        print(f"Note: {harmless(note)}")


@rules_app.command("list")
def rules_list(
    rules: RuleFolders = None,
    out: Annotated[Path | None, typer.Option("--out", help="A build: what each rule removed there.")] = None,
    as_json: AsJson = False,
) -> None:
    """List every rule: id, kind, action, title; with a build also what it removed there.

    Example: curate rules list
    """
    from curate.build import load_rules, read_build

    packs = load_rules(_recipe(None, rules, None)).packs
    removed = read_build(out)["counts"]["removed"] if out else {}
    listed = [
        {"id": rule.id, "pack": pack.id, "kind": rule.match.kind, "action": rule.action, "title": rule.title}
        | (removed.get(rule.id, {"spans": 0, "chars": 0}) if out else {})
        for pack in packs
        for rule in sorted(pack.rules, key=lambda rule: rule.id)
    ]
    if as_json:
        print(json.dumps(listed))
        return
    for one in listed:
        counts = f"{one['spans']:>7} {one['chars']:>8}  " if out else ""
        print(f"{counts}{one['id']:44} {one['kind']:9} {one['action']:12} {one['title']}")
    print(f"{len(listed)} rules in {len(packs)} packs." + (" Spans and characters removed in front." if out else ""))


@rules_app.command("show")
def rules_show(
    name: Annotated[str, typer.Argument(metavar="ID", help="Id of a rule or heuristic, as it stands in removed/.")],
    rules: RuleFolders = None,
) -> None:
    """Show what a rule or heuristic does, why, where it comes from, and its examples.

    Example: curate rules show en/readmore/link
    """
    from curate.build import load_rules
    from curate.reference import describe

    print(describe(name, load_rules(_recipe(None, rules, None)).packs), end="")


@rules_app.command("lint")
def rules_lint(
    folders: Annotated[
        list[Path] | None, typer.Argument(help="Folders of rule files; default: the packaged rules.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Doubts fail as errors do.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check rule files: what cannot be used, and what is doubtful.

    Example: curate rules lint my-rules/
    """
    from curate.rules import packaged_rules
    from curate.rules.linting import ERRORS, lint

    packaged = packaged_rules()
    chosen = folders or [packaged]
    known = [] if any(folder.resolve() == packaged.resolve() for folder in chosen) else [packaged]
    findings, checked = lint(chosen, known)
    if as_json:
        print(json.dumps([finding.as_dict() for finding in findings]))
    else:
        for finding in findings:
            print(finding)
        errors = sum(finding.check in ERRORS for finding in findings)
        print(f"{checked} rules, {errors} errors, {len(findings) - errors} doubts.")
    raise typer.Exit(1 if any(strict or finding.check in ERRORS for finding in findings) else 0)


@rules_app.command("test")
def rules_test(
    folders: Annotated[
        list[Path] | None, typer.Argument(help="Folders of rule files; default: the packaged rules.")
    ] = None,
) -> None:
    """Run every example of every rule.

    Example: curate rules test
    """
    from curate.rules import broken_examples, compile_rules, load_packs, packaged_rules

    packs = load_packs([packaged_rules(), *folders])[1:] if folders else load_packs([packaged_rules()])
    compile_rules(packs)
    rules = [rule for pack in packs for rule in pack.rules]
    broken = broken_examples(rules)
    for error in broken:
        print(error)
    examples = sum(len(rule.drop_examples) + len(rule.keep_examples) + len(rule.strip_examples) for rule in rules)
    print(f"{len(rules)} rules, {examples} examples, {len(broken)} broken.")
    raise typer.Exit(1 if broken else 0)


@rules_app.command("mine")
def rules_mine(
    out: Annotated[Path, typer.Argument(help="The build to mine.")],
    min_support: Annotated[int, typer.Option(help="Articles that must have a line; prose twice as many.", min=2)] = 3,
    limit: Annotated[int, typer.Option(help="Candidates to print.", min=1)] = 100,
    golden: Annotated[
        Path | None, typer.Option(help="Golden cases on which to try the candidates; default: golden/, if it is there.")
    ] = None,
    bench: Annotated[
        Path | None, typer.Option(help="Folder with gold.jsonl, a page a line, on which to try the candidates.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Propose rules for the lines that the articles of a build repeat, as a rule file that a person chooses from.

    Example: curate rules mine out/
    """
    from curate.mine import as_dict, as_yaml, bench_reference, golden_reference
    from curate.mine import mine as run

    cases = golden or (Path("golden") if any(Path("golden").glob("*/about.yaml")) else None)
    references = [golden_reference(cases)] if cases else []
    references += [bench_reference(bench)] if bench else []
    mined = run(out, min_support, limit, references)
    print(json.dumps(as_dict(mined)) if as_json else as_yaml(mined, out), end="\n" if as_json else "")
