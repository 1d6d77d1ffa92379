"""What changed between two builds: every kind of change is counted where it belongs, and shown harmlessly."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from builds import EXAMPLES, MORE_PROSE, PROSE, curate, make_build, rows
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from curate.diff import Diff, compare_builds, html_page, print_diff, word_diff
from curate.diff import builds as diff_builds
from curate.diff import compare as diff_compare
from curate.errors import OutputError
from curate.recipe import recipe_from
from curate.words import MAX_LINES, MAX_WORDS, Piece, changed_words, shortened

LIVE = "saltmere-post.example/2024-03-13-storm-isolde-live.html"
GONE = "marrowcreek-ledger.example/2024-03-16-lady-herons-dunmore-semifinal.html"
ADDED = "saltmere-post.example/2024-03-18-ferry-vote.html"
COPY = "saltmere-post.example/2024-03-11-council-budget-2024-copy.html"
HOSTILE = "\"><script>alert('exam')</script><img src=//evil.example/x onerror=alert(1)>\x1b[2J\u202e"
NEW_LINE = (
    "The ferry sails <b onclick=alert(2)>tonight</b> & returns \x1b]0;owned\x07 at dawn, the harbour master said."
)


def changed_raw(folder: Path) -> Path:
    """The examples with one page changed, one gone, one added, one too short, a copy no longer one, a title changed."""
    raw = Path(shutil.copytree(EXAMPLES, folder / "raw"))
    live = (raw / LIVE).read_text("utf-8")
    first = re.search(r"<p>[^<]{200,}</p>", live)
    assert first
    (raw / LIVE).write_text(live.replace(first[0], first[0] + f"<p>{MORE_PROSE}</p>"), "utf-8")
    (raw / GONE).unlink()
    page = f"<html><head><title>Ferry vote</title></head><body><article><p>{PROSE}</p></article></body></html>"
    (raw / ADDED).write_text(page, "utf-8")
    (raw / "story.txt").write_text("Too short.", "utf-8")
    (raw / COPY).write_text((raw / COPY).read_text("utf-8") + "<!-- fetched again -->", "utf-8")
    records = [json.loads(line) for line in (raw / "extracted.jsonl").read_text("utf-8").splitlines()]
    records[2]["title"] = HOSTILE
    records[2]["text"] += f"\n{NEW_LINE}\n{MORE_PROSE}"
    (raw / "extracted.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return raw


@pytest.fixture(scope="module")
def other_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build of ``changed_raw`` with a heuristic switched off."""
    folder = tmp_path_factory.mktemp("diff")
    make_build(changed_raw(folder), folder / "out", recipe_from({"clean": {"disable": ["site/repeated-line"]}}))
    return folder / "out"


@pytest.fixture(scope="module")
def found(examples_build: Path, other_build: Path) -> Diff:
    """The differences of both."""
    return compare_builds(examples_build, other_build, worst=50)


def id_of(out: Path, file_path: str) -> str:
    (found,) = (row["id"] for row in rows(out, "data") if row["provenance"]["file_path"] == file_path)
    return str(found)


def text_of(out: Path, row_id: str) -> str:
    return next(row["text"] for row in rows(out, "data") if row["id"] == row_id)


# ---- what changed


def test_a_build_and_itself_have_no_differences(examples_build: Path) -> None:
    same = compare_builds(examples_build, examples_build)

    articles = len(rows(examples_build, "data"))
    assert (same.articles.both, same.articles.changed_share) == (articles, 0)
    assert same.before == same.after
    assert not any(getattr(same, part) for part in ("added", "gone", "outcomes", "rules", "sites", "columns", "texts"))


def test_articles_are_matched_by_id_and_every_one_is_counted(
    examples_build: Path, other_build: Path, found: Diff
) -> None:
    before = {row["id"]: row["text"] for row in rows(examples_build, "data")}
    after = {row["id"]: row["text"] for row in rows(other_build, "data")}

    both = before.keys() & after.keys()
    changed = [row_id for row_id in both if before[row_id] != after[row_id]]
    counted = found.articles
    assert (counted.both, counted.changed) == (len(both), len(changed))
    assert (counted.added, counted.gone) == (len(after.keys() - both), len(before.keys() - both))
    assert counted.changed_share == (len(changed) + counted.added + counted.gone) / len(before.keys() | after.keys())
    assert sum(counted.causes.values()) == counted.changed
    assert {one.id for one in found.texts} == set(changed)


