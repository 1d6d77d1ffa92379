"""``curate push`` to a hub, over a real socket with the real client: whole, or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub import Cut, Hub
from pushes import REPO, WRITER, push, run, shards, shards_of, start, stories_build

from curate.errors import TransferError
from curate.model import SUBSETS
from curate.push.model import File, Plan, refuse_too_many
from curate.write.card import BEGIN, END
from curate.write.card import card as make_card
from curate.write.manifest import json_bytes

SMALL_SHARDS = 3_000
"""Bytes of text in a shard: about seven stories."""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with Hub(tmp_path / "hub") as hub:
        yield hub


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build of three stories. Only to be read."""
    return stories_build(tmp_path_factory.mktemp("small"), 3)


@pytest.fixture(scope="module")
def sharded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build of 60 stories in many shards. Only to be read."""
    return stories_build(tmp_path_factory.mktemp("sharded"), 60, shard_bytes=SMALL_SHARDS)


@pytest.fixture(scope="module")
def one_more(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build ``sharded`` with one story more. Only to be read."""
    return stories_build(tmp_path_factory.mktemp("more"), 61, shard_bytes=SMALL_SHARDS)


def digest(out: Path) -> str:
    return str(json.loads((out / "build.json").read_bytes())["digest"])


# ---- what arrives


def test_a_first_push_makes_the_repository_one_commit_and_a_tag(hub: Hub, small: Path) -> None:
    done = push(hub, small)

    assert shards_of(hub) == shards(small)
    assert hub.files(REPO)["build.json"] == (small / "build.json").read_bytes()
    assert hub.files(REPO)["croissant.json"] == (small / "croissant.json").read_bytes()
    assert len(hub.commits(REPO)) == 2  # the hub's own, and this
    assert hub.commits(REPO)[0].title.startswith("3 articles, build ")
    assert hub.tags(REPO) == {f"build-{digest(small)[:16]}": hub.head(REPO)}
    assert f"commit {hub.head(REPO)}, tag build-" in done.stdout
    assert hub.endpoint in done.stdout
    assert not hub.repos[REPO].private


def test_a_push_of_what_is_there_already_sends_nothing_and_commits_nothing(hub: Hub, small: Path) -> None:
    push(hub, small)
    head, sent = hub.head(REPO), hub.received_bytes("lfs-put")

    done = push(hub, small)

    assert hub.head(REPO) == head
    assert hub.received_bytes("lfs-put") == sent
    assert hub.count("commit") == 1
    assert "has this build already" in done.stdout


def test_one_article_more_sends_the_shard_it_belongs_to(hub: Hub, sharded: Path, one_more: Path) -> None:
    push(hub, sharded)
    before = hub.received_bytes("lfs-put")

    done = push(hub, one_more, "--json")

    sent = hub.received_bytes("lfs-put") - before
    all_bytes = sum(map(len, shards(one_more).values()))
    assert shards_of(hub) == shards(one_more)
    assert 0 < sent < 0.4 * all_bytes
    said = json.loads(done.stdout)
    assert sum(size for name, size in said["send"].items() if name.endswith(".parquet")) == sent
    assert said["sent_bytes"] < said["all_bytes"]


def test_shards_that_the_build_has_no_more_go_and_other_files_stay(hub: Hub, sharded: Path, small: Path) -> None:
    push(hub, sharded)
    hub.commit(REPO, "main", {"figures/map.svg": b"<svg/>"}, "a picture")

    push(hub, small)

    assert shards_of(hub) == shards(small)
    assert hub.files(REPO)["figures/map.svg"] == b"<svg/>"


def test_many_shards_arrive_in_one_commit(hub: Hub, tmp_path: Path) -> None:
    """More than a batch, a request or a page of a listing of the hub holds, as a build of 100 GB has."""
    out = stories_build(tmp_path, 300, shard_bytes=1)
    hub.page_size = 100

    push(hub, out)

    assert len(shards(out)) > hub.max_batch
    assert shards_of(hub) == shards(out)
    assert hub.count("commit") == 1


def test_a_dry_run_prints_every_operation_and_changes_nothing(hub: Hub, sharded: Path, small: Path) -> None:
    push(hub, sharded)
    head = hub.head(REPO)

    done = push(hub, small, "--dry-run")

    lines = [line.split() for line in done.stdout.splitlines()]
    sends = {words[-1]: int(words[1].replace(",", "")) for words in lines if words[0] == "send"}
    deletes = {words[-1] for words in lines if words[0] == "delete"}
    there = shards(sharded)
    assert {name: size for name, size in sends.items() if name.endswith(".parquet")} == {
        name: len(content) for name, content in shards(small).items() if there.get(name) != content
    }
    assert deletes == shards(sharded).keys() - shards(small).keys()
    assert hub.head(REPO) == head
    assert hub.count("lfs-put") == len(shards(sharded))


