"""``curate push`` to a store and ``curate pull`` from it: a folder, and S3 over a real socket."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import fsspec
import pytest
from builds import curate
from pushes import shards, stories_build

from curate.errors import TransferError
from curate.push import Options, pull, push
from curate.push.model import File
from curate.push.store import UNDER_WAY, Store, without_password
from curate.verify import verify
from curate.write.manifest import json_bytes, sealed


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build of 20 stories in several shards. Only to be read."""
    return stories_build(tmp_path_factory.mktemp("small"), 20, shard_bytes=3_000)


@pytest.fixture(scope="module")
def larger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build ``small`` with one story more. Only to be read."""
    return stories_build(tmp_path_factory.mktemp("larger"), 21, shard_bytes=3_000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the store's folder is; nothing is there yet."""
    return tmp_path / "store" / "news"


class Listener:
    """Hears of every file that was sent, and interrupts the push after so many."""

    def __init__(self, fail_after: int | None = None) -> None:
        self.names: list[str] = []
        self.fail_after = fail_after

    def __call__(self, sentence: str) -> None:
        self.names.append(sentence.rpartition(": ")[2])
        if len(self.names) == self.fail_after:
            raise KeyboardInterrupt


def silent(sentence: str) -> None:
    """Nobody listens."""


def send(out: Path, folder: Path, fail_after: int | None = None) -> list[str]:
    """Push a build into a folder; the names of the files that were sent before its build.json."""
    listener = Listener(fail_after)
    if fail_after is None:
        push(out, folder.as_uri(), Options(), listener)
    else:
        with pytest.raises(KeyboardInterrupt):
            push(out, folder.as_uri(), Options(), listener)
    return listener.names


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_gets_the_whole_build_and_the_mark_of_it_last(small: Path, folder: Path) -> None:
    sent = send(small, folder)

    assert set(sent) == {*shards(small), "README.md", "croissant.json"}
    assert shards(folder) == shards(small)
    assert files(folder)["build.json"] == (small / "build.json").read_bytes()
    assert (folder / "build.json").stat().st_mtime_ns == max(path.stat().st_mtime_ns for path in folder.rglob("*.*"))
    assert UNDER_WAY not in files(folder)
    assert verify(folder) == []


def test_what_is_there_already_is_not_written_again(small: Path, larger: Path, folder: Path) -> None:
    send(small, folder)

    assert send(small, folder) == []

    sent = send(larger, folder)
    changed = {name for name, content in shards(larger).items() if shards(small).get(name) != content}
    assert {name for name in sent if name.endswith(".parquet")} == changed
    assert changed < shards(larger).keys()
    assert verify(folder) == []


def test_shards_that_are_no_more_go_and_other_files_stay(small: Path, larger: Path, folder: Path) -> None:
    send(larger, folder)
    (folder / "notes.txt").write_text("a note")

    send(small, folder)

    assert shards(folder) == shards(small)
    assert (folder / "notes.txt").read_text() == "a note"


def test_a_push_that_is_stopped_leaves_no_mark_and_goes_on(small: Path, larger: Path, folder: Path) -> None:
    send(small, folder)
    done = send(larger, folder, fail_after=2)

    assert "build.json" not in files(folder)
    with pytest.raises(TransferError, match="a push to it is under way, or was killed"):
        pull(folder.as_uri(), folder.parent / "back", silent)

    rest = send(larger, folder)

    assert len(done) == 2
    assert rest
    assert not set(done) & set(rest)
    assert verify(folder) == []
    assert UNDER_WAY not in files(folder)


def test_another_build_can_follow_a_push_that_was_stopped(small: Path, larger: Path, folder: Path) -> None:
    send(larger, folder, fail_after=3)
    (folder / "data" / "part-0101.parquet.tmp").write_bytes(b"half")

    send(small, folder)

    assert shards(folder) == shards(small)
    assert verify(folder) == []
    assert not list(folder.rglob("*.tmp"))


def test_half_a_mark_of_a_push_that_was_killed_is_none(small: Path, folder: Path) -> None:
    send(small, folder)
    (folder / UNDER_WAY).write_bytes(b"{}")
    (folder / "build.json").write_bytes((small / "build.json").read_bytes()[:100])

    assert send(small, folder) == []
    assert verify(folder) == []


