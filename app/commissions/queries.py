"""Reading the commission rules and the money settings."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app import clock
from app.commissions.rules import FULL_BPS, Conditions, Rule
from app.errors import NotFound
from app.models.commissions import CommissionRule, MoneySettings

_FROM_THE_TOP = (CommissionRule.is_default, CommissionRule.position, CommissionRule.rule_number)


class RuleVersion(msgspec.Struct):
    """What is read of a row of `commission_rules` without the ORM."""

    rule_number: int
    version: int
    name: str
    is_default: bool
    conditions: dict[str, Any]
    rate_bps: Decimal
    flat: dict[str, int]
    floor: dict[str, int]
    cap: dict[str, int]
    net_of_tax: bool
    with_shipping: bool
    hold_days: int | None
    valid_from: datetime
    valid_to: datetime | None


def list_versions(session: Session, shop_id: int, at: datetime | None = None) -> Sequence[CommissionRule]:
    """The list from the top as it was in force at `at`; None: now. The default is always last."""
    at = at or clock.now()
    ended_later = or_(CommissionRule.valid_to.is_(None), CommissionRule.valid_to > at)
    query = select(CommissionRule).where(
        CommissionRule.shop_id == shop_id, CommissionRule.valid_from <= at, ended_later
    )
    return session.scalars(query.order_by(*_FROM_THE_TOP)).all()


def list_rules(session: Session, shop_id: int, at: datetime | None = None) -> list[Rule]:
    """The same, as the engine reads them."""
    return [to_rule(version) for version in list_versions(session, shop_id, at)]


def list_rules_at(session: Session, shop_id: int, moments: AbstractSet[datetime]) -> dict[datetime, list[Rule]]:
    """The list as it was in force at each of the moments, of which there is at least one, in one query."""
    ended_later = or_(CommissionRule.valid_to.is_(None), CommissionRule.valid_to > min(moments))
    query = select(CommissionRule).where(
        CommissionRule.shop_id == shop_id, CommissionRule.valid_from <= max(moments), ended_later
    )
    versions = session.scalars(query.order_by(*_FROM_THE_TOP)).all()
    return rules_at([(version.valid_from, version.valid_to, to_rule(version)) for version in versions], moments)


def rules_at(
    versions: Sequence[tuple[datetime, datetime | None, Rule]], moments: AbstractSet[datetime]
) -> dict[datetime, list[Rule]]:
    """Of versions from and to (exclusive) a moment, those in force at each of the moments."""
    return {at: [rule for start, end, rule in versions if start <= at and (end is None or end > at)] for at in moments}


def list_asked(session: Session, shop_id: int, since: datetime) -> list[tuple[datetime, datetime | None, Conditions]]:
    """What versions in force after a moment asked about, each from and to (exclusive) when."""
    lasted = or_(CommissionRule.valid_to.is_(None), CommissionRule.valid_to > since)
    query = select(CommissionRule.valid_from, CommissionRule.valid_to, CommissionRule.conditions)
    rows = session.execute(query.where(CommissionRule.shop_id == shop_id, lasted))
    asked = [(start, end, read_conditions(conditions)) for start, end, conditions in rows]
    return [one for one in asked if one[2].group_ids or one[2].collection_gids]


def list_planned(session: Session, shop_id: int) -> Sequence[CommissionRule]:
    """Versions that have not begun yet, soonest first; not those that were dropped."""
    later = (CommissionRule.valid_from > clock.now(), CommissionRule.valid_to.is_(None))
    query = select(CommissionRule).where(CommissionRule.shop_id == shop_id, *later)
    return session.scalars(query.order_by(CommissionRule.valid_from, CommissionRule.rule_number)).all()


def name_rules(session: Session, shop_id: int) -> dict[int, str]:
    """What each rule that there ever was is called, or was called last."""
    query = select(CommissionRule.rule_number, CommissionRule.name).where(CommissionRule.shop_id == shop_id)
    return {row[0]: row[1] for row in session.execute(query.order_by(CommissionRule.version))}


def get_version(session: Session, shop_id: int, rule_number: int) -> CommissionRule:
    """The rule's newest version: the one in force, or the one that is planned. Raises NotFound."""
    found = find_version(session, shop_id, rule_number)
    if found is None:
        raise NotFound("This rule is no longer in the list.")
    return found


def find_version(session: Session, shop_id: int, rule_number: int) -> CommissionRule | None:
    query = select(CommissionRule).where(
        CommissionRule.shop_id == shop_id,
        CommissionRule.rule_number == rule_number,
        CommissionRule.valid_to.is_(None),
    )
    return session.scalars(query).one_or_none()