def test_articles_that_came_and_went_say_what_became_of_their_records(
    examples_build: Path, other_build: Path, found: Diff
) -> None:
    gone = {one.id: one.elsewhere for one in found.gone}
    added = {one.id: one for one in found.added}

    assert gone[id_of(examples_build, GONE)] == "not in the build"
    assert gone[id_of(examples_build, "story.txt")].startswith("rejected: ")
    assert added[id_of(other_build, ADDED)].elsewhere == "not in the build"
    assert added[id_of(other_build, ADDED)].title == "Ferry vote"


def test_rejections_and_duplicates_that_changed_are_counted_by_outcome(
    examples_build: Path, other_build: Path, found: Diff
) -> None:
    changes = {(one.before, one.after): one for one in found.outcomes}

    (rejected,) = (row for row in rows(other_build, "rejected") if row["file_path"] == "story.txt")
    change = changes["article", f"rejected: {rejected['stage']}/{rejected['reason']}"]
    assert (change.records, change.examples) == (1, (rejected["id"],))
    (copy,) = (row for row in rows(other_build, "duplicates") if row["file_path"] == COPY)
    assert copy["kind"] != "payload"
    assert changes["duplicate: payload", f"duplicate: {copy['kind']}"].examples == (copy["id"],)
    assert sum(one.records for one in found.outcomes if one.before == "article") == found.articles.gone
    assert sum(one.records for one in found.outcomes if one.after == "article") == found.articles.added


def test_a_duplicate_of_another_article_is_a_change(own_build: Path, examples_build: Path) -> None:
    path = own_build / "duplicates" / "part-all.parquet"
    table = pq.read_table(path)
    kept = ["0" * 32, *table["kept_id"].to_pylist()[1:]]
    pq.write_table(table.set_column(1, table.schema.field("kept_id"), [kept]), path)

    (change,) = compare_builds(examples_build, own_build).outcomes

    first = table.slice(0, 1).to_pylist()[0]
    kind = f"duplicate: {first['kind']}"
    assert (change.before, change.after) == (kind, f"{kind} (of another article)")
    assert change.examples == (first["id"],)


def test_a_text_changed_by_its_page_by_extraction_or_by_cleaning(
    examples_build: Path, other_build: Path, found: Diff
) -> None:
    causes = {one.id: one.cause for one in found.texts}

    assert causes[id_of(other_build, LIVE)] == "page"
    german = [row for row in rows(other_build, "data") if (row["url"] or "").startswith("http://www.brammerhavener")]
    assert german
    assert {causes[row["id"]] for row in german} == {"cleaning"}
    assert set(found.articles.causes) == {"page", "extraction", "cleaning"}


def test_removals_are_counted_by_rule_before_and_after(examples_build: Path, other_build: Path, found: Diff) -> None:
    before = [row for row in rows(examples_build, "removed") if row["rule"] == "site/repeated-line"]

    change = next(one for one in found.rules if one.rule == "site/repeated-line")

    assert (change.spans_before, change.chars_before) == (len(before), sum(len(row["text"]) for row in before))
    assert (change.spans_after, change.chars_after) == (0, 0)
    assert found.before.removed_spans == len(rows(examples_build, "removed"))
    assert found.after.removed_spans == len(rows(other_build, "removed"))
    counted = {one.rule: one.spans_after for one in found.rules}
    for rule, spans in counted.items():
        assert spans == sum(row["rule"] == rule for row in rows(other_build, "removed"))