def test_a_dry_run_without_a_token_makes_no_repository(hub: Hub, small: Path) -> None:
    done = push(hub, small, "--dry-run", token=None)

    assert "it would be made" in done.stderr
    assert REPO not in hub.repos


# ---- options


def test_private_makes_a_private_repository(hub: Hub, small: Path) -> None:
    push(hub, small, "--private")

    assert hub.repos[REPO].private


def test_private_refuses_a_repository_that_everybody_reads(hub: Hub, small: Path) -> None:
    hub.create(REPO)

    done = run(hub, "push", small, REPO, "--private")

    assert done.returncode == 2
    assert f"{REPO} is public" in done.stderr
    assert hub.count("commit") == 0


def test_a_branch_is_made_of_main_and_main_stays(hub: Hub, small: Path) -> None:
    main = hub.create(REPO)

    push(hub, small, "--revision", "drafts", "--no-tag", "--message", "A draft")

    assert hub.head(REPO) == main
    assert shards_of(hub, "drafts") == shards(small)
    assert hub.commits(REPO, "drafts")[0].title == "A draft"
    assert hub.tags(REPO) == {}


def test_a_pull_request_leaves_the_branch_alone(hub: Hub, small: Path) -> None:
    main = hub.create(REPO)

    done = push(hub, small, "--create-pr")

    assert hub.head(REPO) == main
    assert list(hub.pulls(REPO)) == [1]
    assert shards_of(hub, "refs/pr/1") == shards(small)
    assert "/discussions/1" in done.stdout
    assert hub.tags(REPO) == {}


def test_a_card_goes_alone_where_its_build_is(hub: Hub, small: Path, sharded: Path, tmp_path: Path) -> None:
    push(hub, small)
    own = Path(shutil.copytree(small, tmp_path / "own"))
    with (own / "README.md").open("a") as card:
        card.write("\nThanks to the harbour office.\n")

    push(hub, own, "--card-only")
    refused = run(hub, "push", sharded, REPO, "--card-only")

    assert "Thanks to the harbour office." in hub.files(REPO)["README.md"].decode()
    assert shards_of(hub) == shards(small)
    assert refused.returncode == 2
    assert "holds another build" in refused.stderr


# ---- the card


def test_what_people_wrote_in_a_card_survives(hub: Hub, small: Path, one_more: Path) -> None:
    push(hub, small)
    card = hub.files(REPO)["README.md"].decode()
    edited = card.replace("tags:\n", "tags:\n- harbours\n").replace(
        "---\n\n<!--", "extra: kept\n---\n\n# By hand\n\n<!--"
    )
    hub.commit(REPO, "main", {"README.md": (edited + "\n## Thanks\n\nTo all.\n").encode()}, "by hand")

    push(hub, one_more)

    now = hub.files(REPO)["README.md"].decode()
    front, _, body = now.removeprefix("---\n").partition("\n---\n")
    assert "- harbours" in front
    assert "extra: kept" in front
    assert body.strip().startswith(f"# By hand\n\n{BEGIN}")
    assert now.endswith(f"{END}\n\n## Thanks\n\nTo all.\n")
    assert "61 news articles" in now
    assert "3 news articles" not in now


def test_a_card_that_the_hub_refuses_stops_the_push_before_anything_is_sent(hub: Hub, tmp_path: Path) -> None:
    out = stories_build(tmp_path, 3, licence="whatever-i-like")

    done = run(hub, "push", out, REPO)

    assert done.returncode == 2
    assert "The hub does not accept the card" in done.stderr
    assert "license" in done.stderr
    assert REPO not in hub.repos


def test_the_licence_of_the_recipe_stands_in_the_card(hub: Hub, tmp_path: Path) -> None:
    push(hub, stories_build(tmp_path, 3, licence="cc-by-4.0"))

    card = hub.files(REPO)["README.md"].decode()
    assert "\nlicense: cc-by-4.0\n" in card
    assert f'path = "{REPO}"' in card
    assert "@misc{" in card


# ---- who may


def test_no_token_is_one_sentence(hub: Hub, small: Path) -> None:
    done = run(hub, "push", small, REPO, token=None)

    assert done.returncode == 2
    assert done.stderr.startswith("curate: There is no token for the hub.")
    assert len(done.stderr.splitlines()) == 1