def get_settings(session: Session, shop_id: int) -> MoneySettings:
    """The shop's money settings; the defaults, not yet stored, when nothing was chosen."""
    return session.get(MoneySettings, shop_id) or default_settings()


def default_settings() -> MoneySettings:
    """Those of a shop that has chosen nothing."""
    return MoneySettings(
        shipping_to="vendor",
        shipping_share="value",
        sales_tax_to="marketplace",
        shipping_tax_to="marketplace",
        keep_commission=False,
        refund_bearer="spread",
        fee_tax_bps=Decimal(0),
        discount_bearers={},
        discount_bps=FULL_BPS,
        payment_fees_to="marketplace",
        keep_payment_fee=False,
        dispute_fee_minor=0,
        dispute_fee_to="marketplace",
        reserve_bps=Decimal(0),
        reserve_days=0,
    )


def to_rule(version: CommissionRule | RuleVersion) -> Rule:
    return Rule(
        id=version.rule_number,
        version=version.version,
        name=version.name,
        rate_bps=version.rate_bps,
        conditions=read_conditions(version.conditions),
        flat=version.flat,
        floor=version.floor,
        cap=version.cap,
        net_of_tax=version.net_of_tax,
        with_shipping=version.with_shipping,
        hold_days=version.hold_days,
        is_default=version.is_default,
        labels=version.conditions.get("labels", {}),
    )


def read_conditions(stored: Mapping[str, Any]) -> Conditions:
    return Conditions(
        vendor_ids=frozenset(stored.get("vendor_ids", ())),
        group_ids=frozenset(stored.get("group_ids", ())),
        product_gids=frozenset(stored.get("product_gids", ())),
        category_gids=frozenset(stored.get("category_gids", ())),
        collection_gids=frozenset(stored.get("collection_gids", ())),
        tags=frozenset(stored.get("tags", ())),
        price_from=stored.get("price_from"),
        price_to=stored.get("price_to"),
        price_currency=stored.get("price_currency"),
        ordered_from=_moment(stored.get("ordered_from")),
        ordered_to=_moment(stored.get("ordered_to")),
    )


def write_conditions(conditions: Conditions, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
    """As they are stored, with what people call them; empty ones are left out."""
    picked = conditions.product_gids | conditions.category_gids | conditions.collection_gids
    known = {gid: name for gid, name in (labels or {}).items() if gid in picked}
    sets = {
        "vendor_ids": sorted(conditions.vendor_ids),
        "group_ids": sorted(conditions.group_ids),
        "product_gids": sorted(conditions.product_gids),
        "category_gids": sorted(conditions.category_gids),
        "collection_gids": sorted(conditions.collection_gids),
        "tags": sorted(conditions.tags),
    }
    band = {
        "price_from": conditions.price_from,
        "price_to": conditions.price_to,
        "price_currency": conditions.price_currency if conditions.has_price_band else None,
    }
    dates = {"ordered_from": conditions.ordered_from, "ordered_to": conditions.ordered_to}
    moments = {name: at.isoformat() for name, at in dates.items() if at}
    return {
        **{name: values for name, values in sets.items() if values},
        **{name: value for name, value in band.items() if value is not None},
        **moments,
        **({"labels": known} if known else {}),
    }


def freeze_rule(rule: Rule) -> dict[str, Any]:
    """What an order line keeps of the rule that fired."""
    return {
        "id": rule.id,
        "version": rule.version,
        "name": rule.name,
        "rate_bps": str(rule.rate_bps),
        "flat": dict(rule.flat),
        "floor": dict(rule.floor),
        "cap": dict(rule.cap),
        "net_of_tax": rule.net_of_tax,
        "with_shipping": rule.with_shipping,
        "hold_days": rule.hold_days,
        "is_default": rule.is_default,
    }


def write_rule(rule: Rule) -> dict[str, Any]:
    """The whole rule, conditions included."""
    return {**freeze_rule(rule), "conditions": write_conditions(rule.conditions, rule.labels)}


def read_rule(stored: Mapping[str, Any]) -> Rule:
    conditions = read_conditions(stored["conditions"])
    return Rule(**{**stored, "rate_bps": Decimal(stored["rate_bps"]), "conditions": conditions})


def thaw_rule(stored: Mapping[str, Any]) -> Rule:
    """The rule as it was at the sale; its conditions no longer matter."""
    return _thaw(msgspec.json.encode(stored))


@lru_cache(1024)
def _thaw(stored: bytes) -> Rule:
    """A shop's orders are sold under a few rules, and to read one costs more than to look for it."""
    kept = msgspec.json.decode(stored)
    kept.pop("asked", None)
    return Rule(**{**kept, "rate_bps": Decimal(kept["rate_bps"])})


def _moment(stored: str | None) -> datetime | None:
    return datetime.fromisoformat(stored) if stored else None
