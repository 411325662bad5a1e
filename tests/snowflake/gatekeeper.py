"""Who may log in to the Snowflake of the tests, judged as Snowflake judges.

Without a `Gatekeeper` everybody may. Codes and messages are Snowflake's, as its key-pair
troubleshooting and reports of its drivers' users have them.
"""

import base64
import hashlib
import json
import time
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

Refusal = tuple[str, str]
"""Code and message."""

_BAD_JWT = ("390144", "JWT token is invalid. [0ce9eb56-821d-4ca9-a774-04ae89a0cf5a]")
_BAD_ROLE = (
    "390189",
    "Role '{}' specified in the connect string does not exist or not authorized.",
)
_BAD_TOKENS = {
    "PROGRAMMATIC_ACCESS_TOKEN": ("394400", "Programmatic access token is invalid."),
    "OAUTH": ("390303", "Invalid OAuth access token. [a3b0e2f4]"),
}


@dataclass(frozen=True)
class Gatekeeper:
    """Knows one user: its public key in PEM, its token, its roles."""

    public_key: str
    token: str
    roles: list[str]

    def refusal(self, data: dict[str, Any], role: str) -> Refusal | None:
        """Say why a login is refused, if it is."""
        how = data["AUTHENTICATOR"]
        if how == "SNOWFLAKE_JWT":
            if not self._signed(data):
                return _BAD_JWT
        elif data["TOKEN"] != self.token:
            return _BAD_TOKENS[how]
        if role not in self.roles:
            return _BAD_ROLE[0], _BAD_ROLE[1].format(role)
        return None

    def _signed(self, data: dict[str, Any]) -> bool:
        """Whether the token names account, user and key, is in force, and signed with the key."""
        key = serialization.load_pem_public_key(self.public_key.encode())
        assert isinstance(key, rsa.RSAPublicKey)
        der, spki = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        fingerprint = base64.b64encode(hashlib.sha256(key.public_bytes(der, spki)).digest())
        signed, _, signature = data["TOKEN"].rpartition(".")
        head, claims = (json.loads(_decoded(part)) for part in signed.split("."))
        name = f"{data['ACCOUNT_NAME']}.{data['LOGIN_NAME']}".upper()
        try:
            key.verify(_decoded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return (
            head["alg"] == "RS256"
            and claims["sub"] == name
            and claims["iss"] == f"{name}.SHA256:{fingerprint.decode()}"
            and claims["iat"] <= time.time() < claims["exp"]
        )


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