def test_a_token_that_may_only_read_is_one_sentence(hub: Hub, small: Path) -> None:
    hub.create(REPO)

    done = run(hub, "push", small, REPO, token="hf_reader")

    assert done.returncode == 2
    assert f"The token may not write to {REPO}: the hub answers 403 (" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_token_that_the_hub_does_not_know_is_one_sentence(hub: Hub, small: Path) -> None:
    hub.create(REPO)

    done = run(hub, "push", small, REPO, token="hf_made_up")

    assert done.returncode == 2
    assert "The hub does not know the token." in done.stderr
    assert "hf_made_up" not in done.stdout + done.stderr


def test_a_build_that_is_damaged_is_not_sent(hub: Hub, small: Path, tmp_path: Path) -> None:
    own = Path(shutil.copytree(small, tmp_path / "own"))
    build = json.loads((own / "build.json").read_bytes())
    build["counts"]["articles"] = 4
    (own / "build.json").write_bytes(json_bytes(build))

    done = run(hub, "push", own, REPO)

    assert done.returncode == 2
    assert "nothing was sent" in done.stderr
    assert not hub.log


def test_data_of_somebody_else_is_not_deleted(hub: Hub, small: Path) -> None:
    hub.create(REPO)
    head = hub.commit(REPO, "main", {"data/train.parquet": b"theirs"}, "theirs")

    done = run(hub, "push", small, REPO)

    assert done.returncode == 2
    assert "data/train.parquet, which no build there lists" in done.stderr
    assert hub.head(REPO) == head


# ---- what goes wrong on the way


def test_another_commit_that_leaves_the_build_alone_is_built_upon(hub: Hub, small: Path, one_more: Path) -> None:
    push(hub, small)
    hub.fault("commit", before=lambda: hub.commit(REPO, "main", {"NOTES.md": b"a note"}, "a note"))

    done = push(hub, one_more)

    assert "Another commit came first" in done.stderr
    assert [commit.title for commit in hub.commits(REPO)][1] == "a note"
    assert hub.files(REPO)["NOTES.md"] == b"a note"
    assert shards_of(hub) == shards(one_more)


def test_another_build_that_came_first_is_not_overwritten(hub: Hub, small: Path, one_more: Path) -> None:
    push(hub, small)
    hub.fault("commit", before=lambda: hub.commit(REPO, "main", {"build.json": b"{}"}, "another build"))

    done = run(hub, "push", one_more, REPO)

    assert done.returncode == 2
    assert "build.json is another now" in done.stderr
    assert hub.commits(REPO)[0].title == "another build"


@pytest.mark.parametrize("route", ["info", "tree", "preupload", "batch", "lfs-put", "verify", "commit", "tag"])
def test_a_hub_that_stumbles_once_is_asked_again(hub: Hub, small: Path, route: str) -> None:
    """Also where the client gives up itself: it asks six times for an upload."""
    hub.create(REPO)
    hub.fault(route, status=500, times=6 if route == "batch" else 1)

    push(hub, small)

    assert shards_of(hub) == shards(small)
    assert not hub.faults
    assert len(hub.commits(REPO)) == 2


def test_a_hub_that_asks_to_wait_is_obeyed(hub: Hub, small: Path) -> None:
    hub.fault("commit", status=429, headers={"Retry-After": "3"}, error="Slow down")

    done = push(hub, small)

    assert "429 (Slow down); looking whether the commit is there in 3 s" in done.stderr
    assert shards_of(hub) == shards(small)


def test_a_conflict_is_compared_anew(hub: Hub, small: Path) -> None:
    hub.fault("commit", status=409, error="Another commit is in progress")

    push(hub, small)

    assert len(hub.commits(REPO)) == 2
    assert shards_of(hub) == shards(small)


@pytest.mark.parametrize("status", [500, 0])
def test_a_commit_whose_answer_got_lost_is_not_made_twice(hub: Hub, small: Path, status: int) -> None:
    hub.fault("commit", status=status, after=True)

    push(hub, small)

    assert len(hub.commits(REPO)) == 2
    assert hub.tags(REPO) == {f"build-{digest(small)[:16]}": hub.head(REPO)}


def test_a_shard_cut_off_in_the_middle_is_sent_again(hub: Hub, sharded: Path) -> None:
    hub.fault("lfs-put", cut=1_000, skip=2)

    push(hub, sharded)

    assert hub.count("lfs-put", status=0) == 1
    assert shards_of(hub) == shards(sharded)


