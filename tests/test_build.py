"""A whole build: the same bytes however it runs, every record in one row, and nothing that stops it is lost work."""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builds import (
    EXAMPLES,
    MORE_PROSE,
    PROSE,
    SMALL_BATCH,
    command,
    curate,
    digests,
    make_build,
    outcomes,
    rows,
    write_pages,
)

from curate.errors import RecipeError
from curate.model import SUBSETS
from curate.recipe import recipe_from
from curate.verify import verify

STAGES = ["read", "extract", "clean", "dedup", "write"]


# ---- the same bytes


@pytest.mark.parametrize(("workers", "batch_bytes"), [(1, SMALL_BATCH), (2, 1), (2, 8_000_000)])
def test_workers_and_batch_sizes_change_no_byte(
    examples_build: Path, tmp_path: Path, workers: int, batch_bytes: int
) -> None:
    make_build(EXAMPLES, tmp_path / "out", workers=workers, batch_bytes=batch_bytes)

    assert digests(tmp_path / "out") == digests(examples_build)


def test_the_order_in_which_the_system_lists_files_and_where_they_lie_change_no_byte(
    examples_build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [path.relative_to(EXAMPLES) for path in EXAMPLES.rglob("*") if path.is_file()]
    random.Random(7).shuffle(files)
    for path in files:
        (tmp_path / "elsewhere" / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(EXAMPLES / path, tmp_path / "elsewhere" / path)
    listed = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda folder: iter(sorted(listed(folder), reverse=True)))

    make_build(tmp_path / "elsewhere", tmp_path / "out")

    monkeypatch.undo()
    assert digests(tmp_path / "out") == digests(examples_build)


def test_building_again_into_a_finished_build_gives_the_same_bytes(own_build: Path) -> None:
    before = digests(own_build)

    make_build(EXAMPLES, own_build)

    assert digests(own_build) == before
    assert verify(own_build) == []


def test_a_build_of_other_pages_replaces_the_earlier_one(own_build: Path, tmp_path: Path) -> None:
    raw = write_pages(tmp_path / "raw", ferry=PROSE)

    make_build(raw, own_build)

    assert outcomes(own_build) == {"ferry.txt": "article"}
    assert verify(own_build) == []


def test_an_edited_page_is_built_anew(tmp_path: Path) -> None:
    raw, out = write_pages(tmp_path / "raw", ferry=PROSE), tmp_path / "out"
    make_build(raw, out)

    write_pages(raw, ferry=PROSE.replace("ferry", "barge"))
    make_build(raw, out)

    assert "barge" in rows(out, "data")[0]["text"]


# ---- records in = rows out


def test_every_record_that_was_read_is_in_exactly_one_row(examples_build: Path) -> None:
    found = {subset: rows(examples_build, subset) for subset in SUBSETS}
    read = found["data"] + found["rejected"] + found["duplicates"]
    counts = json.loads((examples_build / "build.json").read_text())["counts"]

    assert len({row["id"] for row in read}) == len(read) == counts["records"]
    assert {row["id"] for row in found["removed"]} <= {row["id"] for row in found["data"]}
    files = {path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob("*") if path.is_file()}
    assert {row.get("file_path") or row["provenance"]["file_path"] for row in read} == files


def test_the_examples_show_what_their_readme_says(examples_build: Path) -> None:
    found = outcomes(examples_build)
    in_archives = Counter(
        (row["file_path"], row["reason"]) for row in rows(examples_build, "rejected") if row["format"] == "warc"
    )

    assert found["empty.html"] == "extract/no-html"
    assert found["saltmere-post.example/2024-03-11-council-budget-2024.html"] == "article"
    assert found["saltmere-post.example/2024-03-11-council-budget-2024-copy.html"] == "payload"
    assert found["saltmere-post.example/2024-03-17-kelp-forest-students-map-utm_source=newsletter.html"] == "url"
    assert found["marrowcreek-ledger.example/category-news.html"].startswith("quality/")
    assert in_archives == {
        ("crawl.warc.gz", "http-status"): 1,
        ("crawl.warc.gz", "not-html"): 1,
        ("broken.warc.gz", "truncated"): 1,
    }


def test_home_pages_are_no_articles(examples_build: Path) -> None:
    found = outcomes(examples_build)

    assert found["saltmere-post.example/index.html"].startswith("quality/")
    assert found["brammerhavener-bote.example/index.html"].startswith("quality/")


def test_a_build_of_the_examples_is_verified(examples_build: Path, tmp_path: Path) -> None:
    done = curate("verify", examples_build, cwd=tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (0, f"{examples_build}: all good.\n", "")


def test_files_that_cannot_be_read_are_rejections_and_the_page_between_them_is_an_article(tmp_path: Path) -> None:
    raw = write_pages(tmp_path / "raw", a_page=PROSE, blank="\n \n")
    noise = random.Random(3).randbytes(3000)
    pq.write_table(pa.table({"text": [PROSE] * 9}), raw / "cut.parquet")
    for name, content in {
        "noise.bin": noise,
        "noise.html.gz": noise,
        "noise.jsonl": noise.replace(b"\n", b""),
        "noise.parquet": noise,
        "noise.tar": noise,
        "noise.warc.gz": noise,
        "noise.zip": noise,
        "noise.zst": noise,
        "cut.html.gz": gzip.compress(PROSE.encode() * 9)[:-30],
        "cut.parquet": (raw / "cut.parquet").read_bytes()[:-100],
        "list.jsonl": b"[1, 2]\n",
        "nothing.html": b"",
        "letter.docx": b"PK\x03\x04" + noise,
    }.items():
        (raw / name).write_bytes(content)

    build = make_build(raw, tmp_path / "out")

    found = outcomes(tmp_path / "out")
    assert set(found) == {path.name for path in raw.iterdir()}
    assert {name for name, outcome in found.items() if outcome == "article"} == {"a_page.txt"}
    assert found["noise.bin"] == found["letter.docx"] == "read/unknown-format"
    assert build["counts"]["records"] == 1 + len(rows(tmp_path / "out", "rejected"))
    assert all(row["detail"] for row in rows(tmp_path / "out", "rejected"))
    assert verify(tmp_path / "out") == []


def test_a_folder_with_nothing_to_read_in_it_still_makes_a_whole_dataset(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "noise.bin").write_bytes(b"\x00\x01\x02")

    build = make_build(tmp_path / "raw", tmp_path / "out")

    assert (build["counts"]["articles"], build["counts"]["rejected"]) == (0, {"read/unknown-format": 1})
    assert verify(tmp_path / "out") == []


# ---- where the output goes


def test_a_folder_that_is_no_build_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    raw, out = write_pages(tmp_path / "raw", ferry=PROSE), write_pages(tmp_path / "out", thesis="The only copy.")

    done = curate("build", raw, out, cwd=tmp_path)

    assert done.returncode == 2
    assert f"curate: {out} is not empty and no build of curate." in done.stderr
    assert [path.name for path in out.iterdir()] == ["thesis.txt"]


def test_an_output_folder_inside_the_input_folder_is_not_read(tmp_path: Path) -> None:
    raw = write_pages(tmp_path / "raw", ferry=PROSE)
    make_build(raw, raw / "out")
    once = digests(raw / "out")

    make_build(raw, raw / "out")

    assert digests(raw / "out") == once
    assert outcomes(raw / "out") == {"ferry.txt": "article"}


def test_an_output_folder_that_is_the_input_folder_is_refused(tmp_path: Path) -> None:
    raw = write_pages(tmp_path / "raw", ferry=PROSE)

    done = curate("build", raw, raw, cwd=tmp_path)

    assert done.returncode == 2
    assert [path.name for path in raw.iterdir()] == ["ferry.txt"]


# ---- options


def build_of_examples(tmp_path: Path, *options: object) -> tuple[dict, Path]:
    done = curate("build", EXAMPLES, "out", "--json", *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert verify(tmp_path / "out") == []
    return json.loads(done.stdout), tmp_path / "out"


def test_json_is_one_object_the_build_json_and_nothing_else_is_printed(tmp_path: Path) -> None:
    done = curate("build", EXAMPLES, "out", "--json", cwd=tmp_path)

    assert json.loads(done.stdout) == json.loads((tmp_path / "out" / "build.json").read_text())
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_without_cleaning_the_text_stays_as_extracted(tmp_path: Path) -> None:
    build, out = build_of_examples(tmp_path, "--no-clean")

    assert rows(out, "removed") == []
    assert all(row["length"] == row["original_length"] for row in rows(out, "data"))
    assert build["counts"]["chars"]["removed"] == 0


def test_without_language_no_language_is_detected(tmp_path: Path) -> None:
    build, out = build_of_examples(tmp_path, "--no-language")

    assert sum(build["counts"]["languages"].values()) == build["counts"]["articles"]
    assert {row["language_score"] for row in rows(out, "data")} == {None}


def test_without_quality_the_index_pages_stay(tmp_path: Path) -> None:
    build, out = build_of_examples(tmp_path, "--no-quality")

    assert not any(reason.startswith("quality/") for reason in build["counts"]["rejected"])
    assert outcomes(out)["saltmere-post.example/index.html"] == "article"


def test_without_dedup_every_copy_is_an_article(tmp_path: Path) -> None:
    build, out = build_of_examples(tmp_path, "--no-dedup")

    assert build["counts"]["duplicates"] == {}
    assert {row["cluster_size"] for row in rows(out, "data")} == {1}
    assert outcomes(out)["saltmere-post.example/2024-03-11-council-budget-2024-copy.html"] == "article"


def test_a_kept_language_leaves_the_others_as_rejections(tmp_path: Path) -> None:
    build, out = build_of_examples(tmp_path, "--language", "de")

    assert set(build["counts"]["languages"]) == {"de"}
    assert build["counts"]["rejected"]["language/other-language"] > 0
    assert {row["language"] for row in rows(out, "data")} == {"de"}


HOUSE_RULE = """
- id: house/ferry-line
  title: The ferry line
  match: {phrase: ["the harbour board asks for your opinion"]}
  action: drop
  why: An appeal of this site.
  source: a test
  examples:
    drop: ["The harbour board asks for your opinion"]
    keep: ["The harbour board asks"]
"""


def test_a_folder_of_rules_is_added_and_a_rule_can_be_disabled(tmp_path: Path) -> None:
    asked = f"{PROSE}The harbour board asks for your opinion\n{MORE_PROSE}"
    raw = write_pages(tmp_path / "raw", ferry=asked)
    (tmp_path / "house").mkdir()
    (tmp_path / "house" / "lines.yaml").write_text(HOUSE_RULE)

    added = curate("build", raw, "added", "--rules", "house", cwd=tmp_path)
    disabled = curate("build", raw, "off", "--rules", "house", "--disable", "house/*", cwd=tmp_path)

    assert (added.returncode, disabled.returncode) == (0, 0), added.stderr + disabled.stderr
    assert "house/ferry-line" in {row["rule"] for row in rows(tmp_path / "added", "removed")}
    assert "house/ferry-line" not in {row["rule"] for row in rows(tmp_path / "off", "removed")}
    assert "your opinion" in rows(tmp_path / "off", "data")[0]["text"]
    packs = json.loads((tmp_path / "added" / "build.json").read_text())["rules"]["packs"]
    assert [pack["id"] for pack in packs] == ["curate-base", "house"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["build", "--no-qualty", "raw", "out"], "--no-quality"),
        (["biuld", "raw", "out"], "Did you mean 'build'"),
        (["build", "raw", "out", "--engine", "locl"], "no engine is called 'locl'; did you mean 'local'?"),
        (["build", "raw", "out", "--disable", "site/repeated-lin"], "did you mean 'site/repeated-line'?"),
        (["build", "raw", "out", "--language", "english"], "no language that can be detected is called 'english'"),
        (["build", "raw", "out", "--batch-bytes", "0"], "at least one byte a batch is wanted, not 0"),
        (["build", "raw", "out", "--workers", "0"], "at least one worker is wanted, not 0"),
        (["build", "raw", "out", "--recipe", "wrong.toml"], "did you mean 'similarity'?"),
        (["build", "raw", "out", "--recipe", "filter.toml"], "did you mean 'gopher-words'?"),
        (["build", "raw", "out", "--rules", "nowhere"], "there is no such folder of rules"),
        (["build", "roar", "out"], "roar: there is no such file or folder."),
        (["build", "*.htm", "out"], "*.htm: there is no file to read."),
    ],
)
def test_what_does_not_exist_is_refused_before_anything_is_written(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    write_pages(tmp_path / "raw", ferry=PROSE)
    (tmp_path / "wrong.toml").write_text("[dedup]\nsimilarty = 0.8\n")
    (tmp_path / "filter.toml").write_text("[quality]\nfilters = { gopher-word = true }\n")

    done = curate(*arguments, cwd=tmp_path)

    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("glob", ["en/*", "site/*", "*/repeated-line", "page/own-title"])
def test_a_glob_may_go_over_slashes(tmp_path: Path, glob: str) -> None:
    raw = write_pages(tmp_path / "raw", ferry=f"{PROSE}Sign up for our newsletter\n{MORE_PROSE}")

    make_build(raw, tmp_path / "out", recipe_from({"clean": {"disable": [glob]}}))

    removed = {row["rule"] for row in rows(tmp_path / "out", "removed")}
    assert ("en/newsletter/invitation" in removed) is (glob != "en/*")


def test_a_library_call_with_an_unknown_language_is_refused_too(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="'xx'"):
        make_build(EXAMPLES, tmp_path / "out", recipe_from({"language": {"keep": ["xx"]}}))


def test_a_guard_stops_a_build_that_rejects_too_much_and_leaves_no_dataset(tmp_path: Path) -> None:
    write_pages(tmp_path / "raw", ferry=PROSE, caption="A ferry.")
    (tmp_path / "curate.toml").write_text("[guard]\nmax_rejected_share = 0.2\n")

    done = curate("build", "raw", "out", "--recipe", "curate.toml", cwd=tmp_path)

    assert done.returncode == 2
    assert "1 of 2 records were rejected" in done.stderr
    assert "quality/min-words 1" in done.stderr
    assert not (tmp_path / "out" / "build.json").exists()


# ---- builds that are stopped


@contextmanager
def started(tmp_path: Path, *options: object, **more: object) -> Iterator[subprocess.Popen[str]]:
    """A build of the examples in a process group of its own."""
    arguments = command("build", EXAMPLES, "out", "--workers", 2, "--batch-bytes", SMALL_BATCH, *options)
    process = subprocess.Popen(
        arguments,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **more,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_for_stage(process: subprocess.Popen[str], stage: str) -> bool:
    """Whether the build came to the stage."""
    assert process.stderr is not None
    return any(line.startswith(f"{stage}:") for line in process.stderr)


def test_a_build_killed_in_every_stage_and_run_again_gives_the_bytes_of_an_undisturbed_one(
    examples_build: Path, tmp_path: Path
) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # pytest shows it where the test fails
    chance = random.Random(seed)

    for stage in STAGES:
        with started(tmp_path) as process:
            assert wait_for_stage(process, stage)
            time.sleep(chance.uniform(0, 0.3))
            os.killpg(process.pid, signal.SIGKILL)
    done = curate("build", EXAMPLES, "out", "--workers", 2, "--batch-bytes", SMALL_BATCH, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert digests(tmp_path / "out") == digests(examples_build)
    assert verify(tmp_path / "out") == []
    assert list((tmp_path / "out" / ".curate").iterdir()) == []


def test_ctrl_c_says_how_to_go_on_and_what_was_finished_is_not_done_again(examples_build: Path, tmp_path: Path) -> None:
    with started(tmp_path) as process:
        assert wait_for_stage(process, "extract")
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to every process of the group
        printed, errors = process.communicate(timeout=20)
    finished = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / ".curate").glob("*/index/*.json")}

    assert process.returncode == 130
    assert errors.endswith("curate: interrupted. What is finished is kept: the same command goes on from here.\n"), (
        errors
    )
    assert "Traceback" not in errors + printed
    assert finished

    with started(tmp_path) as process:
        assert wait_for_stage(process, "clean")
        assert {path: path.stat().st_mtime_ns for path in finished} == finished
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert digests(tmp_path / "out") == digests(examples_build)


def descendants(pid: int) -> list[int]:
    """Process ids below ``pid``."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has just ended
    below = {pid}
    while more := {child for child, parent in parents.items() if parent in below} - below:
        below |= more
    return sorted(below - {pid})


def is_worker(pid: int) -> bool:
    """Whether a process below a build is one of its workers: a child of the process that they are forked from."""
    try:
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        return b"forkserver" in Path(f"/proc/{parent}/cmdline").read_bytes()
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are listed in /proc")
def test_workers_killed_from_outside_cost_no_page(examples_build: Path, tmp_path: Path) -> None:
    killed = set()
    with started(tmp_path) as process:
        assert wait_for_stage(process, "extract")
        while process.poll() is None and len(killed) < 4:
            for pid in filter(is_worker, descendants(process.pid)):
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
            time.sleep(0.15)
        process.communicate(timeout=120)

    assert process.returncode == 0
    assert len(killed) >= 2
    assert digests(tmp_path / "out") == digests(examples_build)


# ---- pages that stop a worker


def endless_page() -> str:
    """180,000 links in an article, 9 MB: 8 s of CPU time, 30 with the slow extraction (November 2026)."""
    links = "".join(f'<a href="/{number}">Story number {number} of the day</a> ' for number in range(180_000))
    return f"<html><body><article><p>{PROSE}</p><p>{links}</p></article></body></html>"


def test_a_page_that_takes_too_long_is_a_rejection_and_its_neighbours_are_articles(tmp_path: Path) -> None:
    raw = write_pages(tmp_path / "raw", after=PROSE, a_page=MORE_PROSE)
    (raw / "a_trap.html").write_text(endless_page())

    make_build(raw, tmp_path / "out", recipe_from({"extract": {"page_seconds": 1.0}, "dedup": {"enabled": False}}))

    assert outcomes(tmp_path / "out") == {
        "a_page.txt": "article",
        "a_trap.html": "extract/timeout",
        "after.txt": "article",
    }
    assert [row["detail"] for row in rows(tmp_path / "out", "rejected")] == ["used more than 1 s of CPU time"]


def test_a_page_that_gets_its_worker_killed_is_a_rejection_and_its_neighbours_are_articles(tmp_path: Path) -> None:
    raw = write_pages(tmp_path / "raw", after=PROSE, a_page=MORE_PROSE)
    (raw / "a_trap.html").write_text(endless_page())

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (3, 60))  # the system ends each process after 3 s of CPU time
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    done = subprocess.run(
        command("build", raw, "out", "--no-dedup"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        preexec_fn=limited,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert outcomes(tmp_path / "out") == {
        "a_page.txt": "article",
        "a_trap.html": "extract/crashed",
        "after.txt": "article",
    }
    assert [row["detail"] for row in rows(tmp_path / "out", "rejected")] == [
        "killed the process that worked on it: SIGXCPU"
    ]


# ---- what is printed


def test_the_summary_adds_up_and_says_where_to_look(tmp_path: Path) -> None:
    done = curate("build", EXAMPLES, "out", cwd=tmp_path)

    count = re.search(r"records in +(\d+)\narticles out +(\d+)\n((?:rejected|duplicates).+\n)+", done.stdout)
    assert count, done.stdout
    rest = sum(int(line.split()[-1]) for line in count[0].splitlines()[2:])
    assert int(count[1]) == int(count[2]) + rest
    assert "its card: out/README.md" in done.stdout
    assert [line.split(":")[0] for line in done.stderr.splitlines()][:2] == ["read", "extract"]
