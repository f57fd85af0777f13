"""Passkeys (WebAuthn): a key in the person's device or password manager, unlocked there by finger, face or PIN.

A passkey proves the device and the person at once, so it signs in alone, without an e-mailed link.
"""

import ipaddress
import json
from typing import Any, Final
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app import clock, crypto
from app.auth.factors import list_factors
from app.config import get_config
from app.models.factors import FactorKind, LoginFactor

_CHALLENGE: Final = "passkey-challenge"
_CHALLENGE_SECONDS: Final = 300


def is_possible() -> bool:
    """Passkeys belong to a host name; browsers make none for a bare address such as 127.0.0.1."""
    try:
        ipaddress.ip_address(_host())
    except ValueError:
        return True
    return False


def begin_registration(session: Session, shop_id: int, email: str) -> tuple[dict[str, Any], str]:
    """What `navigator.credentials.create` is given, and the ticket that must come back with its answer."""
    known = [factor.credential_id for factor in list_factors(session, shop_id, email) if factor.credential_id]
    options = webauthn.generate_registration_options(
        rp_id=_host(),
        rp_name="Stallkeeper",
        user_id=crypto.hash_token(f"{shop_id}:{email.lower()}"),
        user_name=email,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=key) for key in known],
    )
    return json.loads(webauthn.options_to_json(options)), _sign(options.challenge, f"new:{shop_id}:{email.lower()}")


def finish_registration(
    session: Session, shop_id: int, email: str, *, answer: str, ticket: str, name: str
) -> LoginFactor | None:
    """Keep the passkey that the browser made. None: the answer is forged, too late, or of another site or person."""
    challenge = _read(ticket, f"new:{shop_id}:{email.lower()}")
    if challenge is None:
        return None
    try:
        made = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_host(),
            expected_origin=get_config().portal_url,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError):
        return None
    if session.scalar(select(LoginFactor.id).where(LoginFactor.credential_id == made.credential_id)):
        return None
    factor = LoginFactor(
        shop_id=shop_id,
        email=email.lower(),
        kind=FactorKind.PASSKEY,
        name=name,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        created_at=clock.now(),
    )
    session.add(factor)
    session.flush()
    return factor


def begin_sign_in() -> tuple[dict[str, Any], str]:
    """What `navigator.credentials.get` is given, and the ticket that must come back. The browser knows who it is."""
    options = webauthn.generate_authentication_options(
        rp_id=_host(), user_verification=UserVerificationRequirement.REQUIRED
    )
    return json.loads(webauthn.options_to_json(options)), _sign(options.challenge, "sign-in")


def finish_sign_in(session: Session, *, answer: str, ticket: str) -> LoginFactor | None:
    """The passkey that signed the challenge, across shops: it says whose it is. None: it proves nothing."""
    challenge, factor = _read(ticket, "sign-in"), _find_passkey(session, answer)
    if challenge is None or factor is None or factor.public_key is None:
        return None
    try:
        proved = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_host(),
            expected_origin=get_config().portal_url,
            credential_public_key=factor.public_key,
            credential_current_sign_count=factor.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError):
        return None
    # A counter that stands still belongs to a synced passkey (always 0); one that runs back was copied, and is refused
    # above. The row count is the lock against the same answer sent twice.
    counted = (LoginFactor.sign_count < proved.new_sign_count) | (LoginFactor.sign_count == 0)
    statement = (
        update(LoginFactor)
        .where(LoginFactor.id == factor.id, counted)
        .values(sign_count=proved.new_sign_count, last_used_at=clock.now())
    )
    return factor if session.execute(statement.returning(LoginFactor.id)).first() else None


def _find_passkey(session: Session, answer: str) -> LoginFactor | None:
    try:
        credential_id = base64url_to_bytes(json.loads(answer)["rawId"])
    except (ValueError, KeyError, TypeError):
        return None
    return session.scalar(select(LoginFactor).where(LoginFactor.credential_id == credential_id))


def _host() -> str:
    return urlsplit(get_config().portal_url).hostname or ""


def _sign(challenge: bytes, use: str) -> str:
    claims = {"challenge": bytes_to_base64url(challenge), "use": use}
    return crypto.sign_ticket(claims, get_config().secret_keys, _CHALLENGE, seconds=_CHALLENGE_SECONDS)


def _read(ticket: str, use: str) -> bytes | None:
    claims = crypto.read_ticket(ticket, get_config().secret_keys, _CHALLENGE)
    return base64url_to_bytes(claims["challenge"]) if claims and claims["use"] == use else None
