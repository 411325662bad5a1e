"""Documents of the spec endpoints, in JSON and in YAML."""

import httpx
import pytest

from sigma_dbt_sync.sigma.documents import document_of

YAML = """\
name: dbt metadata
createdAt: 2026-01-12T09:14:51.204Z
schemaVersion: 1
pages:
- {id: p1, name: no, elements: [], hidden: true, day: 2026-01-12, share: 0.5, note: null}
"""


def answer(text, kind="application/yaml"):
    return httpx.Response(200, text=text, headers={"content-type": kind})


def test_yaml_holds_what_json_can_say_and_nothing_else():
    read = document_of(answer(YAML))

    assert read == {
        "name": "dbt metadata",
        "createdAt": "2026-01-12T09:14:51.204Z",
        "schemaVersion": 1,
        "pages": [
            {
                "id": "p1",
                "name": "no",
                "elements": [],
                "hidden": True,
                "day": "2026-01-12",
                "share": 0.5,
                "note": None,
            }
        ],
    }


def test_json_is_read_whatever_it_is_called():
    assert document_of(answer('{"name": "x"}', "text/plain")) == {"name": "x"}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("<html><body>Just a moment</body></html>", "text/html"),
        ("title: a page", "text/html; charset=utf-8"),
        ("- a list", "application/yaml"),
        ("a: b: c", "application/yaml"),
        ("!!python/object/apply:os.getcwd []", "application/yaml"),
        ("", "application/yaml"),
    ],
)
def test_anything_else_is_no_document(text, kind):
    assert document_of(answer(text, kind)) is None
