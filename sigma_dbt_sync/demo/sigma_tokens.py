"""Gives out access tokens as Sigma does: for an hour, one a second, for both credential styles."""

import base64
import binascii
import secrets
import time
from http import HTTPStatus
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from sigma_dbt_sync.demo.sigma_answers import refused
from sigma_dbt_sync.demo.sigma_catalog import Organization


class Tokens:
    """The tokens of one organization, and when they end on the monotonic clock."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization
        self._ends: dict[str, float] = {}
        self._given_at: float | None = None

    def opens(self, authorization: str) -> bool:
        """Whether this header carries a token that is still good."""
        kind, _, token = authorization.partition(" ")
        return kind.lower() == "bearer" and self._ends.get(token, 0.0) > time.monotonic()

    def revoke(self) -> None:
        """End every token at once."""
        self._ends.clear()

    async def give(self, request: Request) -> Response:
        """Answer `POST /v2/auth/token`."""
        if self._is_too_soon():
            return PlainTextResponse("error code: 1015", HTTPStatus.TOO_MANY_REQUESTS)
        form = {
            name: values[0] for name, values in parse_qs((await request.body()).decode()).items()
        }
        if form.get("grant_type") != "client_credentials":
            return refused(HTTPStatus.BAD_REQUEST, "Unsupported grant type")
        style, found = _credentials(request.headers.get("authorization"), form)
        known = (self._organization.client_id, self._organization.client_secret)
        if style not in self._organization.credential_styles or found != known:
            return refused(HTTPStatus.UNAUTHORIZED, "Invalid client credentials")
        token = secrets.token_urlsafe(24)
        life = self._organization.token_seconds
        self._ends[token] = time.monotonic() + life
        return JSONResponse(
            {
                "access_token": token,
                "refresh_token": secrets.token_urlsafe(24),
                "token_type": "bearer",
                "expires_in": life,
            }
        )

    def _is_too_soon(self) -> bool:
        now, before = time.monotonic(), self._given_at
        if before is not None and now - before < self._organization.seconds_between_tokens:
            return True
        self._given_at = now
        return False


def _credentials(header: str | None, form: dict[str, str]) -> tuple[str, tuple[str, str] | None]:
    kind, _, encoded = (header or "").partition(" ")
    if kind.lower() != "basic":
        return "form", (form.get("client_id", ""), form.get("client_secret", ""))
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "basic", None
    return "basic", (name, secret)
