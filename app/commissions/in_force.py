"""What the books ask of a shop's terms and rules, read within the look at the orders that they are for.

PostgreSQL writes it all as one text. What was made of a text is kept, and found again by the text itself: so nothing is
ever older than the look, and a shop whose settings rest does not have them read again for every order.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy.orm import Session

from app.commissions.agreements import Agreed, merge_agreed
from app.commissions.queries import RuleVersion, default_settings, list_rules_at, rules_at, to_rule
from app.commissions.rules import Rule
from app.commissions.service import ensure_default_rule
from app.models.commissions import MoneySettings

_SHOP: Final = "WHERE t.shop_id = %(shop)s"


class _Settings(msgspec.Struct):
    """The columns of `money_settings` that orders are booked by."""

    shipping_to: str
    shipping_share: str
    sales_tax_to: str
    shipping_tax_to: str
    keep_commission: bool
    refund_bearer: str
    fee_tax_bps: Decimal
    discount_bearers: dict[str, Any]
    discount_bps: Decimal
    payment_fees_to: str
    keep_payment_fee: bool
    dispute_fee_minor: int
    dispute_fee_to: str
    reserve_bps: Decimal
    reserve_days: int


class _Limits(msgspec.Struct):
    """Those of `shop_settings`."""

    hold_days: int
    payout_minimum_minor: int


class _Overrides(msgspec.Struct):
    vendor_id: int
    overrides: dict[str, Any]


class _Shop(msgspec.Struct):
    """Columns of `shops`."""

    currency: str
    timezone: str


class _Text(msgspec.Struct):
    settings: _Settings | None
    limits: _Limits | None
    alone: list[_Overrides]
    rules: list[RuleVersion]
    shop: _Shop


class InForce(NamedTuple):
    """A shop's terms, and every version of a rule that was in force at some time since a moment."""

    agreed: Agreed
    versions: tuple[tuple[datetime, datetime | None, Rule], ...]
    """From, to (exclusive) and the rule, in the sequence of the list."""
    zone: ZoneInfo
    """Of the shop: days begin by it."""


def _columns(kind: type[msgspec.Struct]) -> str:
    return ", ".join(f"t.{name}" for name in kind.__struct_fields__)


READ: Final = f"""
    SELECT 'in_force', json_build_object(
        'settings', (SELECT row_to_json(r) FROM (SELECT {_columns(_Settings)} FROM money_settings t {_SHOP}) r),
        'limits', (SELECT row_to_json(r) FROM (SELECT {_columns(_Limits)} FROM shop_settings t {_SHOP}) r),
        'alone', ARRAY(SELECT row_to_json(r)
            FROM (SELECT {_columns(_Overrides)} FROM vendor_terms t {_SHOP} ORDER BY t.vendor_id) r),
        'rules', ARRAY(SELECT row_to_json(r)
            FROM (SELECT {_columns(RuleVersion)} FROM commission_rules t {_SHOP}
                  AND (t.valid_to IS NULL OR t.valid_to > %(since)s)
                  ORDER BY t.is_default, t.position, t.rule_number) r),
        'shop', (SELECT row_to_json(r) FROM (SELECT {_columns(_Shop)} FROM shops t WHERE t.id = %(shop)s) r))::text
"""  # noqa: S608 - names of ours only
"""Of %(shop)s, with the rules since %(since)s: what it is, and the text."""


@lru_cache(64)
def read_text(text: str) -> InForce:
    """What READ answered. Nobody changes it: others are given the same."""
    told = msgspec.json.decode(text, type=_Text)
    settings = MoneySettings(**msgspec.structs.asdict(told.settings)) if told.settings else default_settings()
    limits = msgspec.structs.asdict(told.limits) if told.limits else {}
    agreed = merge_agreed(settings, limits, {one.vendor_id: one.overrides for one in told.alone}, told.shop.currency)
    versions = tuple((rule.valid_from, rule.valid_to, to_rule(rule)) for rule in told.rules)
    return InForce(agreed, versions, ZoneInfo(told.shop.timezone))


def find_rules(
    session: Session, shop_id: int, known: InForce, since: datetime, moments: AbstractSet[datetime]
) -> Mapping[datetime, list[Rule]]:
    """The list as it was in force at each moment; the first order of all finds the default."""
    lists = rules_at(known.versions, moments) if min(moments) >= since else list_rules_at(session, shop_id, moments)
    if not any(rule.is_default for rules in lists.values() for rule in rules):
        ensure_default_rule(session, shop_id)
        lists = list_rules_at(session, shop_id, moments)
    return lists
