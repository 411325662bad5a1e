"""What every archive promises, on a local folder and on an object store."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from sigma_dbt_sync.archive import Archive
from sigma_dbt_sync.artifacts.account import AccountObjects, Project
from sigma_dbt_sync.artifacts.run_entry import Artifact, Run, RunEntry, Step
from sigma_dbt_sync.errors import ArchiveError, BlobTooLarge, ConfigurationError

NOON = datetime(2027, 3, 9, 12, tzinfo=UTC)


def entry(run_id=1, *, status=10, **more) -> RunEntry:
    return RunEntry(run=Run(id=run_id, account_id=7, status=status), is_final=True, **more)


def kept(archive, content=b"{}"):
    with archive.blob_writer() as writer:
        writer.write(content)
        return writer.keep()


def test_a_new_archive_is_empty(archive):
    assert archive.entries() == {}
    assert archive.read_state() is None
    assert archive.read_note("loaded") is None
    assert archive.read_account_objects() == AccountObjects()


def test_an_entry_comes_back_as_it_was_written(archive, root):
    ref = archive.write_entry(entry(variant="target=prod"))

    found = Archive(root, 7).entries()

    assert found == {1: ref}
    assert archive.read_entry(found[1]) == entry(variant="target=prod")


def test_an_entry_is_named_by_run_revision_and_content(archive):
    ref = archive.write_entry(entry(12))

    assert ref.name == f"runs/12.0001.{hashlib.sha256(entry(12).to_json()).hexdigest()}.json"


def test_the_same_entry_again_writes_nothing(archive, root):
    archive.write_entry(entry())

    assert archive.write_entry(entry()) is None
    assert Archive(root, 7).write_entry(entry()) is None
    assert archive.entries()[1].revision == 1


def test_a_changed_entry_replaces_the_one_before(archive, root):
    archive.write_entry(entry(status=3))
    ref = archive.write_entry(entry(status=10))

    assert ref.revision == 2
    assert Archive(root, 7).entries() == {1: ref}
    assert archive.read_entry(ref).run.status == 10


def test_an_entry_replaced_after_it_was_listed_is_read_in_its_new_form(archive, root):
    listed = archive.write_entry(entry(status=3))
    Archive(root, 7).write_entry(entry(status=10))

    assert archive.read_entry(listed).run.status == 10


def test_accounts_do_not_see_each_other(archive, root):
    archive.write_entry(entry())

    assert Archive(root, 8).entries() == {}


def test_two_writers_with_the_same_news_write_one_entry(archive, root):
    other = Archive(root, 7)
    other.entries()
    archive.entries()

    archive.write_entry(entry())
    other.write_entry(entry())

    assert len(Archive(root, 7).entries()) == 1


def test_two_writers_that_disagree_leave_one_entry_for_all(archive, root):
    other = Archive(root, 7)
    other.entries()
    archive.entries()
    refs = [archive.write_entry(entry(status=10)), other.write_entry(entry(status=20))]

    listings = [Archive(root, 7).entries() for _ in range(2)]

    assert listings[0] == listings[1] == {1: max(refs)}


def test_a_blob_comes_back_byte_for_byte_under_its_hash(archive):
    content = b'{"nodes": ' + b"x" * 3_000_000 + b"}"

    with archive.blob_writer() as writer:
        for start in range(0, len(content), 65_536):
            writer.write(content[start : start + 65_536])
        blob = writer.keep()

    assert (blob.sha256, blob.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert archive.read_blob(blob.sha256) == content


def test_an_empty_blob_is_a_blob(archive):
    assert archive.read_blob(kept(archive, b"").sha256) == b""


def test_a_restarted_blob_holds_only_what_came_after(archive):
    with archive.blob_writer() as writer:
        writer.write(b"a half that broke off, longer than the whole")
        writer.restart()
        writer.write(b"whole")
        blob = writer.keep()

    assert archive.read_blob(blob.sha256) == b"whole"


def test_a_blob_that_was_never_written_is_lost(archive):
    with pytest.raises(ArchiveError, match="has lost"):
        archive.read_blob("0" * 64)


def test_a_blob_over_the_cap_is_refused_while_it_arrives(root):
    archive = Archive(root, 7, max_blob_size=1_000_000)
    with archive.blob_writer() as writer:
        writer.write(b"x" * 1_000_000)
        with pytest.raises(BlobTooLarge, match="larger than 1 MB"):
            writer.write(b"x")


def test_account_objects_are_written_only_when_they_changed(archive):
    objects = AccountObjects(projects=(Project(id=70403103926514, name="shop"),))

    assert archive.write_account_objects(objects)
    assert not archive.write_account_objects(objects)
    assert archive.read_account_objects() == objects


def test_state_and_notes_come_back(archive):
    archive.write_state(b'{"watermark":1}')
    archive.write_note("loaded-ab12", b"{}")

    assert archive.read_state() == b'{"watermark":1}'
    assert archive.read_note("loaded-ab12") == b"{}"


@pytest.mark.parametrize("name", ["", "../state", "a/b", "a.b", "a b"])
def test_a_note_cannot_leave_its_folder(archive, name):
    with pytest.raises(ValueError, match="name of a note"):
        archive.write_note(name, b"{}")


def test_a_url_nothing_can_read_is_a_wrong_setting():
    with pytest.raises(ConfigurationError, match="ARCHIVE_URL"):
        Archive("nonsense://bucket/archive", 7)


def dated(run_id: int, days_ago: int, *blobs, kind="manifest", **more) -> RunEntry:
    created_at = NOON - timedelta(days=days_ago)
    run = Run(
        id=run_id,
        account_id=7,
        status=10,
        environment_id=5,
        created_at=created_at,
        started_at=created_at,
    )
    artifacts = tuple(
        Artifact(step_index=4, kind=kind, state="found", sha256=blob.sha256) for blob in blobs
    )
    return RunEntry(run=run, artifacts=artifacts, **{"is_final": True, **more})


def test_pruning_forgets_old_runs_and_what_only_they_had(archive, root):
    old, both, new = (kept(archive, content) for content in (b"old", b"both", b"new"))
    archive.write_entry(dated(1, 40, old, both))
    archive.write_entry(dated(2, 3, both, new))

    assert archive.prune(NOON - timedelta(days=30)) == 1
    assert list(Archive(root, 7).entries()) == [2]
    assert archive.read_blob(both.sha256) == b"both"
    assert archive.read_blob(new.sha256) == b"new"
    with pytest.raises(ArchiveError):
        archive.read_blob(old.sha256)


@pytest.mark.parametrize("kind", ["manifest", "catalog"])
def test_pruning_keeps_the_newest_of_each_environment_and_variant(archive, kind):
    for run_id, variant in enumerate(["", "", "target=eu"], start=1):
        blob = kept(archive, str(run_id).encode())
        archive.write_entry(dated(run_id, 50 - run_id, blob, kind=kind, variant=variant))

    assert archive.prune(NOON) == 1
    assert list(archive.entries()) == [2, 3]


def test_pruning_keeps_what_only_failed_steps_and_pull_requests_came_after(archive):
    """Their manifests may say nothing about the environment."""
    good, failed, proposed = (kept(archive, text) for text in (b"good", b"failed", b"proposed"))
    last = dated(2, 39, failed)
    step = Step(index=last.artifacts[0].step_index, name="dbt build", status=20)
    pull_request = dated(3, 38, proposed)
    archive.write_entry(dated(1, 40, good))
    archive.write_entry(structs.replace(last, steps=(step,)))
    archive.write_entry(
        structs.replace(pull_request, run=structs.replace(pull_request.run, pull_request_id=5))
    )

    assert archive.prune(NOON) == 1
    assert list(archive.entries()) == [1, 2]


def test_pruning_keeps_what_is_not_final(archive):
    archive.write_entry(structs.replace(dated(1, 40), is_final=False))

    assert archive.prune(NOON) == 0
    assert list(archive.entries()) == [1]