def test_a_site_whose_removed_share_jumps_is_listed(examples_build: Path, other_build: Path, found: Diff) -> None:
    shares = []
    for out in (examples_build, other_build):
        articles = [row for row in rows(out, "data") if row["source_domain"] == "brammerhavener-bote.example"]
        removed = sum(row["provenance"]["removed_chars"] for row in articles)
        shares.append(removed / sum(row["original_length"] for row in articles))

    (site,) = (one for one in found.sites if one.site == "brammerhavener-bote.example")

    assert (site.share_before, site.share_after) == tuple(shares)
    assert shares[0] - shares[1] > 0.1
    assert all(abs(one.share_after - one.share_before) >= 0.1 for one in found.sites)
    assert found.sites_changed == len(found.sites)
    assert "saltmere-post.example" not in {one.site for one in found.sites}


def test_sites_that_jump_are_weighed_by_their_articles(examples_build: Path, other_build: Path, found: Diff) -> None:
    jumped = {one.site for one in found.sites}
    articles = rows(examples_build, "data") + rows(other_build, "data")

    assert found.sites_share == sum(one["source_domain"] in jumped for one in articles) / len(articles)
    assert 0 < found.sites_share < 1


def test_options_of_the_recipe_that_differ_are_named(found: Diff) -> None:
    (option,) = found.options

    assert (option.option, option.before, option.after) == ("clean.disable", [], ["site/repeated-line"])
    assert "  clean.disable: [] -> ['site/repeated-line']\n" in printed(found, terminal=False)
    assert "clean.disable: [] -&gt; [&#x27;site/repeated-line&#x27;]" in html_page(found)


def test_metadata_changes_are_counted_by_column_with_examples(other_build: Path, found: Diff) -> None:
    columns = {one.column: one for one in found.columns}

    titled = next(row for row in rows(other_build, "data") if "<script>" in (row["title"] or ""))
    (example,) = columns["title"].examples
    assert (columns["title"].changed, columns["title"].filled, columns["title"].emptied) == (1, 0, 0)
    assert (example.id, example.title) == (titled["id"], titled["title"])
    assert (example.before, example.after) == ("Man, 93, passes piano exam at third attempt", titled["title"])
    assert columns["provenance.digest"].changed >= 2
    assert not columns.keys() & {"id", "text", "length", "provenance.recipe", "provenance.extracted_digest"}


def test_the_largest_changes_come_first_and_no_more_than_asked_for(
    examples_build: Path, other_build: Path, found: Diff
) -> None:
    sizes = [one.changed_words for one in found.texts]

    two = compare_builds(examples_build, other_build, worst=2)
    none = compare_builds(examples_build, other_build, worst=0)

    assert sizes == sorted(sizes, reverse=True)
    assert two.texts == found.texts[:2]
    assert (none.texts, none.articles) == ((), found.articles)


def test_a_changed_text_says_which_rules_removed_more_or_fewer_spans(found: Diff) -> None:
    german = next(one for one in found.texts if (one.url or "").startswith("http://www.brammerhavener"))

    before, after = german.rules["site/repeated-line"]

    assert before > 0
    assert after == 0