def test_a_hub_that_stays_down_changes_nothing_and_says_so(hub: Hub, small: Path) -> None:
    head = hub.create(REPO)
    hub.fault("commit", status=503, times=100)

    done = run(hub, "push", small, REPO)

    assert done.returncode == 2
    assert "503" in done.stderr
    assert "Run the same command again" in done.stderr
    assert "Traceback" not in done.stderr
    assert hub.head(REPO) == head


def test_a_push_killed_before_its_commit_sends_only_the_rest(hub: Hub, sharded: Path) -> None:
    head = hub.create(REPO)
    process = start("push", sharded, REPO, environment=hub.environment(WRITER))

    def kill() -> None:
        process.kill()
        process.wait()
        raise Cut

    hub.fault("commit", before=kill)
    process.communicate(timeout=120)
    hub.settle()
    sent = hub.count("lfs-put")

    assert hub.head(REPO) == head
    push(hub, sharded)

    assert sent == len(shards(sharded))
    assert hub.count("lfs-put") == sent
    assert shards_of(hub) == shards(sharded)


def test_a_push_killed_while_it_sends_sends_only_the_rest(hub: Hub, sharded: Path) -> None:
    hub.create(REPO)
    process = start("push", sharded, REPO, environment=hub.environment(WRITER))

    def kill() -> None:
        process.kill()
        process.wait()
        raise Cut

    hub.fault("lfs-put", before=kill, skip=4)
    process.communicate(timeout=120)
    hub.settle()
    there = hub.objects(REPO)
    before = hub.count("lfs-put", status=200)

    push(hub, sharded)

    assert 0 < len(there) < len(shards(sharded))
    assert hub.count("lfs-put", status=200) - before == len(shards(sharded)) - len(there)
    assert shards_of(hub) == shards(sharded)


def test_a_gitignore_that_hides_a_shard_stops_the_push_before_its_commit(hub: Hub, small: Path) -> None:
    hub.create(REPO)
    head = hub.commit(REPO, "main", {".gitignore": b"removed/\n"}, "ignore")

    done = run(hub, "push", small, REPO)

    assert done.returncode == 2
    assert "a .gitignore that hides removed/part-all.parquet" in done.stderr
    assert hub.head(REPO) == head


def test_a_commit_that_lands_after_its_answer_was_given_up_is_known_as_our_own(hub: Hub, small: Path) -> None:
    hub.create(REPO)
    files = {path.relative_to(small).as_posix(): path.read_bytes() for path in small.rglob("*") if path.is_file()}
    hub.fault("commit", status=504)
    hub.fault(
        "commit", before=lambda: hub.commit(REPO, "main", {**files, "README.md": card_for_hub(hub, small)}, "late")
    )

    push(hub, small)

    assert hub.commits(REPO)[0].title == "late"
    assert hub.tags(REPO) == {f"build-{digest(small)[:16]}": hub.head(REPO)}


def card_for_hub(hub: Hub, out: Path) -> bytes:
    """The card that a push of ``out`` sends."""
    with_hub = json.loads((out / "build.json").read_bytes())
    return make_card(with_hub, SUBSETS, REPO).encode()


def test_a_pull_request_whose_answer_got_lost_is_not_opened_twice(hub: Hub, small: Path) -> None:
    hub.create(REPO)
    hub.fault("commit", status=500, after=True)

    done = push(hub, small, "--create-pr")

    assert list(hub.pulls(REPO)) == [1]
    assert "/discussions/1" in done.stdout


def test_an_error_after_the_commit_says_that_the_commit_is_there(hub: Hub, small: Path) -> None:
    hub.fault("tag", status=403)

    done = run(hub, "push", small, REPO)

    assert done.returncode == 2
    assert f"The commit {hub.head(REPO)} is there." in done.stderr
    assert "Nothing was committed" not in done.stderr


def test_an_upload_address_that_has_expired_is_asked_for_again(hub: Hub, small: Path) -> None:
    hub.fault("lfs-put", status=403)

    push(hub, small)

    assert shards_of(hub) == shards(small)


def test_a_storage_that_refuses_is_one_sentence_without_its_addresses(hub: Hub, small: Path) -> None:
    hub.fault("lfs-put", status=403, times=100)

    done = run(hub, "push", small, REPO)

    assert done.returncode == 2
    assert f"curate: {REPO}: the hub answers 403" in done.stderr
    assert hub.count("commit") == 0


def test_a_full_account_is_said_in_the_hubs_words(hub: Hub, small: Path) -> None:
    hub.fault("batch", status=403, error="Private repository storage limit reached", times=9)

    done = run(hub, "push", small, REPO)

    assert done.returncode == 2
    assert "storage limit reached" in done.stderr


