"""What a person reads when dbt Cloud says no, or says something else."""

import json

import httpx
import pytest

from sigma_dbt_sync.dbt_cloud.client import DbtCloudClient
from sigma_dbt_sync.errors import (
    AccessDenied,
    ConfigurationError,
    NotFound,
    RateLimited,
    Unavailable,
    UnexpectedAnswer,
)

BLOCKED = {"status": {"code": 403}, "data": {"account_access_denied": True}}


def client(answer, **more) -> DbtCloudClient:
    http = httpx.Client(
        transport=httpx.MockTransport(answer),
        base_url="https://dbt.test",
        headers={"Authorization": "Token s3cret"},
        follow_redirects=True,
    )
    return DbtCloudClient(http, **{"account_id": 1, **more})


def answering(status: int, content: bytes = b"{}", **headers):
    return client(lambda _: httpx.Response(status, content=content, headers=headers))


def listing(*rows, total=None):
    extra = {} if total is None else {"extra": {"pagination": {"total_count": total}}}
    return httpx.Response(200, json={"data": list(rows)} | extra)


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, {}, AccessDenied, "DBT_CLOUD_SERVICE_TOKEN is wrong"),
        (401, {}, AccessDenied, "another host than dbt.test"),
        (403, {}, AccessDenied, "Metadata Only is not enough"),
        (403, {}, AccessDenied, "Read-Only, Account Viewer or Job Viewer"),
        (403, BLOCKED, AccessDenied, "this machine's address to the allow list"),
        (404, {}, NotFound, "DBT_CLOUD_ACCOUNT_ID"),
        (400, {}, UnexpectedAnswer, "the API has changed"),
        (500, {}, Unavailable, "the next sync asks again"),
    ],
)
def test_a_refusal_says_what_to_do(status, body, kind, words):
    with pytest.raises(kind, match=words) as raised:
        answering(status, json.dumps(body).encode()).projects()
    assert raised.value.status == status
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    "content", [b"<html>", b"", b"[1]", b'"text"', b'{"data": 7}', b'{"data": [7]}']
)
def test_an_answer_that_is_no_list_is_unexpected(content):
    with pytest.raises(UnexpectedAnswer):
        answering(200, content).projects()


def test_a_login_page_says_which_setting_is_wrong():
    page = answering(200, b"<html>", **{"Content-Type": "text/html; charset=utf-8"})

    with pytest.raises(UnexpectedAnswer, match=r"perhaps the login page.*DBT_CLOUD_API_HOST"):
        page.projects()


def test_a_403_from_an_edge_proxy_is_still_worded():
    with pytest.raises(AccessDenied, match="permission set"):
        answering(403, b"<html>Forbidden</html>").projects()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 300),
        ({"Retry-After": "120"}, 120),
        ({"Retry-After": "soon"}, 300),
        ({"Retry-After": "Tue, 09 Mar 2027 12:02:00 GMT"}, 300),
        (
            {
                "Retry-After": "Tue, 09 Mar 2027 12:02:00 GMT",
                "Date": "Tue, 09 Mar 2027 12:00:00 GMT",
            },
            120,
        ),
    ],
)
def test_a_429_says_how_long_to_wait_and_is_not_repeated(headers, seconds):
    limited = answering(429, **headers)

    with pytest.raises(RateLimited) as raised:
        limited.projects()
    assert raised.value.wait_seconds == seconds
    assert limited.traffic.requests == 1


def test_a_429_with_a_short_pause_is_waited_out():
    answers = iter([httpx.Response(429, headers={"Retry-After": "2"}), listing()])

    assert client(lambda _: next(answers)).projects() == []


def test_several_accounts_are_listed_for_the_person_to_choose():
    several = client(
        lambda _: listing({"id": 1, "name": "One"}, {"id": 2, "name": "Two"}), account_id=None
    )

    with pytest.raises(
        ConfigurationError, match=r"DBT_CLOUD_ACCOUNT_ID to one of: 1 \(One\), 2 \(Two\)"
    ):
        several.account_id()


def test_a_token_that_sees_no_account_is_told_so():
    with pytest.raises(AccessDenied, match="sees no account"):
        client(lambda _: listing(), account_id=None).account_id()


@pytest.mark.parametrize(
    "target",
    ["https://bucket.elsewhere.test/file", "http://dbt.test/plain", "https://dbt.test:444/"],
)
def test_the_token_never_follows_a_redirect_to_another_origin(target):
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if len(seen) == 1:
            return httpx.Response(302, headers={"Location": target})
        return listing()

    client(answer).projects()

    assert seen[0].headers["Authorization"] == "Token s3cret"
    assert str(seen[1].url) == target
    assert "s3cret" not in str(seen[1].headers.raw)


def test_a_redirect_within_the_origin_keeps_the_token():
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if len(seen) == 1:
            return httpx.Response(307, headers={"Location": "/elsewhere/"})
        return listing()

    client(answer).projects()

    assert seen[1].headers["Authorization"] == "Token s3cret"


def test_a_redirect_that_never_ends_is_unexpected():
    endless = client(lambda _: httpx.Response(302, headers={"Location": "/again/"}))

    with pytest.raises(UnexpectedAnswer, match="cannot be followed"):
        endless.projects()


@pytest.mark.parametrize(
    "ids", [[5, 6], [7, 7], [9, 8]], ids=["not after the id", "twice", "descending"]
)
def test_runs_that_were_not_asked_for_are_found_out(ids):
    rows = [{"id": number, "status": 10} for number in ids]

    with pytest.raises(UnexpectedAnswer, match="in order of their id"):
        list(client(lambda _: listing(*rows)).runs(6))


def test_a_server_that_repeats_a_page_of_runs_does_not_loop():
    rows = [{"id": number, "status": 10} for number in range(1, 101)]

    with pytest.raises(UnexpectedAnswer, match="in order of their id"):
        list(client(lambda _: listing(*rows, total=500)).runs(0))


def test_a_server_with_smaller_pages_is_read_to_the_end():
    def answer(request: httpx.Request) -> httpx.Response:
        after = int(request.url.params["id__gt"])
        rows = [{"id": number, "status": 10} for number in range(after + 1, min(after + 41, 101))]
        return listing(*rows, total=100 - after)

    assert [len(page.runs) for page in client(answer).runs(0)] == [40, 40, 20]


def test_a_list_that_ignores_the_offset_does_not_loop():
    with pytest.raises(UnexpectedAnswer, match="same page again"):
        client(lambda _: listing({"id": 1, "name": "One"}, total=5)).projects()


def test_an_empty_page_ends_a_list_whatever_the_count_says():
    pages = iter([listing({"id": 1, "name": "One"}, total=5), listing(total=5)])

    assert len(client(lambda _: next(pages)).projects()) == 1


def test_data_may_be_null_when_there_is_nothing():
    assert client(lambda _: httpx.Response(200, json={"data": None})).projects() == []


@pytest.mark.parametrize("row", [{"id": None, "status": 10}, {"status": 10}, {"id": 7}])
def test_a_run_without_id_or_status_stops_the_page(row):
    with pytest.raises(UnexpectedAnswer, match="has no"):
        list(client(lambda _: listing(row)).runs(0))


def test_another_run_than_asked_for_is_found_out():
    other = client(lambda _: httpx.Response(200, json={"data": {"id": 8, "status": 10}}))

    with pytest.raises(UnexpectedAnswer, match="It answered run 8"):
        other.run(7)
