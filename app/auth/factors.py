"""The second factor: what guards a person's seat besides their mail, and how it is proved.

A factor belongs to an address in a shop. Sessions here are the shop's or the system's, never a vendor's: one vendor's
portal must not read what guards the people of another.
"""

import secrets
import string
import time
from collections.abc import Sequence
from typing import Final

import pyotp
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from app import clock, crypto
from app.config import get_config
from app.models.factors import FactorKind, LoginFactor, RecoveryCode

RECOVERY_CODES: Final = 10
_STEP_SECONDS: Final = 30
# No letters or digits that look alike on paper; fifteen of these have 74 bits: too many to find one by its hash.
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"


def list_factors(session: Session, shop_id: int, email: str) -> Sequence[LoginFactor]:
    """What guards this address, oldest first."""
    query = select(LoginFactor).where(*_owned(LoginFactor, shop_id, email)).order_by(LoginFactor.id)
    return session.scalars(query).all()


def is_guarded(session: Session, shop_id: int, email: str) -> bool:
    return session.scalar(select(LoginFactor.id).where(*_owned(LoginFactor, shop_id, email)).limit(1)) is not None


def remove_factor(session: Session, shop_id: int, email: str, factor_id: int) -> str | None:
    """Take one factor away, and the recovery codes with the last. Returns its name, or None when it was gone."""
    name = session.scalar(
        delete(LoginFactor)
        .where(*_owned(LoginFactor, shop_id, email), LoginFactor.id == factor_id)
        .returning(LoginFactor.name)
    )
    if name is not None and not is_guarded(session, shop_id, email):
        session.execute(delete(RecoveryCode).where(*_owned(RecoveryCode, shop_id, email)))
    return name


def remove_all(session: Session, shop_id: int, email: str) -> int:
    """For somebody who lost everything: mail alone opens the door again. Returns how many factors went."""
    gone = session.execute(delete(LoginFactor).where(*_owned(LoginFactor, shop_id, email)).returning(LoginFactor.id))
    session.execute(delete(RecoveryCode).where(*_owned(RecoveryCode, shop_id, email)))
    return len(gone.all())


# -- authenticator apps -----------------------------------------------------------------------------------------------


def new_secret() -> str:
    """The seed of an authenticator app, in base32."""
    return pyotp.random_base32()


def otpauth_uri(secret: str, email: str, issuer: str) -> str:
    """What the app's QR code says (Google's Key Uri Format)."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def find_step(secret: str, code: str, *, after: int = 0) -> int | None:
    """The half minute whose code this is, among the last, this and the next; None for any other code.

    `after` refuses codes that were used: RFC 6238 §5.2 wants each to work once. Authenticators follow the real clock,
    whatever time the marketplace thinks it is.
    """
    totp, now = pyotp.TOTP(secret), int(time.time()) // _STEP_SECONDS
    given = "".join(sign for sign in code if sign in string.digits)
    steps = (step for step in (now - 1, now, now + 1) if step > after)
    return next((step for step in steps if secrets.compare_digest(totp.generate_otp(step), given)), None)


def add_totp(session: Session, shop_id: int, email: str, secret: str, code: str, *, name: str) -> LoginFactor | None:
    """Keep the seed once a code proves that the app has it. None: the code is not of this seed."""
    step = find_step(secret, code)
    if step is None:
        return None
    factor = LoginFactor(
        shop_id=shop_id,
        email=email.lower(),
        kind=FactorKind.TOTP,
        name=name,
        secret=crypto.encrypt(secret, get_config().secret_keys),
        last_step=step,
        created_at=clock.now(),
    )
    session.add(factor)
    session.flush()
    return factor


def use_code(session: Session, shop_id: int, email: str, code: str) -> str | None:
    """Use up a code of an authenticator app, or a recovery code. Returns what it was, or None: it is neither."""
    for factor in list_factors(session, shop_id, email):
        if factor.secret is None:
            continue
        step = find_step(crypto.decrypt(factor.secret, get_config().secret_keys), code, after=factor.last_step)
        if step is not None and _take_step(session, factor, step):
            return factor.name
    return "recovery code" if _take_recovery_code(session, shop_id, email, code) else None


def _take_step(session: Session, factor: LoginFactor, step: int) -> bool:
    """The row count is the lock: of two browsers with one code, one gets in."""
    statement = (
        update(LoginFactor)
        .where(LoginFactor.id == factor.id, LoginFactor.last_step < step)
        .values(last_step=step, last_used_at=clock.now())
    )
    return session.execute(statement.returning(LoginFactor.id)).first() is not None


# -- recovery codes ---------------------------------------------------------------------------------------------------


def renew_recovery_codes(session: Session, shop_id: int, email: str) -> list[str]:
    """Ten fresh codes, such as "k7m2q-x9d4h-p3w8n"; the old ones work no more. They are shown once, kept as hashes."""
    session.execute(delete(RecoveryCode).where(*_owned(RecoveryCode, shop_id, email)))
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(15)) for _ in range(RECOVERY_CODES)]
    now = clock.now()
    session.add_all(
        RecoveryCode(shop_id=shop_id, email=email.lower(), code_hash=_hash(shop_id, email, code), created_at=now)
        for code in codes
    )
    session.flush()
    return [f"{code[:5]}-{code[5:10]}-{code[10:]}" for code in codes]


def count_recovery_codes(session: Session, shop_id: int, email: str) -> int:
    query = select(func.count(RecoveryCode.id)).where(
        *_owned(RecoveryCode, shop_id, email), RecoveryCode.used_at.is_(None)
    )
    return session.scalar(query) or 0


def _take_recovery_code(session: Session, shop_id: int, email: str, code: str) -> bool:
    plain = "".join(filter(str.isalnum, code)).lower()
    statement = (
        update(RecoveryCode)
        .where(
            *_owned(RecoveryCode, shop_id, email),
            RecoveryCode.code_hash == _hash(shop_id, email, plain),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=clock.now())
    )
    return session.execute(statement.returning(RecoveryCode.id)).first() is not None


def _hash(shop_id: int, email: str, code: str) -> bytes:
    return crypto.hash_token(f"{shop_id}:{email.lower()}:{code}")


def _owned(model: type[LoginFactor | RecoveryCode], shop_id: int, email: str) -> tuple[ColumnElement[bool], ...]:
    return model.shop_id == shop_id, model.email == email.lower()