@pytest.mark.parametrize("where", [".", "inside", ".."])
def test_a_build_is_not_pushed_onto_itself(small: Path, tmp_path: Path, where: str) -> None:
    own = Path(shutil.copytree(small, tmp_path / "around" / "own"))

    with pytest.raises(TransferError, match="lie in each other"):
        push(own, (own / where).resolve().as_uri(), Options(), silent)
    assert verify(own) == []


def test_bytes_that_come_back_changed_are_noticed(small: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Store.write

    def write(store: Store, file: File) -> None:
        real(store, file)
        if file.path.startswith("data/"):
            path = folder / file.path
            path.write_bytes(path.read_bytes()[:-1] + b"?")

    monkeypatch.setattr(Store, "write", write)

    with pytest.raises(TransferError, match=r"read back and is not what was sent: data/.* differs"):
        send(small, folder)
    assert "build.json" not in files(folder)


def test_data_of_somebody_else_is_not_deleted(small: Path, folder: Path) -> None:
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "train.parquet").write_bytes(b"theirs")

    with pytest.raises(TransferError, match=r"data/train\.parquet, which no build there lists"):
        send(small, folder)
    assert files(folder) == {"data/train.parquet": b"theirs"}


def test_what_people_wrote_in_the_card_survives(small: Path, larger: Path, folder: Path) -> None:
    send(small, folder)
    with (folder / "README.md").open("a") as card:
        card.write("\nBy hand.\n")

    send(larger, folder)

    assert (folder / "README.md").read_text().endswith("\nBy hand.\n")
    assert "21 news articles" in (folder / "README.md").read_text()


def test_a_dry_run_writes_nothing(small: Path, folder: Path) -> None:
    pushed = push(small, folder.as_uri(), Options(dry_run=True), silent)

    assert {file.path for file in pushed.plan.send} >= shards(small).keys()
    assert not folder.exists()


def test_options_of_a_hub_mean_nothing_to_a_store(small: Path, folder: Path) -> None:
    with pytest.raises(TransferError, match="is no hub"):
        push(small, folder.as_uri(), Options(private=True), silent)
    with pytest.raises(TransferError, match="no revisions"):
        pull(folder.as_uri(), folder / "back", silent, "main")


def test_a_url_that_nothing_knows_is_one_sentence(small: Path) -> None:
    with pytest.raises(TransferError, match="nowhere://"):
        push(small, "nowhere://bucket/news", Options(), silent)


def test_passwords_in_a_url_are_not_shown() -> None:
    assert without_password("sftp://me:secret@host/news@home") == "sftp://host/news@home"


def test_a_build_json_that_leads_elsewhere_is_refused(small: Path, folder: Path, tmp_path: Path) -> None:
    send(small, folder)
    build = json.loads((folder / "build.json").read_bytes())
    build["files"]["data/../../evil.parquet"] = next(iter(build["files"].values()))
    (folder / "build.json").write_bytes(json_bytes(sealed(build)))

    with pytest.raises(TransferError, match="which is no shard of a build"):
        pull(folder.as_uri(), tmp_path / "back", silent)
    assert not (tmp_path / "back").exists()


def test_what_is_pulled_is_verified_and_replaces_a_build(
    small: Path, larger: Path, folder: Path, tmp_path: Path
) -> None:
    send(larger, folder)
    back = Path(shutil.copytree(small, tmp_path / "back"))

    pull(folder.as_uri(), back, silent)

    assert shards(back) == shards(larger)
    assert verify(back) == []
    assert not (back / ".curate").exists()


def test_a_shard_that_was_changed_at_its_place_leaves_the_build_here_as_it_was(
    small: Path, larger: Path, folder: Path, tmp_path: Path
) -> None:
    send(small, folder)
    here = shards(larger)
    name = next(one for one, content in shards(small).items() if here.get(one) != content)
    shard = folder / name
    shard.write_bytes(shard.read_bytes()[:-1] + b"?")

    back = Path(shutil.copytree(larger, tmp_path / "back"))
    with pytest.raises(TransferError, match=rf"{shard.name} arrived damaged"):
        pull(folder.as_uri(), back, silent)
    assert shards(back) == shards(larger)
    assert verify(back) == []


