"""A Snowflake on 127.0.0.1 for the tests: fakesnow behind Snowflake's own wire protocol.

    python -m tests.snowflake.server

Writes the number of its port to standard output, and serves until it is ended. Besides Snowflake's
routes it has /test/log (logins, statements and logouts since the last call), /test/faults
(statements and logins to refuse), /test/canned (answers known beforehand) and /test/gatekeeper (who
may log in). It cannot prove what Snowflake's SQL means, only what goes over the wire, and that
sqlglot takes every statement for Snowflake's.
"""

import asyncio
import gzip
import itertools
import json
import logging
import re
import socket
import uuid
import warnings
from typing import Any

import duckdb
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.snowflake import statements
from tests.snowflake.gatekeeper import Gatekeeper
from tests.snowflake.statements import Statement

import fakesnow.server as fake  # isort: skip - after `statements`, which makes it importable

_session_ids = itertools.count(1)
_log: list[dict[str, Any]] = []
_faults: list[dict[str, Any]] = []
_canned: list[dict[str, Any]] = []
_gatekeepers: list[Gatekeeper] = []
_in_transaction: set[str] = set()
_LONGER_THAN_A_TEST_WAITS = 5
_SECRET = {"PASSWORD", "TOKEN", "CLIENT_ENVIRONMENT"}


async def login(request: Request) -> JSONResponse:
    """Log in, with the fields connector 5 expects in the answer."""
    sent = await _body(request)
    data = sent["data"]
    _log.append(
        {
            "kind": "login",
            "query": dict(request.query_params),
            "data": {name: value for name, value in data.items() if name not in _SECRET},
            "token": bool(data.get("TOKEN")),
        }
    )
    if fault := _fault("login", json.dumps(dict(request.query_params)) + json.dumps(data)):
        return await _faulty(fault, "08001")
    role = request.query_params.get("roleName", "")
    for gatekeeper in _gatekeepers:
        if refusal := gatekeeper.refusal(data, role):
            return _refused(refusal[0], "08001", refusal[1])
    parameters = data["SESSION_PARAMETERS"] = data.get("SESSION_PARAMETERS") or {}
    for name in list(parameters):
        if name.upper() == "AUTOCOMMIT" and isinstance(parameters[name], str):
            parameters["AUTOCOMMIT"] = parameters[name].lower() != "false"
    _resend(request, sent)
    body = json.loads((await fake.login_request(request)).body)
    if body.get("success"):
        body["data"] |= {
            "masterToken": f"master-{body['data']['token']}",
            "sessionId": next(_session_ids),
            "validityInSeconds": 3600,
            "masterValidityInSeconds": 14400,
        }
    return JSONResponse(body)


async def query(request: Request) -> JSONResponse:
    """Run one statement."""
    sent = await _body(request)
    statement = Statement(sent.get("sqlText", ""), sent.get("bindings") or {})
    _log.append({"kind": "statement", "sql": statement.text, "longest": statement.longest})
    if told := await _told_at_once(statement):
        return told
    statement = statement.inlined()
    sent |= {"sqlText": statement.text, "bindings": statement.bindings}
    if not statement.bindings:
        del sent["bindings"]
    _resend(request, sent)
    try:
        answer = await _run(request, statement)
    except fake.ServerError as error:
        return _refused(error.code, "08003", error.message)
    except duckdb.Error as error:
        code, state = statements.as_snowflake_says(error)
        return _refused(code, state, str(error))
    if answer.status_code == 500:  # the connector would ask again and again
        return _refused("100000", "22000", json.loads(answer.body)["message"])
    return answer


async def _told_at_once(statement: Statement) -> JSONResponse | None:
    """Answer what a test wants refused or knows the answer of, and what is no SQL."""
    if fault := _fault("statement", statement.text):
        return await _faulty(fault, "22000")
    for canned in _canned:
        if re.search(canned["pattern"], statement.text):
            return _answer(canned["names"], canned["rows"])
    if not statement.is_understood:
        message = f"SQL compilation error: syntax error: {statement.text[:1000]}"
        return _refused("001003", "42000", message)
    return None


async def _run(request: Request, statement: Statement) -> JSONResponse:
    token = fake.to_token(request)
    conn = fake.to_conn(token)
    _follow_transaction(token, conn, statement)
    if statement.is_merge:
        counts = await run_in_threadpool(statements.merge, conn, statement)
        return _answer([f"number of rows {name}" for name in counts], [[*counts.values()]], conn)
    if statements.comment_on_column(conn, statement):
        return _answer(["status"], [["Statement executed successfully."]], conn)
    answer = await fake.query_request(request)
    body = json.loads(answer.body)
    if body["success"]:
        statements.keep_comments(conn, statement)
    elif "already exists" in body["message"]:
        return _refused("002002", "42710", body["message"])
    return answer