def test_builds_with_many_shards_are_compared_as_those_with_one(
    examples_build: Path, tmp_path: Path, found: Diff, other_build: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_build(EXAMPLES, tmp_path / "out", recipe_from({"output": {"max_shard_bytes": 4_000}}))
    assert len(list((tmp_path / "out" / "data").iterdir())) > 8
    monkeypatch.setattr(diff_builds, "MAX_OPEN_SHARDS", 9)
    monkeypatch.setattr(diff_compare, "MAX_WAITING", 2)

    same = compare_builds(examples_build, tmp_path / "out")
    other = compare_builds(tmp_path / "out", other_build, worst=50)

    assert len(diff_builds.groups([diff_builds.open_build(tmp_path / "out")])) > 1
    assert not any((same.articles.changed_share, same.outcomes, same.rules, same.columns, same.texts))
    assert other.articles == found.articles
    assert {one.id: one for one in other.texts} == {one.id: one for one in found.texts}
    assert (other.rules, other.sites) == (found.rules, found.sites)


def test_texts_are_read_only_where_they_may_have_changed(
    examples_build: Path, own_build: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unread(*_: object) -> dict[str, str]:
        raise AssertionError("a text was read")

    monkeypatch.setattr(diff_compare, "texts", unread)

    assert compare_builds(examples_build, own_build).articles.changed == 0


# ---- words


TEXTS = st.lists(st.sampled_from(["the ", "old\n", "ferry", " ", "\n", "港", "口 ", "é", "x"]), max_size=30).map(
    "".join
)


@given(TEXTS, TEXTS)
def test_what_is_the_same_gone_and_new_gives_both_texts_back(before: str, after: str) -> None:
    pieces = word_diff(before, after)

    assert "".join(piece.text for piece in pieces if piece.kind != "new") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "gone") == after
    assert all(piece.text for piece in pieces)
    assert (changed_words(before, after) == 0) or (before != after)
    if before == after:
        assert [piece.kind for piece in pieces] in ([], ["same"])


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("The old ferry sails.", "The new ferry sails.", "The [old|new] ferry sails."),
        ("One.\nTwo.\nThree.\n", "One.\nThree.\n", "One.\n[Two.\n|]Three.\n"),
        ("a quiet grey morning came", "a loud red evening came", "a [quiet grey morning|loud red evening] came"),
        ("港口很安静", "港口不安静", "港口[很|不]安静"),
    ],
)
def test_words_are_compared_and_not_characters(before: str, after: str, shown: str) -> None:
    assert marked(word_diff(before, after)) == shown


def marked(pieces: Sequence[Piece]) -> str:
    text = "".join({"same": "{}", "gone": "[{}|]", "new": "[|{}]"}[piece.kind].format(piece.text) for piece in pieces)
    return text.replace("|][|", "|")


def test_texts_too_long_for_difflib_are_shown_whole() -> None:
    words = " ".join(f"w{number % 7}" for number in range(MAX_WORDS))
    lines = "".join(f"{number % 7}\n" for number in range(MAX_LINES + 1))

    of_words = word_diff(f"old {words} end", f"new {words} another end")
    of_lines = word_diff(f"old\n{lines}end", f"new\n{lines}another\nend")

    assert [piece.kind for piece in of_words] == ["gone", "new"]
    assert [piece.kind for piece in of_lines] == ["gone", "new", "same"]


def test_long_pieces_are_shortened_and_say_so() -> None:
    pieces = [Piece("same", "a" * 500), Piece("gone", "b" * 5_000), Piece("same", "c" * 500), Piece("new", "d"), *[]]

    shown = shortened([*pieces, Piece("same", "e" * 500)])

    assert [piece.text for piece in shown] == [
        f" [… 420 characters …] {'a' * 80}",
        f"{'b' * 2_000} [… 3,000 characters …] ",
        f"{'c' * 80} [… 340 characters …] {'c' * 80}",
        "d",
        f"{'e' * 80} [… 420 characters …] ",
    ]


# ---- shown


def printed(diff: Diff, *, terminal: bool) -> str:
    system = "standard" if terminal else None
    console = Console(file=io.StringIO(), force_terminal=terminal, width=80, color_system=system, no_color=False)
    print_diff(diff, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_without_a_terminal_words_stand_in_marks_and_nothing_is_left_for_one_to_obey(found: Diff) -> None:
    plain = printed(found, terminal=False)

    assert f"{found.articles.added} added, {found.articles.gone} gone" in plain
    assert "site/repeated-line" in plain
    assert re.search(r"{\+The ferry sails <b onclick=alert\(2\)>tonight</b> & returns \\x1b]0;owned\\x07 at", plain)
    assert "\\x1b[2J" in plain
    assert not set(plain) & set("\x1b\x07\u202e")


def test_on_a_terminal_words_are_coloured_and_only_our_own_escapes_are_printed(found: Diff) -> None:
    coloured = printed(found, terminal=True)

    assert set(re.findall("\x1b.[^m]*m", coloured)) <= {"\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[4;32m", "\x1b[9;31m"}
    assert "\x1b[4;32m" in coloured
    assert not set(coloured) & set("\x07\u202e")


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_escapes_what_comes_from_builds_and_loads_nothing(found: Diff) -> None:
    page = html_page(found)

    parsed = Elements(page)
    assert HOSTILE[:20] in parsed.text
    assert "The ferry sails <b onclick=alert(2)>tonight</b> & returns \\x1b]0;owned\\x07 at dawn" in parsed.text
    names = {name for name, _ in parsed.elements}
    assert not names & {"script", "img", "b", "link", "iframe", "object", "a", "form"}
    attributes = {name for _, attributes in parsed.elements for name in attributes}
    assert attributes <= {"lang", "charset", "http-equiv", "content", "name", "class", "scope", "dir"}
    assert not set(page) & set("\x1b\x07\u202e")
    assert "url(" not in page
    assert "@import" not in page


def test_the_page_has_a_strict_policy_that_allows_its_own_style_sheet_for_light_and_dark(found: Diff) -> None:
    page = html_page(found)

    (policy,) = (one["content"] for name, one in Elements(page).elements if name == "meta" and "http-equiv" in one)
    assert policy
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'none'", policy
    )
    assert "unsafe" not in policy
    assert "prefers-color-scheme: dark" in page


