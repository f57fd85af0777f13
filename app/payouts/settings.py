"""What the merchant sets up once: the account that pays, the rails and their keys, and when payouts are prepared."""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import audit, clock
from app.commissions.schedules import say_schedule
from app.config import get_config
from app.crypto import decrypt, encrypt
from app.models.commissions import MoneySettings
from app.models.payouts import PayoutSettings, RailKeys, RailName
from app.models.shops import Shop
from app.payouts import queries

KEY_FIELDS: Final[dict[RailName, tuple[str, ...]]] = {
    RailName.PAYPAL: ("client_id", "client_secret"),
    RailName.STRIPE: ("secret_key",),
}
"""What each rail wants to know. The first is shown in part, so that a person can tell keys apart."""


def save_payer(session: Session, shop: Shop, *, name: str, iban: str, bic: str, actor: str) -> None:
    """The account that bank files pay from. An empty `iban` keeps the one we have."""
    session.execute(insert(MoneySettings).values(shop_id=shop.id).on_conflict_do_nothing())
    settings = session.get_one(MoneySettings, shop.id)
    settings.payer_name, settings.payer_bic = name, bic
    if iban:
        settings.payer_iban = encrypt(iban, get_config().secret_keys)
        settings.payer_last4 = iban[-4:]
    settings.updated_at = clock.now()
    audit.record(session, shop.id, "payer_account.change", ("shop", shop.id), actor=actor)


def save_keys(session: Session, shop: Shop, rail: RailName, keys: Mapping[str, str], *, actor: str) -> None:
    """Keep keys that the provider has just taken, and offer the rail to vendors."""
    account = KEY_FIELDS[rail][0]
    shown, now = keys[account], clock.now()
    values = {
        "secret": encrypt(json.dumps(dict(keys)), get_config().secret_keys),
        "hint": f"{shown[:7]}…{shown[-4:]}" if len(shown) > 14 else "…" + shown[-2:],
        "checked_at": now,
        "updated_at": now,
    }
    statement = insert(RailKeys).values(shop_id=shop.id, rail=rail, **values)
    if find_keys(session, shop.id, rail).get(account) == shown:
        # A new secret for the same account: what is being sent can still be asked about by key.
        del values["updated_at"]
    session.execute(statement.on_conflict_do_update(index_elements=["shop_id", "rail"], set_=values))
    offer_rails(session, shop, {*queries.list_rails(session, shop.id), rail}, actor=actor)
    audit.record(session, shop.id, f"rail.{rail}.keys", ("shop", shop.id), actor=actor)


def find_keys(session: Session, shop_id: int, rail: RailName) -> dict[str, str]:
    """The shop's keys at a provider; empty when there are none."""
    stored = session.scalar(select(RailKeys.secret).where(RailKeys.shop_id == shop_id, RailKeys.rail == rail))
    found: dict[str, str] = json.loads(decrypt(stored, get_config().secret_keys)) if stored else {}
    return found


def remove_keys(session: Session, shop: Shop, rail: RailName, *, actor: str) -> None:
    session.execute(delete(RailKeys).where(RailKeys.shop_id == shop.id, RailKeys.rail == rail))
    offer_rails(session, shop, {*queries.list_rails(session, shop.id)} - {rail}, actor=actor)
    audit.record(session, shop.id, f"rail.{rail}.remove", ("shop", shop.id), actor=actor)


def offer_rails(session: Session, shop: Shop, rails: set[str], *, actor: str) -> None:
    """What vendors may choose among from now on. What was claimed already goes the way that it was claimed for."""
    settings = get_or_add(session, shop.id)
    before = list(settings.rails)
    settings.rails, settings.updated_at = [rail.value for rail in RailName if rail.value in rails], clock.now()
    changes = {"rails": [before, settings.rails]}
    audit.record(session, shop.id, "payout_rails.change", ("shop", shop.id), actor=actor, changes=changes)


def save_schedule(session: Session, shop: Shop, *, schedule: str, day: int, today: date, actor: str) -> None:
    """From today on. What was due before, also of vendors with a schedule of their own, is over."""
    settings = get_or_add(session, shop.id)
    before = say_schedule(settings.schedule, settings.schedule_day)
    settings.schedule, settings.schedule_day = schedule, day
    settings.schedule_from, settings.prepared_on = today, today - timedelta(days=1)
    settings.updated_at = clock.now()
    changes = {"schedule": [before, say_schedule(schedule, day)]}
    audit.record(session, shop.id, "payout_schedule.change", ("shop", shop.id), actor=actor, changes=changes)


def get_or_add(session: Session, shop_id: int) -> PayoutSettings:
    """The shop's payout settings; stored with their defaults when nothing was chosen yet."""
    session.execute(insert(PayoutSettings).values(shop_id=shop_id).on_conflict_do_nothing())
    return session.get_one(PayoutSettings, shop_id)


def save_invoicing(
    session: Session, shop: Shop, chosen: Mapping[str, str], *, monthly: bool = False, actor: str
) -> None:
    """Who charges the commission; invoices that were issued keep what they say. Monthly ones begin with this month."""
    settings = get_or_add(session, shop.id)
    for name, value in chosen.items():
        setattr(settings, name, value.strip())
    if monthly and not settings.invoice_monthly:
        settings.invoiced_until = clock.today(shop.timezone).replace(day=1)
    settings.invoice_monthly = monthly
    settings.updated_at = clock.now()
    audit.record(session, shop.id, "fee_invoices.settings", ("shop", shop.id), actor=actor)
