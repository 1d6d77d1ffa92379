"""What was pushed to a hub, as its users get it: with ``datasets.load_dataset`` and with ``curate pull``."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from builds import curate, rows
from hub import Hub
from pushes import REPO, push, run, shards, stories_build
from test_write_build import LOAD_ALL

from curate.model import SUBSETS
from curate.push.model import DOCUMENTS
from curate.verify import verify
from curate.write.manifest import json_bytes, sealed


@pytest.fixture(scope="module")
def hub(examples_build: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub that holds the build of examples/raw, and a note of somebody else. Only to be read."""
    with Hub(tmp_path_factory.mktemp("hub")) as hub:
        push(hub, examples_build)
        hub.commit(REPO, "main", {"notes/note.md": b"a note"}, "a note")
        yield hub


def load(code: str, hub: Hub, folder: Path) -> object:
    """What ``code`` prints as JSON, in a fresh process that reaches the hub."""
    environment = {**hub.environment("hf_reader", folder / "home"), "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_all_four_configs_load_from_the_hub_streaming_or_not(hub: Hub, examples_build: Path, tmp_path: Path) -> None:
    found = load(LOAD_ALL.replace('"out/"', f'"{REPO}"'), hub, tmp_path)

    counts = {subset: len(rows(examples_build, subset)) for subset in SUBSETS}
    kinds = [f"{streaming} {split}" for streaming in (False, True) for split in (None, "train")]
    assert found == {f"{subset} {kind}": counts[subset] for subset in SUBSETS for kind in kinds}


def test_the_card_restores_what_was_removed_as_it_says(hub: Hub, examples_build: Path, tmp_path: Path) -> None:
    card = hub.files(REPO)["README.md"].decode()
    code = card.split("## Restoring")[1].split("```python\n")[1].split("```")[0]

    restored = load(f"{code}\nimport json\nprint(json.dumps(len(removed)))", hub, tmp_path)

    assert f'path = "{REPO}"' in code
    assert restored == len({row["id"] for row in rows(examples_build, "removed")})


def test_a_build_comes_back_whole_and_the_commands_work_on_it(hub: Hub, examples_build: Path, tmp_path: Path) -> None:
    done = run(hub, "pull", REPO, tmp_path / "back", token=None)

    back = tmp_path / "back"
    assert done.returncode == 0, done.stderr
    assert verify(back) == []
    assert shards(back) == shards(examples_build)
    assert {path.name for path in back.iterdir()} <= {*SUBSETS, *DOCUMENTS}
    assert curate("diff", examples_build, back, "--fail-above", "0", cwd=tmp_path).returncode == 0
    article = rows(back, "data")[0]["id"]
    assert curate("explain", article, "--out", back, cwd=tmp_path).returncode == 0


def test_a_pulled_build_can_be_pushed_again(hub: Hub, tmp_path: Path) -> None:
    run(hub, "pull", REPO, tmp_path / "back")
    head = hub.head(REPO)

    again = push(hub, tmp_path / "back")

    assert "has this build already" in again.stdout
    assert hub.head(REPO) == head


def test_a_tag_names_an_earlier_build(tmp_path: Path) -> None:
    first, second = stories_build(tmp_path, 3), stories_build(tmp_path, 5)
    with Hub(tmp_path / "hub") as hub:
        push(hub, first)
        (tag,) = hub.tags(REPO)
        push(hub, second)
        run(hub, "pull", REPO, tmp_path / "back", "--revision", tag)

    assert shards(tmp_path / "back") == shards(first)


def test_only_what_differs_is_fetched_into_a_build(tmp_path: Path) -> None:
    first = stories_build(tmp_path, 20, shard_bytes=3_000)
    second = stories_build(tmp_path, 21, shard_bytes=3_000)
    with Hub(tmp_path / "hub") as hub:
        push(hub, second)
        back = Path(shutil.copytree(first, tmp_path / "back"))
        run(hub, "pull", REPO, back)
        fetched = {seen.path.split("/resolve/")[1].split("/", 1)[1] for seen in hub.requests("resolve")}

    changed = {name for name, content in shards(second).items() if shards(first).get(name) != content}
    assert {name for name in fetched if name.endswith(".parquet")} == changed
    assert verify(back) == []


def test_a_download_that_fails_leaves_the_build_here_as_it_was_and_goes_on(tmp_path: Path) -> None:
    first, second = stories_build(tmp_path, 20), stories_build(tmp_path, 21, shard_bytes=3_000)
    with Hub(tmp_path / "hub") as hub:
        push(hub, second)
        back = Path(shutil.copytree(first, tmp_path / "back"))
        hub.fault("lfs-get", status=404, skip=4, times=100)
        refused = run(hub, "pull", REPO, back)
        as_before = verify(back) == [] and shards(back) == shards(first)
        hub.faults.clear()
        before = hub.count("lfs-get", status=200)
        again = run(hub, "pull", REPO, back)
        fetched = hub.count("lfs-get", status=200) - before

    assert refused.returncode == 2
    assert as_before
    assert again.returncode == 0, again.stderr
    assert shards(back) == shards(second)
    assert fetched < len(shards(second))


@pytest.mark.parametrize("how", [{"cut": 500}, {"status": 503}])
def test_a_download_that_breaks_off_is_fetched_again(tmp_path: Path, how: dict[str, int]) -> None:
    out = stories_build(tmp_path, 5)
    with Hub(tmp_path / "hub") as hub:
        push(hub, out)
        hub.fault("lfs-get", **how)
        run(hub, "pull", REPO, tmp_path / "back")
        assert not hub.faults

    assert shards(tmp_path / "back") == shards(out)
    assert verify(tmp_path / "back") == []


def test_a_card_edited_by_hand_does_not_decide_about_the_data(tmp_path: Path) -> None:
    out = stories_build(tmp_path, 3)
    with Hub(tmp_path / "hub") as hub:
        push(hub, out)
        card = hub.files(REPO)["README.md"].decode()
        broken = card.split("dataset_info:")[0] + "---\n" + card.split("\n---\n", 1)[1] + "\nBy hand.\n"
        hub.commit(REPO, "main", {"README.md": broken.encode(), "croissant.json": b"{}"}, "by hand")
        done = run(hub, "pull", REPO, tmp_path / "back")

    assert done.returncode == 0, done.stderr
    assert verify(tmp_path / "back") == []
    assert (tmp_path / "back" / "README.md").read_text("utf-8").endswith("\nBy hand.\n")
    assert "made anew" in done.stderr


def test_a_build_that_is_wrong_in_itself_leaves_the_build_here_as_it_was(tmp_path: Path) -> None:
    first, second = stories_build(tmp_path, 3), stories_build(tmp_path, 5)
    build = json.loads((second / "build.json").read_bytes())
    build["counts"]["records"] = 99
    with Hub(tmp_path / "hub") as hub:
        push(hub, second)
        hub.commit(REPO, "main", {"build.json": json_bytes(sealed(build))}, "wrong")
        back = Path(shutil.copytree(first, tmp_path / "back"))
        done = run(hub, "pull", REPO, back)

    assert done.returncode == 2
    assert "counts.records is 99" in done.stderr
    assert verify(back) == []
    assert shards(back) == shards(first)


def test_the_work_of_an_unfinished_build_is_left_alone(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "out" / ".curate" / "0123").mkdir(parents=True)

    done = run(hub, "pull", REPO, tmp_path / "out")

    assert done.returncode == 2
    assert "a build that is not finished" in done.stderr
    assert (tmp_path / "out" / ".curate" / "0123").is_dir()


@pytest.mark.parametrize(
    ("source", "options", "said"),
    [
        ("press/nothing", (), "press/nothing is not there, or the token may not see it."),
        (REPO, ("--revision", "nowhere"), "has no such revision"),
        (REPO, ("--revision", "empty"), "holds no build of curate"),
    ],
)
def test_what_cannot_be_pulled_is_one_sentence(
    hub: Hub, tmp_path: Path, source: str, options: tuple[str, ...], said: str
) -> None:
    hub.repos[REPO].branches["empty"] = hub.commits(REPO)[-1].oid

    done = run(hub, "pull", source, tmp_path / "back", *options)

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "back" / "build.json").exists()


def test_a_folder_that_holds_something_else_is_left_alone(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")

    done = run(hub, "pull", REPO, tmp_path / "mine")

    assert done.returncode == 2
    assert "is not empty and no build of curate" in done.stderr
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]
