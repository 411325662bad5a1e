"""Archives in a folder and in an object store."""

from uuid import uuid4

import pytest

from sigma_dbt_sync.archive import Archive


@pytest.fixture
def folder(tmp_path):
    """Where account 7 lies in a local archive."""
    return tmp_path / "archive" / "7"


@pytest.fixture
def local(tmp_path):
    return Archive(str(tmp_path / "archive"), 7)


@pytest.fixture(params=["folder", "file url", "object store"])
def root(request, tmp_path):
    return {
        "folder": str(tmp_path / "archive"),
        "file url": (tmp_path / "archive").as_uri(),
        "object store": f"memory://{uuid4().hex}/archive",
    }[request.param]


@pytest.fixture
def archive(root):
    return Archive(root, 7)
