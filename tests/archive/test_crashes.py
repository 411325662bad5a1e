"""What a local archive is after a crash, a full disk, or damage."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sigma_dbt_sync.archive import Archive
from sigma_dbt_sync.artifacts.run_entry import Run, RunEntry
from sigma_dbt_sync.errors import ArchiveError


class Crash(BaseException):
    """The process is gone."""


def entry(status=10) -> RunEntry:
    return RunEntry(run=Run(id=1, account_id=7, status=status), is_final=True)


def crash(*_, **__):
    raise Crash


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_crash_while_an_entry_is_written_leaves_the_one_before(
    local, folder, monkeypatch, moment
):
    before = local.write_entry(entry(status=3))
    with monkeypatch.context() as patched:
        if moment == "fsync":
            patched.setattr(os, "fsync", crash)
        else:
            patched.setattr(Path, "replace", crash)
        with pytest.raises(Crash):
            local.write_entry(entry(status=10))

    after = Archive(str(folder.parent), 7)

    assert after.entries() == {1: before}
    assert after.read_entry(before).run.status == 3
    assert after.write_entry(entry(status=10)).revision == 2


def test_a_crash_before_the_old_revision_is_deleted_is_tidied_by_the_next_listing(
    local, folder, monkeypatch
):
    local.write_entry(entry(status=3))
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", crash)
        with pytest.raises(Crash):
            local.write_entry(entry(status=10))
    assert len(files(folder / "runs")) == 2

    found = Archive(str(folder.parent), 7).entries()

    assert found[1].revision == 2
    assert files(folder / "runs") == [Path(found[1].name).name]


def test_the_state_is_old_or_new_but_never_half(local, folder, monkeypatch):
    local.write_state(b"old")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", crash)
        with pytest.raises(Crash):
            local.write_state(b"new")

    assert local.read_state() == b"old"


def test_a_file_is_on_disk_before_it_gets_its_name(local, monkeypatch):
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda fd: steps.append("fsync") or fsync(fd))
    monkeypatch.setattr(Path, "replace", lambda a, b: steps.append("replace") or replace(a, b))

    local.write_state(b"{}")

    assert steps == ["fsync", "replace", "fsync"]


def test_an_abandoned_blob_leaves_nothing(local, folder):
    with local.blob_writer() as writer:
        writer.write(b"never kept")

    assert files(folder) == []


def test_a_failed_download_leaves_nothing(local, folder):
    def download():
        with local.blob_writer() as writer:
            writer.write(b"half")
            raise OSError("cable")

    with pytest.raises(OSError, match="cable"):
        download()

    assert files(folder) == []


def test_drafts_of_a_crash_are_ignored_and_later_deleted(local, folder):
    local.write_entry(entry())
    left_over = folder / "incoming" / "of-a-crash"
    left_over.write_bytes(b"half")
    two_days_ago = datetime.now(UTC) - timedelta(days=2)
    os.utime(left_over, (two_days_ago.timestamp(), two_days_ago.timestamp()))
    (folder / "incoming" / "in-use").write_bytes(b"half")

    local.clear_drafts(datetime.now(UTC) - timedelta(days=1))

    assert files(folder / "incoming") == ["in-use"]
    assert list(local.entries()) == [1]


def test_foreign_files_among_the_entries_are_ignored(local, folder):
    local.write_entry(entry())
    for name in (".DS_Store", "1.json", "1.0002.json", f"1.0002.{'g' * 64}.json"):
        (folder / "runs" / name).write_bytes(b"x")

    assert local.entries()[1].revision == 1


@pytest.mark.parametrize("damage", [b"", b"not zstd", None], ids=["emptied", "replaced", "cut"])
def test_a_damaged_blob_is_named_and_never_returned(local, folder, damage):
    with local.blob_writer() as writer:
        writer.write(b'{"nodes": {}}' * 1000)
        blob = writer.keep()
    path = folder / "blobs" / blob.sha256[:2] / f"{blob.sha256}.zst"
    path.write_bytes(path.read_bytes()[:-5] if damage is None else damage)

    with pytest.raises(ArchiveError, match=f"{blob.sha256}.zst is damaged"):
        local.read_blob(blob.sha256)


def test_a_blob_cut_short_is_replaced_when_it_arrives_again(local, folder):
    def keep():
        with local.blob_writer() as writer:
            writer.write(b"content")
            return writer.keep()

    blob = keep()
    path = folder / "blobs" / blob.sha256[:2] / f"{blob.sha256}.zst"
    path.write_bytes(b"")
    keep()

    assert local.read_blob(blob.sha256) == b"content"


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"run": 1}'])
def test_a_damaged_entry_is_named(local, folder, damage):
    ref = local.write_entry(entry())
    (folder / ref.name).write_bytes(damage)

    with pytest.raises(ArchiveError, match=r"\.json is damaged"):
        local.read_entry(ref)


def test_a_folder_that_cannot_be_written_says_which_setting_to_look_at(tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(ArchiveError, match="ARCHIVE_URL"):
        Archive(str(tmp_path / "file"), 7).write_state(b"{}")


def test_a_large_artifact_needs_little_memory(local):
    import tracemalloc

    chunk = os.urandom(1_000_000)
    tracemalloc.start()
    with local.blob_writer() as writer:
        for _ in range(60):
            writer.write(chunk)
        writer.keep()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 10_000_000
