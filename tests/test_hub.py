"""The hub of ``hub.py`` against the real client: what the tests of ``curate push`` stand on."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import shutil
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hub import Hub, Seen, check_card, folder_oids

REPO = "press/news"
CARD = b"---\nlicense: cc-by-4.0\n---\n# News\n"
CLIENT = """
import hashlib, json, os, sys, traceback, warnings
from datasets import get_dataset_config_names, load_dataset
from huggingface_hub import (CommitOperationAdd, CommitOperationCopy, CommitOperationDelete, DatasetCard, HfApi,
    constants, get_hf_file_metadata, hf_hub_download, hf_hub_url, snapshot_download)
warnings.simplefilter("ignore")
constants.DOWNLOAD_CHUNK_SIZE = 100_000  # a tenth of what is downloaded here, as 10 MB are of real files
api, repo, add = HfApi(), dict(repo_id="press/news", repo_type="dataset"), CommitOperationAdd

def refused(call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except Exception as error:  # whatever it is, is what the test looks at
        return [type(error).__name__, getattr(getattr(error, "response", None), "status_code", 0), str(error)]
    return ["nothing", 200, ""]

for line in sys.stdin:
    code, token = json.loads(line)
    os.environ.update({"HF_TOKEN": token} if token else {})
    names = dict(globals())
    try:
        exec(code, names)
        answer = names["out"], None
    except Exception:  # goes to the test, which fails with it
        answer = None, traceback.format_exc()
    os.environ.pop("HF_TOKEN", None)
    print(json.dumps(answer), flush=True)
"""
"""The real client, in a process of its own that lives as long as this file's tests: importing it takes a second."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hub, subprocess.Popen[str]]]:
    """A hub and a client."""
    with Hub(tmp_path_factory.mktemp("hub")) as hub:
        env = hub.environment()
        pipe = subprocess.PIPE
        with subprocess.Popen([sys.executable, "-c", CLIENT], env=env, stdin=pipe, stdout=pipe, text=True) as process:
            yield hub, process
            process.stdin.close()  # type: ignore[union-attr]  # a pipe, as asked for above


@pytest.fixture
def hub(running: tuple[Hub, subprocess.Popen[str]]) -> Hub:
    """A hub with one empty repository, and nothing left of the test before."""
    hub = running[0]
    hub.settle()
    hub.repos.clear()
    hub.log.clear()
    hub.faults.clear()
    hub.page_size, hub.max_operations = 1000, 25_000
    hub.create(REPO)
    return hub


class Client(Protocol):
    """What runs code in the client's process."""

    def __call__(self, code: str, token: str | None = "hf_writer") -> Any:
        """What the code left in ``out``."""


@pytest.fixture
def client(running: tuple[Hub, subprocess.Popen[str]]) -> Client:
    """The client's process."""
    process = running[1]

    def run(code: str, token: str | None = "hf_writer") -> Any:
        print(json.dumps([textwrap.dedent(code), token]), file=process.stdin, flush=True)
        out, error = json.loads(process.stdout.readline())  # type: ignore[union-attr]  # a pipe
        assert error is None, error
        return out

    return run


def ask(address: str, method: str, content: bytes = b"", token: str = "hf_writer") -> tuple[int, bytes]:
    """Status and content of one request without a client."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    connection.request(method, address.removeprefix(f"http://{parts.netloc}"), content, headers)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def table(start: int, rows: int) -> bytes:
    """A small Parquet file."""
    out = io.BytesIO()
    pq.write_table(pa.table({"id": range(start, start + rows), "text": [f"text {at}" for at in range(rows)]}), out)
    return out.getvalue()


# repositories, commits


def test_a_repository_is_created_once_and_belongs_to_the_tokens_user(hub: Hub, client: Client) -> None:
    code = """
    new = dict(repo_id="press/other", repo_type="dataset")
    out = [api.whoami()["name"], api.create_repo(**new, private=True), api.create_repo(**new, exist_ok=True),
           refused(api.create_repo, **new), api.dataset_info("press/other").private,
           refused(api.create_repo, "stranger/news", repo_type="dataset")]
    """

    name, created, again, twice, private, foreign = client(code)

    assert name == "press"
    assert created == again == f"{hub.endpoint}/datasets/press/other"
    assert twice[:2] == ["HfHubHTTPError", 409] and "already created" in twice[2]
    assert private is True
    assert foreign[1] == 403 and "stranger" not in hub.repos


def test_a_commit_adds_files_of_both_kinds_and_deletes(hub: Hub, client: Client) -> None:
    first = hub.commit(REPO, "main", {"old.txt": b"old", "gone/a.txt": b"a", "gone/b.parquet": b"PAR1"}, "Old")
    code = """
    ops = [add("README.md", b"# News"), add("data/a.parquet", b"PAR1 a"), add("empty.parquet", b""),
           CommitOperationDelete("old.txt"), CommitOperationDelete("gone/")]
    made = api.create_commit(**repo, operations=ops, commit_message="One", commit_description="Why",
                             parent_commit=api.dataset_info("press/news").sha)
    info = api.dataset_info("press/news", files_metadata=True)
    out = dict(oid=made.oid, sha=info.sha, files={one.rfilename: [one.size, one.blob_id] for one in info.siblings},
               commits=[[one.commit_id, one.title, one.message] for one in api.list_repo_commits(**repo)])
    """

    out = client(code)

    assert out["oid"] == out["sha"] == hub.head(REPO)
    left = hub.files(REPO)
    assert {path: left[path] for path in sorted(left) if path != ".gitattributes"} == {
        "README.md": b"# News",
        "data/a.parquet": b"PAR1 a",
        "empty.parquet": b"",
    }
    assert out["files"] == {path: [blob.size, blob.oid] for path, blob in hub.tree(REPO).items()}
    assert hub.tree(REPO)["data/a.parquet"].sha256 == hashlib.sha256(b"PAR1 a").hexdigest()
    assert [one[1] for one in out["commits"]] == ["One", "Old", "initial commit"]
    assert out["commits"][:2] == [[out["oid"], "One", "Why"], [first, "Old", ""]]


def test_files_that_are_there_already_are_neither_sent_nor_committed(hub: Hub, client: Client) -> None:
    head = hub.commit(REPO, "main", {"README.md": CARD, "a.parquet": b"PAR1 a"}, "One")
    code = """
    ops = [add("README.md", b"---\\nlicense: cc-by-4.0\\n---\\n# News\\n"), add("a.parquet", b"PAR1 a")]
    out = api.create_commit(**repo, operations=ops, commit_message="Same").oid
    """

    oid = client(code)

    assert oid == head == hub.head(REPO)
    assert hub.count("commit") == hub.count("lfs-put") == 0


def test_a_stale_parent_is_refused_and_nothing_changes(hub: Hub, client: Client) -> None:
    parent = hub.head(REPO)
    hub.fault("commit", before=lambda: hub.commit(REPO, "main", {"theirs.txt": b"theirs"}, "Theirs"))
    code = f"""
    ops = [add("ours.txt", b"ours")]
    out = refused(api.create_commit, **repo, operations=ops, commit_message="Ours", parent_commit="{parent}")
    """

    kind, status, text = client(code)

    assert (kind, status) == ("HfHubHTTPError", 412) and "A commit has happened since" in text
    assert hub.files(REPO).keys() == {".gitattributes", "theirs.txt"}
    assert [one.title for one in hub.commits(REPO)] == ["Theirs", "initial commit"]


def test_what_cannot_be_committed_leaves_the_repository_as_it_was(hub: Hub, client: Client) -> None:
    head = hub.head(REPO)
    hub.max_operations = 3
    code = """
    dangling = add("data/a.parquet", b"never sent")
    dangling._upload_mode, dangling._is_uploaded, dangling._should_ignore = "lfs", True, False
    good = [add("good.txt", b"good")]
    commit = lambda ops: refused(api.create_commit, **repo, operations=ops, commit_message="Bad")
    out = [commit([*good, dangling]), commit([*good, CommitOperationDelete("no.txt")]),
           commit([add("good.txt/inside.txt", b"x"), *good]), commit([add(f"{at}.txt", b"x") for at in range(4)])]
    """

    dangling, missing, both, many = client(code)

    assert dangling[:2] == ["BadRequestError", 400] and "Offending file: - data/a.parquet" in dangling[2]
    assert missing[:2] == ["RemoteEntryNotFoundError", 404] and "A file with this name doesn't exist" in missing[2]
    assert both[:2] == ["BadRequestError", 400] and "good.txt" in both[2]
    assert many[1] == 413
    assert hub.head(REPO) == head


def test_a_copied_large_file_is_not_sent_again(hub: Hub, client: Client) -> None:
    hub.commit(REPO, "main", {"a.parquet": b"PAR1 a", "a.txt": b"a"}, "One")
    code = """
    ops = [CommitOperationCopy("a.parquet", "b.parquet"), CommitOperationCopy("a.txt", "b.txt")]
    out = api.create_commit(**repo, operations=ops, commit_message="Copy").oid
    """

    client(code)

    files = hub.files(REPO)
    assert (files["b.parquet"], files["b.txt"]) == (b"PAR1 a", b"a")
    assert hub.count("lfs-put") == 0


def test_a_pull_request_needs_no_right_to_the_branch(hub: Hub, client: Client) -> None:
    head = hub.head(REPO)
    code = """
    made = api.create_commit(**repo, operations=[add("a.parquet", b"PAR1")], commit_message="Ask", create_pr=True)
    out = [made.pr_revision, made.oid, refused(api.create_commit, **repo, operations=[add("b", b"b")],
                                               commit_message="Take")[1],
           [[one.ref, one.target_commit] for one in
            api.list_repo_refs(**repo, include_pull_requests=True).pull_requests]]
    """

    revision, oid, taken, pulls = client(code, token="hf_stranger")
    more = client('out = api.upload_file(**repo, path_or_fileobj=b"c", path_in_repo="c", revision="refs/pr/1").oid')

    assert taken == 403 and hub.head(REPO) == head
    assert (revision, pulls) == ("refs/pr/1", [["refs/pr/1", oid]])
    assert hub.pulls(REPO) == {1: more} and hub.files(REPO, "refs/pr/1").keys() == {".gitattributes", "a.parquet", "c"}


def test_branches_and_tags_are_made_once_and_removed(hub: Hub, client: Client) -> None:
    first = hub.head(REPO)
    second = hub.commit(REPO, "main", {"a.txt": b"a"}, "One")
    code = f"""
    api.create_branch(**repo, branch="release/1", revision="{first}")
    api.create_tag(**repo, tag="v1", revision="{second[:8]}", tag_message="First")
    api.create_tag(**repo, tag="v1", exist_ok=True)
    api.create_tag(**repo, tag="v0")
    refs = api.list_repo_refs(**repo)
    found = [{{one.name: one.target_commit for one in kind}} for kind in (refs.branches, refs.tags)]
    out = [*found, refused(api.create_tag, **repo, tag="v1"), refused(api.create_branch, **repo, branch="main"),
           refused(api.create_tag, **repo, tag="v2", revision="nowhere"),
           refused(api.delete_branch, **repo, branch="main"),
           refused(api.create_branch, **repo, branch="refs/pr/5"), refused(api.delete_tag, **repo, tag="v9")]
    api.delete_tag(**repo, tag="v0")
    api.create_branch(**repo, branch="short")
    api.delete_branch(**repo, branch="short")
    """

    branches, tags, tag_twice, branch_twice, nowhere, protected, pull, no_tag = client(code)

    assert branches == {"main": second, "release/1": first} == hub.branches(REPO)
    assert tags == {"v1": second, "v0": second} and hub.tags(REPO) == {"v1": second}
    assert [tag_twice[1], branch_twice[1], protected[1], pull[1]] == [409, 409, 403, 400]
    assert nowhere[0] == no_tag[0] == "RevisionNotFoundError"


def test_ids_are_those_of_git(hub: Hub, tmp_path: Path) -> None:
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not there")
    files = {"a-b/c.txt": b"1", "a/b/c.txt": b"2", "a.txt": b"3", "a0": b"4", "é.txt": b"5"}
    hub.commit(REPO, "main", {**files, ".gitattributes": None}, "One")
    for path, content in files.items():
        (tmp_path / "git" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "git" / path).write_bytes(content)

    for command in (["init", "-q"], ["add", "."], ["write-tree"]):
        made = subprocess.run([git, *command], cwd=tmp_path / "git", check=True, capture_output=True, text=True)

    assert folder_oids(hub.tree(REPO))[""] == made.stdout.strip()


# reading


def test_a_listing_comes_in_pages_and_tells_of_every_file(hub: Hub, client: Client) -> None:
    files: dict[str, bytes | None] = {f"data/{at:02}/part.parquet": b"PAR1 %d" % at for at in range(7)}
    head = hub.commit(REPO, "main", {**files, "README.md": CARD}, "One")
    hub.page_size = 3
    code = """
    all = list(api.list_repo_tree(**repo, recursive=True, revision="main"))
    out = dict(files={one.path: [one.blob_id, one.lfs and one.lfs.sha256] for one in all if hasattr(one, "size")},
               folders={one.path: one.tree_id for one in all if hasattr(one, "tree_id")},
               top=[[one.path, one.last_commit.oid] for one in api.list_repo_tree(**repo, expand=True)],
               below=[one.path for one in api.list_repo_tree(**repo, path_in_repo="data/03")],
               some=[[one.path, one.last_commit.title] for one in
                     api.get_paths_info(**repo, paths=["data", "no", "README.md"], expand=True)],
               nowhere=refused(lambda: list(api.list_repo_tree(**repo, path_in_repo="no")))[0],
               revision=refused(lambda: list(api.list_repo_tree(**repo, revision="no")))[0])
    """

    out = client(code)

    tree = hub.tree(REPO)
    assert out["files"] == {path: [blob.oid, blob.sha256 or None] for path, blob in tree.items()}
    assert {"": folder_oids(tree)[""], **out["folders"]} == folder_oids(tree)
    assert out["top"] == [[".gitattributes", hub.commits(REPO)[-1].oid], ["README.md", head], ["data", head]]
    assert out["below"] == ["data/03/part.parquet"]
    assert out["some"] == [["data", "One"], ["README.md", "One"]]
    assert (out["nowhere"], out["revision"]) == ("RemoteEntryNotFoundError", "RevisionNotFoundError")
    assert hub.count("tree", 200) == 6 + 1 + 1


def test_pages_of_a_branch_show_a_commit_in_between_and_pages_of_a_commit_do_not(hub: Hub, client: Client) -> None:
    head = hub.commit(REPO, "main", {"a": b"a", "b": b"b"}, "One")
    hub.page_size = 2

    def listed(revision: str) -> list[str]:
        hub.fault("tree", skip=1, before=lambda: hub.commit(REPO, "main", {f"z-{revision}": b"z"}, "Theirs"))
        code = f'out = [one.path for one in api.list_repo_tree(**repo, recursive=True, revision="{revision}")]'
        return list(client(code))

    assert listed(head) == [".gitattributes", "a", "b"]
    assert listed("main") == [".gitattributes", "a", "b", f"z-{head}", "z-main"]


def test_a_download_is_resumed_where_it_broke_and_not_repeated(hub: Hub, client: Client) -> None:
    content = b"".join(b"%08d" % at for at in range(100_000))
    head = hub.commit(REPO, "main", {"big.parquet": content, "a.txt": b"a"}, "One")
    hub.fault("lfs-get", cut=300_000)
    code = """
    get = lambda name, **more: open(hf_hub_download(**repo, filename=name, **more), "rb").read()
    out = [hashlib.sha256(get("big.parquet")).hexdigest(), len(get("big.parquet")), get("a.txt").decode(),
           hf_hub_download(**repo, filename="a.txt", local_dir=constants.HF_HUB_CACHE + "/../here")[-10:],
           get_hf_file_metadata(hf_hub_url(**repo, filename="big.parquet")).__dict__,
           refused(get, "no.txt"), refused(get, "a.txt", revision="no"), api.file_exists(**repo, filename="no.txt")]
    """

    digest, size, text, here, facts, missing, nowhere, exists = client(code)

    assert (digest, size, text, here) == (hashlib.sha256(content).hexdigest(), len(content), "a", "here/a.txt")
    assert [(one.status, one.sent_bytes) for one in hub.requests("lfs-get")] == [(200, 300_000), (206, 500_000)]
    assert not any(one.authorized for one in hub.requests("lfs-get"))
    assert (facts["etag"], facts["commit_hash"], facts["size"]) == (digest, head, len(content))
    assert (missing[0], nowhere[0], exists) == ("RemoteEntryNotFoundError", "RevisionNotFoundError", False)


def test_a_snapshot_holds_the_files_of_a_tag(hub: Hub, client: Client, tmp_path: Path) -> None:
    hub.commit(REPO, "main", {"README.md": CARD, "data/a.parquet": b"PAR1 a"}, "One")
    client('out = api.create_tag(**repo, tag="v1")')
    hub.commit(REPO, "main", {"data/a.parquet": b"PAR1 b"}, "Two")
    hub.page_size = 2

    client(f'out = snapshot_download(**repo, revision="v1", local_dir={str(tmp_path / "copy")!r})', token=None)

    copied = [path for path in (tmp_path / "copy").rglob("*") if path.is_file() and ".cache" not in path.parts]
    assert {str(path.relative_to(tmp_path / "copy")): path.read_bytes() for path in copied} == hub.files(REPO, "v1")


CONFIGS = b"""---
license: cc-by-4.0
configs:
- config_name: articles
  default: true
  data_files:
  - {split: train, path: data/train-*.parquet}
  - {split: test, path: data/test-*.parquet}
- config_name: rejected
  data_files: rejected/*.parquet
---
"""


def test_datasets_loads_each_configuration_streaming_and_not(hub: Hub, client: Client) -> None:
    shards: dict[str, bytes | None] = {f"data/train-{at}.parquet": table(at * 10, 10) for at in range(2)}
    more = {"data/test-0.parquet": table(100, 5), "rejected/0.parquet": table(200, 3)}
    hub.commit(REPO, "main", {"README.md": CONFIGS, **shards, **more}, "One")
    hub.page_size = 2
    code = """
    whole, lazy = load_dataset("press/news"), load_dataset("press/news", streaming=True)
    out = dict(names=get_dataset_config_names("press/news"),
               whole={split: rows["id"][:] for split, rows in whole.items()},
               lazy={split: [row["id"] for row in rows] for split, rows in lazy.items()},
               rejected=load_dataset("press/news", "rejected", split="train")["id"][:],
               part=[row["id"] for row in load_dataset("press/news", "rejected", split="train", streaming=True)][1:])
    """

    out = client(code, token=None)

    expected = {"train": list(range(20)), "test": list(range(100, 105))}
    assert out["names"] == ["articles", "rejected"]
    assert out["whole"] == out["lazy"] == expected
    assert out["rejected"] == [200, 201, 202] and out["part"] == [201, 202]


# who may do what

READ = "api.dataset_info('press/news')"
WRITE = "api.upload_file(**repo, path_or_fileobj=b'x', path_in_repo='x')"


def test_a_private_repository_looks_missing_to_others(hub: Hub, client: Client) -> None:
    hub.create(REPO, private=True)
    code = f"out = [refused(lambda: {READ}), refused(lambda: {WRITE})]"

    assert [one[:2] for one in client(code, None)] == [["RepositoryNotFoundError", 401]] * 2
    assert [one[:2] for one in client(code, "hf_stranger")] == [["RepositoryNotFoundError", 404]] * 2
    assert [one[1] for one in client(code, "hf_reader")] == [200, 403]
    assert [one[1] for one in client(code, "hf_unknown")] == [401, 401]
    assert hub.files(REPO).keys() == {".gitattributes"}


def test_a_public_repository_is_read_by_all_and_written_by_its_owner(hub: Hub, client: Client) -> None:
    code = f"out = [refused(lambda: {READ}), refused(lambda: {WRITE})]"

    assert [one[1] for one in client(code, None)] == [200, 401]
    assert [one[1] for one in client(code, "hf_stranger")] == [200, 403]
    assert [one[1] for one in client(code, "hf_reader")] == [200, 403]
    assert [one[1] for one in client(code)] == [200, 200]


def test_files_of_a_gated_repository_are_its_owners(hub: Hub, client: Client) -> None:
    hub.create("press/gated", gated=True)
    code = 'out = refused(hf_hub_download, "press/gated", ".gitattributes", repo_type="dataset")[:2]'

    assert client(code, None) == ["GatedRepoError", 401]
    assert client(code, "hf_stranger") == ["GatedRepoError", 403]
    assert client(code)[1] == 200


# large objects


def test_an_object_is_sent_once_though_its_commit_failed(hub: Hub, client: Client) -> None:
    hub.fault("commit", status=503, error="Later")
    code = """
    commit = lambda: api.create_commit(**repo, operations=[add("a.parquet", b"PAR1" * 1000)], commit_message="One")
    out = [refused(commit)[1], refused(commit)[1]]
    """

    assert client(code) == [503, 200]

    assert hub.received_bytes("lfs-put") == 4000
    assert (hub.count("commit"), hub.count("batch"), hub.count("verify", 200)) == (2, 2, 1)
    assert hub.objects(REPO) == {hashlib.sha256(b"PAR1" * 1000).hexdigest()}
    assert not any(one.authorized for one in hub.requests("lfs-put"))


def test_the_storage_takes_only_the_object_it_was_asked_for(hub: Hub) -> None:
    oid = hashlib.sha256(b"right").hexdigest()
    address = hub.storage_address("PUT", hub.repos[REPO], oid)

    assert ask(address, "PUT", b"wrong")[0] == 400
    assert ask(address.partition("?")[0], "PUT", b"right")[0] == 403
    assert ask(address, "GET")[0] == 403
    assert hub.objects(REPO) == set() and not parts(hub)
    assert ask(address, "PUT", b"right", token="")[0] == 200
    assert hub.objects(REPO) == {oid}


def parts(hub: Hub) -> list[Path]:
    """What is left of objects that did not arrive."""
    return list((hub.repos[REPO].folder / "part").iterdir())


def test_of_an_object_whose_client_went_away_nothing_is_kept(hub: Hub) -> None:
    address = urlsplit(hub.storage_address("PUT", hub.repos[REPO], hashlib.sha256(b"right").hexdigest()))
    head = f"PUT {address.path}?{address.query} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"

    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(f"{head}rig".encode())
    while not hub.log:
        time.sleep(0.01)
    hub.settle()

    assert hub.objects(REPO) == set() and not parts(hub)
    assert [(one.status, one.received_bytes) for one in hub.requests("lfs-put")] == [(0, 3)]


def test_a_batch_of_too_many_objects_is_refused(hub: Hub) -> None:
    address = f"{hub.endpoint}/datasets/{REPO}.git/info/lfs/objects/batch"
    objects = [{"oid": f"{at:064x}", "size": 1} for at in range(257)]

    most = ask(address, "POST", json.dumps({"operation": "upload", "objects": objects[:256]}).encode())
    more = ask(address, "POST", json.dumps({"operation": "upload", "objects": objects}).encode())

    assert most[0] == 200 and len(json.loads(most[1])["objects"]) == 256
    assert more[0] == 413


# cards


@pytest.mark.parametrize(
    ("card", "error"),
    [
        ("license: mit\nlanguage: [en, 'no', ceb, code]\nsize_categories: [n<1K]", ""),
        ("license: [mit, cc0-1.0]\nlanguage: no\nunheard_of: 1", ""),
        ("pretty_name: News", ""),
        ("license: MIT", '"license" must be one of'),
        ("license: {name: mit}", '"license" must be an array'),
        ("license: [mit, mine]", '"license[1]" must be one of'),
        ("language: [en, klingon]", '"language[1]" with value "klingon" is not valid'),
        ("language: [EN]", "must only contain lowercase"),
        ("language: en-US", "lowercase"),
        ("size_categories: [many]", '"size_categories[0]" must be one of'),
        ("task_categories: text-generation", '"task_categories" must be an array'),
        ("tags: [1]", '"tags[0]" must be a string'),
        ("configs: {config_name: a}", '"configs" must be an array'),
        ("configs: [{data_files: a}]", '"configs[0].config_name" must be a string'),
        ("configs: [{config_name: a}, {config_name: a}]", "contains a duplicate value: a"),
        ("configs: [{config_name: a, data_files: [{split: 'a-b', path: x}]}]", '"configs[0].data_files"'),
        ("configs: [{config_name: a, data_files: [{split: s, path: x}, {split: s, path: y}]}]", "data_files"),
        ("configs: [{config_name: a, data_files: [{split: s}]}]", "data_files"),
        ("configs: [{config_name: a, default: true}, {config_name: b, default: true}]", "more than one default"),
        ("dataset_info: news", '"dataset_info" must be'),
        ("license: [", "Invalid YAML in README.md"),
        ("- a", '"value" must be of type object'),
        ("words", "The YAML metadata of your README.md is invalid."),
    ],
)
def test_a_card_is_checked_as_the_hub_checks_it(card: str, error: str) -> None:
    errors, _ = check_card(f"---\n{card}\n---\n# News\n")

    assert error in "\n".join(errors) and bool(errors) is bool(error)


def test_the_client_learns_of_errors_and_warnings_in_a_card(hub: Hub, client: Client) -> None:
    code = """
    def warned(text):
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            api._validate_yaml(text, repo_type="dataset")
        return [str(one.message) for one in found]
    bad = "---\\nlicense: mine\\n---\\n"
    out = [DatasetCard("---\\nlicense: mit\\n---\\n").validate(), refused(DatasetCard(bad).validate),
           warned("# News"), warned("---\\ntask_categories: [chess]\\n---\\n"),
           refused(api.create_commit, **repo, operations=[add("README.md", bad.encode())], commit_message="Bad")]
    """

    good, bad, empty, unlisted, committed = client(code)

    assert good is None
    assert bad[0] == committed[0] == "ValueError"
    assert '\\"license\\" must be one of' in bad[2] and '"license" must be one of' in committed[2]
    assert "empty or missing yaml metadata" in empty[0] and "not in the official list" in unlisted[0]
    assert hub.count("commit") == 0


def test_a_card_that_was_not_validated_before_is_refused_by_the_commit(hub: Hub) -> None:
    lines = ({"key": "header", "value": {"summary": "Bad"}}, _file("README.md", "---\nlicense: mine\n---\n"))
    content = "\n".join(json.dumps(line) for line in lines).encode()

    status, answer = ask(f"{hub.endpoint}/api/datasets/{REPO}/commit/main", "POST", content)

    assert status == 400 and b"Invalid metadata in README.md" in answer
    assert len(hub.commits(REPO)) == 1


def _file(path: str, content: str) -> dict[str, Any]:
    """An operation that adds a file."""
    return {"key": "file", "value": {"path": path, "content": content, "encoding": "utf-8"}}


# faults


def test_a_fault_strikes_as_often_as_it_should_and_the_client_goes_on(hub: Hub, client: Client) -> None:
    hub.fault("preupload", status=429, headers={"Retry-After": "0"})
    hub.fault("lfs-put", cut=1_000_000)
    code = 'out = api.upload_file(**repo, path_or_fileobj=b"PAR1" * 1_000_000, path_in_repo="a.parquet").oid'

    oid = client(code)

    assert hub.head(REPO) == oid and hub.faults == []
    assert [one.status for one in hub.requests("preupload")] == [429, 200]
    assert [(one.status, one.received_bytes) for one in hub.requests("lfs-put")] == [(0, 1_000_000), (200, 4_000_000)]
    assert not parts(hub)


@pytest.mark.parametrize("status", [500, 0])
def test_a_commit_can_land_though_its_answer_is_lost(hub: Hub, client: Client, status: int) -> None:
    hub.fault("commit", status=status, after=True)
    code = """
    out = refused(api.create_commit, **repo, operations=[add("a.txt", b"a")], commit_message="One")
    """

    kind, seen, _ = client(code)

    assert (kind, seen) == (("HfHubHTTPError", 500) if status else ("RemoteProtocolError", 0))
    assert [one.title for one in hub.commits(REPO)] == ["One", "initial commit"]
    assert [one.status for one in hub.requests("commit")] == [status]


def test_a_fault_can_wait_and_can_break_off_an_answer(hub: Hub, client: Client) -> None:
    hub.fault("refs", skip=1, cut=5)
    hub.fault("refs", status=418, headers={"X-Error-Code": "RepoNotFound"}, times=2)
    code = "out = [refused(api.list_repo_refs, **repo)[:2] for at in range(5)]"

    first, second, *others = client(code)

    assert first == ["nothing", 200] and second[0] == "RemoteProtocolError"
    assert others == [["RepositoryNotFoundError", 418]] * 2 + [["nothing", 200]]
    assert hub.requests("refs")[1].sent_bytes == 5


UPLOAD = "repo_id='press/news', repo_type='dataset', path_or_fileobj=b'PAR1', path_in_repo='a.parquet'"


def test_a_client_can_be_killed_at_a_request(hub: Hub) -> None:
    hub.fault("verify", before=lambda: run.kill())
    code = f"from huggingface_hub import HfApi\nHfApi().upload_file({UPLOAD})"
    run = subprocess.Popen([sys.executable, "-c", code], env=hub.environment("hf_writer"), stderr=subprocess.DEVNULL)

    run.wait(20)
    hub.settle()

    assert run.returncode < 0
    assert hub.objects(REPO) == {hashlib.sha256(b"PAR1").hexdigest()} and len(hub.commits(REPO)) == 1


def test_a_fault_of_no_route_is_a_mistake(hub: Hub) -> None:
    with pytest.raises(ValueError, match="no route is called 'comit'"):
        hub.fault("comit", status=500)


def test_the_hubs_own_bugs_are_not_taken_for_faults(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"the hub of tests/hub\.py has a bug"), Hub(tmp_path / "hub") as hub:
        hub.create(REPO)
        assert ask(f"{hub.endpoint}/api/datasets/{REPO}/preupload/main", "POST", b'{"files": [1]}')[0] == 500


def test_the_log_tells_what_no_route_was_found_for(hub: Hub) -> None:
    assert ask(f"{hub.endpoint}/api/models/{REPO}", "GET", token="")[0] == 404
    hub.settle()

    assert hub.log == [Seen("unknown", "GET", f"/api/models/{REPO}", False, 0, hub.log[0].sent_bytes, 404, True)]
