"""Secrets at rest, signed tickets, and the keys they are made of.

Encryption is Fernet over MultiFernet: the first of SECRET_KEYS encrypts, all of them decrypt, so keys can be rotated.
Signing keys are derived per purpose (HKDF), never Shopify's app secret: one secret must not sign two formats, or a
signed cookie can be replayed as a webhook signature (shopify-api 13.1.0 had that bug).
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app import clock


def derive_key(secret: str, purpose: str) -> bytes:
    """32 bytes that are good for one purpose only."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"stallkeeper:{purpose}".encode()).derive(
        secret.encode()
    )


def _box(keys: Sequence[str]) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(derive_key(key, "at-rest"))) for key in keys])


def encrypt(text: str, keys: Sequence[str]) -> bytes:
    return encrypt_file(text.encode(), keys)


def decrypt(blob: bytes, keys: Sequence[str]) -> str:
    """Raises ValueError when none of the keys fits."""
    return decrypt_file(blob, keys).decode()


def encrypt_file(content: bytes, keys: Sequence[str]) -> bytes:
    return _box(keys).encrypt(content)


def decrypt_file(blob: bytes, keys: Sequence[str]) -> bytes:
    """Raises ValueError when none of the keys fits."""
    try:
        return _box(keys).decrypt(blob)
    except InvalidToken:
        raise ValueError("none of SECRET_KEYS decrypts this value") from None


def rotate(blob: bytes, keys: Sequence[str]) -> bytes:
    """The same secret under the first key. Raises ValueError when none of the keys fits."""
    try:
        return _box(keys).rotate(blob)
    except InvalidToken:
        raise ValueError("none of SECRET_KEYS decrypts this value") from None


def new_token() -> str:
    """A random URL-safe secret of 256 bits. Only its hash is ever stored."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> bytes:
    """Tokens have 256 bits of their own, so a plain hash is enough: there is nothing to guess."""
    return hashlib.sha256(token.encode()).digest()


def sign_ticket(claims: Mapping[str, Any], keys: Sequence[str], purpose: str, *, seconds: int) -> str:
    """A short-lived signed statement, URL-safe. `purpose` keeps tickets of different doors apart."""
    body = _encode(
        json.dumps({**claims, "exp": int(clock.now().timestamp()) + seconds}, separators=(",", ":")).encode()
    )
    return f"{body}.{_encode(_mac(body, keys[0], purpose))}"


def read_ticket(ticket: str, keys: Sequence[str], purpose: str) -> dict[str, Any] | None:
    """The claims, or None when the ticket is forged, foreign or too old."""
    body, _, signature = ticket.partition(".")
    try:
        # As text, of which there is one for each signature: a ticket that counts once cannot be spelt another way.
        given = signature.encode()
        if not any(hmac.compare_digest(given, _encode(_mac(body, key, purpose)).encode()) for key in keys):
            return None
        claims: dict[str, Any] = json.loads(_decode(body))
    except ValueError:
        return None
    return claims if claims["exp"] > clock.now().timestamp() else None


def _mac(body: str, key: str, purpose: str) -> bytes:
    return hmac.digest(derive_key(key, f"ticket:{purpose}"), body.encode(), "sha256")


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
