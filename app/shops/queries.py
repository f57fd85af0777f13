"""Reads of the shop's own rows, most of them for the settings page. All run in the shop's scope."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.commissions import CommissionRule
from app.models.events import AuditEntry
from app.models.shops import Shop, ShopSettings, ShopStatus

ADDRESSEE: Final = """
    SELECT 'shop', row_to_json(r)::text FROM (SELECT id, status, has_redactions FROM shops WHERE id = %(shop)s) r
"""
"""Selects of %(shop)s an Addressee, in JSON."""


class Addressee(msgspec.Struct, frozen=True):
    """What news of orders ask about their shop. The whole row, read by the ORM, is a fifth of what a lone one costs."""

    id: int
    status: ShopStatus
    has_redactions: bool


def get_settings(session: Session, shop_id: int) -> ShopSettings:
    return session.get_one(ShopSettings, shop_id)


def find_default_rate(session: Session, shop: Shop) -> Decimal | None:
    """The commission of goods that no other rule is for, in per cent; None before the first rule was written."""
    rule = select(CommissionRule.rate_bps).where(
        CommissionRule.shop_id == shop.id, CommissionRule.is_default, CommissionRule.valid_to.is_(None)
    )
    found = session.execute(rule).scalar_one_or_none()
    return None if found is None else (found / 100).normalize()


def list_settings_changes(session: Session) -> Sequence[AuditEntry]:
    """The latest twenty, newest first."""
    query = select(AuditEntry).where(AuditEntry.action == "settings.change").order_by(AuditEntry.id.desc()).limit(20)
    return session.scalars(query).all()