def _follow_transaction(token: str, conn: Any, statement: Statement) -> None:
    """Commit before DDL, as Snowflake does; DuckDB would take it into the transaction."""
    first = statement.text.split(maxsplit=1)[0].upper().rstrip(";")
    if first == "BEGIN":
        _in_transaction.add(token)
    elif first in {"COMMIT", "ROLLBACK"}:
        _in_transaction.discard(token)
    elif token in _in_transaction and statement.is_ddl:
        conn._duck_conn.commit()
        _in_transaction.discard(token)


async def session(request: Request) -> JSONResponse:
    """Log out."""
    _log.append({"kind": "logout"})
    return await fake.session(request)


async def log(request: Request) -> JSONResponse:
    """Hand out what came in since the last time."""
    await request.body()  # unread, it would cut the answer short
    told = list(_log)
    _log.clear()
    return JSONResponse(told)


async def faults(request: Request) -> JSONResponse:
    """Take what is to be refused from now on: kind, pattern, code, message, skip and times.

    Without a code there is no answer at all.
    """
    _faults[:] = await request.json()
    return JSONResponse({})


async def gatekeeper(request: Request) -> JSONResponse:
    """Take the one user who may log in from now on; nothing: everybody may."""
    known = await request.json()
    _gatekeepers[:] = [Gatekeeper(**known)] if known else []
    return JSONResponse({})


async def canned(request: Request) -> JSONResponse:
    """Take answers to give from now on: pattern, names, rows. What fakesnow has no idea of."""
    _canned[:] = await request.json()
    return JSONResponse({})


async def telemetry(request: Request) -> JSONResponse:
    """Take the connector's telemetry, and forget it."""
    await request.body()
    return JSONResponse({"data": None, "success": True, "code": None, "message": None})


def _fault(kind: str, text: str) -> dict[str, Any] | None:
    for fault in _faults:
        if fault["kind"] == kind and re.search(fault["pattern"], text) and fault["times"]:
            if fault["skip"]:
                fault["skip"] -= 1
                continue
            fault["times"] -= 1
            return fault
    return None


async def _faulty(fault: dict[str, Any], state: str) -> JSONResponse:
    if fault["code"] is None:
        await asyncio.sleep(_LONGER_THAN_A_TEST_WAITS)
    return _refused(fault["code"], state, fault["message"])


def _refused(code: str, state: str, message: str) -> JSONResponse:
    data = {"errorCode": code, "sqlState": state}
    return JSONResponse({"data": data, "code": code, "message": message, "success": False})


def _answer(names: list[str], rows: list[list[Any]], conn: Any = None) -> JSONResponse:
    """Answer with rows; numbers where the first row has them, else texts."""
    numbers = {"type": "fixed", "scale": 0, "precision": 19, "nullable": False, "length": None}
    texts = {"type": "text", "scale": None, "precision": None, "nullable": True, "length": 1000}
    first = rows[0] if rows else [""] * len(names)
    data = {
        "parameters": [],
        "rowtype": [
            {"name": name, **(numbers if isinstance(value, int) else texts)}
            for name, value in zip(names, first, strict=True)
        ],
        "rowset": [[None if value is None else str(value) for value in row] for row in rows],
        "total": len(rows),
        "returned": len(rows),
        "queryId": str(uuid.uuid4()),
        "statementTypeId": 0x3400,
        "finalDatabaseName": conn and conn.database,
        "finalSchemaName": conn and conn.schema,
        "queryResultFormat": "json",
    }
    return JSONResponse({"data": data, "success": True, "code": None, "message": None})


async def _body(request: Request) -> dict[str, Any]:
    body = await request.body()
    if request.headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    return json.loads(body)


def _resend(request: Request, body: dict[str, Any]) -> None:
    """Let fakesnow read another body than was sent."""
    text = json.dumps(body).encode()
    is_packed = request.headers.get("content-encoding") == "gzip"
    request._body = gzip.compress(text, 1) if is_packed else text


_OURS = {
    "/session/v1/login-request": login,
    "/queries/v1/query-request": query,
    "/session": session,
    "/telemetry/send": telemetry,
    "/test/log": log,
    "/test/faults": faults,
    "/test/canned": canned,
    "/test/gatekeeper": gatekeeper,
}
app = Starlette(
    routes=[
        *(Route(path, serve, methods=["POST"]) for path, serve in _OURS.items()),
        *(route for route in fake.routes if route.path not in _OURS),
    ]
)

if __name__ == "__main__":
    logging.disable(logging.WARNING)  # sqlglot lists what DuckDB has no word for
    warnings.filterwarnings("ignore", module="fakesnow")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()  # whoever connects before uvicorn runs waits
        print(listener.getsockname()[1], flush=True)  # noqa: T201 - the caller waits for it
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