# ---- the command line


def test_the_command_prints_json_writes_the_page_and_gates(
    tmp_path: Path, examples_build: Path, other_build: Path, found: Diff
) -> None:
    share = found.articles.changed_share
    both = (examples_build, other_build)

    below = curate("diff", *both, "--json", "--html", "diff.html", "--fail-above", share, cwd=tmp_path)
    above = curate("diff", *both, "--worst", 1, "--fail-above", share - 0.01, cwd=tmp_path)
    sites = found.sites_share
    few_sites = curate("diff", *both, "--fail-above-sites", sites, cwd=tmp_path)
    many_sites = curate("diff", *both, "--fail-above-sites", 0, "--fail-above", 1, cwd=tmp_path)
    freely = curate("diff", *both, cwd=tmp_path)
    same = curate("diff", examples_build, examples_build, "--fail-above", 0, cwd=tmp_path)

    assert (few_sites.returncode, many_sites.returncode) == (0, 1)
    assert many_sites.stdout.endswith(
        f"{sites:.4f} of the articles, those on sites whose removed share jumps, is above 0.0.\n"
    )
    told = json.loads(below.stdout)
    assert (below.returncode, above.returncode, freely.returncode, same.returncode) == (0, 1, 0, 0)
    assert told["articles"]["changed_share"] == share
    assert [one["id"] for one in told["texts"]] == [one.id for one in found.texts[:10]]
    assert below.stdout.isascii()
    assert (tmp_path / "diff.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    assert above.stdout.endswith(f"{share:.4f} of the articles is above {share - 0.01}.\n")
    assert "1 of " in above.stdout
    assert len(same.stdout.splitlines()) == 1


def test_what_is_no_build_or_cannot_be_read_is_an_error(tmp_path: Path, own_build: Path) -> None:
    no_build = curate("diff", own_build, tmp_path, cwd=tmp_path)
    (own_build / "data" / "part-all.parquet").write_bytes(b"PAR1 and no more PAR1")
    unreadable = curate("diff", own_build, own_build, cwd=tmp_path)
    (own_build / "data" / "part-all.parquet").unlink()

    assert (no_build.returncode, unreadable.returncode) == (2, 2)
    assert no_build.stderr.startswith(f"curate: {tmp_path}: this is not a finished build")
    assert f"{own_build}/data/part-all.parquet cannot be read: " in unreadable.stderr
    with pytest.raises(OutputError, match=r"part-all.parquet is missing.\n  See what else is wrong: curate verify"):
        compare_builds(own_build, own_build)


def test_rows_out_of_order_are_an_error_and_not_a_difference(own_build: Path, examples_build: Path) -> None:
    path = own_build / "data" / "part-all.parquet"
    table = pq.read_table(path)
    pq.write_table(table.take(list(reversed(range(table.num_rows)))), path)

    with pytest.raises(OutputError, match="out of order"):
        compare_builds(examples_build, own_build)