def test_waiting_for_the_storage_is_told_without_its_addresses(hub: Hub, small: Path) -> None:
    hub.fault("lfs-put", status=429, headers={"Retry-After": "1"}, times=1)

    done = push(hub, small)

    assert "The hub's client: HTTP Error 429 thrown while requesting PUT (address)" in done.stderr
    assert hub.count("lfs-put") == len(shards(small)) + 1


def test_a_build_json_that_is_not_curates_protects_the_data_beside_it(hub: Hub, small: Path) -> None:
    hub.create(REPO)
    head = hub.commit(REPO, "main", {"data/train.parquet": b"theirs", "build.json": b'{"webpack": 1}'}, "theirs")

    done = run(hub, "push", small, REPO)

    assert done.returncode == 2
    assert "data/train.parquet, which no build there lists" in done.stderr
    assert hub.head(REPO) == head


def test_a_shard_that_somebody_added_to_a_build_is_not_deleted(hub: Hub, small: Path, sharded: Path) -> None:
    push(hub, small)
    hub.commit(REPO, "main", {"data/mine.parquet": b"mine"}, "mine")

    done = run(hub, "push", sharded, REPO)

    assert done.returncode == 2
    assert "data/mine.parquet" in done.stderr
    assert hub.files(REPO)["data/mine.parquet"] == b"mine"


def test_a_pull_request_can_be_pushed_to_and_gets_no_tag(hub: Hub, small: Path, sharded: Path) -> None:
    main = hub.create(REPO)
    push(hub, small, "--create-pr")

    push(hub, sharded, "--revision", "refs/pr/1")

    assert shards_of(hub, "refs/pr/1") == shards(sharded)
    assert hub.head(REPO) == main
    assert hub.tags(REPO) == {}


def test_a_build_pushed_before_keeps_its_tag_where_it_was(hub: Hub, small: Path, sharded: Path) -> None:
    push(hub, small)
    first = hub.head(REPO)
    push(hub, sharded)

    done = push(hub, small)

    assert hub.tags(REPO)[f"build-{digest(small)[:16]}"] == first
    assert f"stays at commit {first}" in done.stderr
    assert "tag" not in done.stdout.splitlines()[-1]


def test_json_is_all_that_a_quiet_push_prints(hub: Hub, small: Path) -> None:
    environment = {name: value for name, value in hub.environment(WRITER).items() if "PROGRESS" not in name}
    process = start("push", small, REPO, "--json", environment=environment)
    output, errors = process.communicate(timeout=120)

    assert errors == ""
    assert json.loads(output)["commit"] == hub.head(REPO)


def test_the_token_is_in_nothing_that_was_sent_or_made(hub: Hub, small: Path) -> None:
    push(hub, small)

    assert not any(WRITER.encode() in content for content in hub.files(REPO).values())
    assert not any(WRITER in commit.title + commit.message for commit in hub.commits(REPO))
    assert all(seen.authorized for seen in hub.requests("commit"))
    assert not any(seen.authorized for seen in hub.requests("lfs-put"))


def test_an_offline_client_says_so(hub: Hub, small: Path) -> None:
    done = run(hub, "push", small, REPO, HF_HUB_OFFLINE="1")

    assert done.returncode == 2
    assert "HF_HUB_OFFLINE is set" in done.stderr


def test_a_pull_request_goes_to_main_only(hub: Hub, small: Path) -> None:
    done = run(hub, "push", small, REPO, "--create-pr", "--revision", "drafts")

    assert done.returncode == 2
    assert "--create-pr takes no --revision" in done.stderr
    assert not hub.log


def test_more_files_than_a_hub_takes_are_refused_before_anything_is_sent() -> None:
    files = [File(f"data/part-{number:014b}.parquet", 1, "0" * 64, b"x") for number in range(10_001)]

    refuse_too_many(files[:10_000], Plan(tuple(files[:10_000]), (), ()))
    with pytest.raises(TransferError, match=r"10,001 files in a folder.*max_shard_bytes"):
        refuse_too_many(files, Plan((), (), tuple(files)))
    with pytest.raises(TransferError, match=r"25,001 to send or delete"):
        refuse_too_many(files[:1], Plan(tuple(files[:1]), tuple(map(str, range(25_000))), ()))


def test_a_name_that_no_repository_can_have_is_refused(hub: Hub, small: Path) -> None:
    done = run(hub, "push", small, "a/b/c")

    assert done.returncode == 2
    assert "'a/b/c' is no name of a repository" in done.stderr
