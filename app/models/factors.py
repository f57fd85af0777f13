"""What a person proves besides reading their mail: an authenticator app, passkeys, and codes for when both are lost."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId


class FactorKind(StrEnum):
    TOTP = "totp"
    PASSKEY = "passkey"


class LoginFactor(Model):
    """One of a person's second factors. It belongs to the address, so it guards every vendor they work for."""

    __tablename__ = "login_factors"
    __table_args__ = (Index("ix_login_factors_shop_id_email", "shop_id", "email"),)

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    email: Mapped[str]
    """In lower case."""
    kind: Mapped[FactorKind]
    name: Mapped[str]
    secret: Mapped[bytes | None]
    """Encrypted; the seed of an authenticator app."""
    last_step: Mapped[int] = mapped_column(server_default="0")
    """The half minute of the last code that was used: a code works once."""
    credential_id: Mapped[bytes | None] = mapped_column(unique=True)
    public_key: Mapped[bytes | None]
    """A passkey's, in COSE form."""
    sign_count: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[CreatedAt]
    last_used_at: Mapped[datetime | None]


class RecoveryCode(Model):
    """A way in when the second factor is lost; each works once. Only the hash is kept."""

    __tablename__ = "recovery_codes"
    __table_args__ = (Index("ix_recovery_codes_shop_id_email", "shop_id", "email"),)

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    email: Mapped[str]
    code_hash: Mapped[bytes]
    created_at: Mapped[CreatedAt]
    used_at: Mapped[datetime | None]