def test_a_shard_of_another_size_is_noticed_before_anything_is_fetched(
    small: Path, folder: Path, tmp_path: Path
) -> None:
    send(small, folder)
    shard = next(path for path in sorted(folder.glob("data/*.parquet")))
    shard.write_bytes(shard.read_bytes() + b"?")

    with pytest.raises(TransferError, match=rf"{shard.name} has .* bytes, and its build.json says"):
        pull(folder.as_uri(), tmp_path / "back", silent)
    assert not (tmp_path / "back").exists()


@pytest.mark.parametrize(
    "entry", [{}, [], {"bytes": "9", "sha256": "0" * 64}, {"bytes": 9, "sha256": "../x"}, {"bytes": 9, "sha256": None}]
)
def test_entries_of_a_build_json_that_are_none_are_refused(
    small: Path, folder: Path, tmp_path: Path, entry: object
) -> None:
    send(small, folder)
    build = json.loads((folder / "build.json").read_bytes())
    build["files"][next(iter(build["files"]))] = entry
    (folder / "build.json").write_bytes(json_bytes(sealed(build)))

    with pytest.raises(TransferError, match="which is no shard of a build"):
        pull(folder.as_uri(), tmp_path / "back", silent)


# ---- S3


@pytest.fixture(scope="module")
def s3() -> Iterator[Mapping[str, str]]:
    """The environment of a client of an S3 server with an empty bucket ``news``."""
    server_of = pytest.importorskip("moto.server")
    server = server_of.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    keys = {"AWS_ACCESS_KEY_ID": "key-of-a-test", "AWS_SECRET_ACCESS_KEY": "secret-of-a-test"}
    environment = {**keys, "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_DEFAULT_REGION": "us-east-1"}
    environment["NO_PROXY"] = "127.0.0.1"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        fsspec.filesystem("s3").mkdir("news")
        yield environment
    server.stop()


def on_s3(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line of curate as a user of that server runs it."""
    done = curate(*arguments, cwd=cwd, **environment)
    assert "secret-of-a-test" not in done.stdout + done.stderr
    return done


def test_a_build_goes_to_s3_and_comes_back(s3: Mapping[str, str], small: Path, larger: Path, tmp_path: Path) -> None:
    first = on_s3("push", small, "s3://news/daily", cwd=tmp_path, **s3)
    second = on_s3("push", larger, "s3://news/daily", "--json", cwd=tmp_path, **s3)
    third = on_s3("push", larger, "s3://news/daily", cwd=tmp_path, **s3)
    pulled = on_s3("pull", "s3://news/daily", "back", cwd=tmp_path, **s3)

    assert [first.returncode, second.returncode, third.returncode, pulled.returncode] == [0, 0, 0, 0], second.stderr
    said = json.loads(second.stdout)
    assert 0 < said["sent_bytes"] < said["all_bytes"]
    assert "has this build already" in third.stdout
    assert shards(tmp_path / "back") == shards(larger)
    assert verify(tmp_path / "back") == []


def test_a_bucket_that_is_not_there_is_one_sentence(s3: Mapping[str, str], small: Path, tmp_path: Path) -> None:
    done = on_s3("push", small, "s3://no-such-bucket/daily", cwd=tmp_path, **s3)

    assert done.returncode == 2
    assert done.stderr.splitlines()[-2].startswith("curate: s3://no-such-bucket/daily: ")
    assert "no-such-bucket" not in fsspec.filesystem("s3").ls("")
    assert "Traceback" not in done.stderr


def test_a_store_out_of_reach_is_one_sentence(s3: Mapping[str, str], small: Path, tmp_path: Path) -> None:
    nobody_there = {**s3, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}

    done = on_s3("push", small, "s3://news/daily", cwd=tmp_path, **nobody_there)

    assert done.returncode == 2
    assert "curate: s3://news/daily: " in done.stderr
    assert "Traceback" not in done.stderr
