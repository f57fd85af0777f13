"""A shop's coming, going and coming back. Every step may be repeated; what is missing is made up at the next visit."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import structlog
from sqlalchemy import or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from app import audit, clock
from app.db import scoped, system
from app.models.commissions import MoneySettings, VendorTerms
from app.models.products import Location
from app.models.shops import Shop, ShopSettings, ShopStatus
from app.queue import enqueue_after_commit
from app.shopify import definitions, tokens
from app.shopify.client import graphql
from app.shopify.errors import ShopifyAccessLost, ShopifyRefusedClient
from app.shopify.id_tokens import IdToken
from app.shopify.paging import list_all
from app.shopify.tokens import ShopCredentials

ONLINE_STORE: Final = "Online Store"
_EVERY_DAY: Final = text("""
    INSERT INTO days_to_count (shop_id, day)
    SELECT :shop_id, CAST(timezone(:zone, ordered_at) AS date) FROM orders WHERE shop_id = :shop_id
    UNION SELECT :shop_id, day FROM order_days WHERE shop_id = :shop_id
""")
log = structlog.get_logger()


def admit(token: IdToken) -> Shop:
    """The shop that a verified token speaks of, installed and with its definitions in place.

    A known, ready shop costs one query. Otherwise Shopify is asked: no transaction may be open. Raises ShopifyError.
    """
    with system() as session:
        shop = session.scalars(select(Shop).where(Shop.domain == token.shop_domain)).one_or_none()
    if shop is None or not _is_connected(shop):
        shop = _install(token)
    if shop.definitions_version < definitions.VERSION:
        shop = prepare(ShopCredentials(shop.id, shop.domain))
    return shop


def prepare(credentials: ShopCredentials) -> Shop:
    """Read the shop's profile and bring its definitions up to date; the rest follows in a job."""
    profile = graphql(credentials, "shop")
    vendor_gid = definitions.apply(credentials)
    with scoped(credentials.shop_id) as session:
        shop = _lock(session, credentials)
        _take_profile(session, shop, profile)
        shop.vendor_definition_gid = vendor_gid
        if shop.definitions_version < definitions.VERSION and shop.newest_told:
            shop.newest_told = None  # a shop that comes back may hold them still, or have lost them
        shop.definitions_version = definitions.VERSION
        enqueue_after_commit(session, "jobs.shops.find_places", shop.id, queue="catalogue")
    return shop


def ask_for_profile(session: Session, shop: Shop) -> None:
    enqueue_after_commit(session, "jobs.shops.read_profile", shop.id, queue="catalogue")


def read_profile(credentials: ShopCredentials) -> None:
    """Take over what Shopify says of the shop itself. Raises ShopifyError."""
    with scoped(credentials.shop_id) as session:
        known = session.get_one(Shop, credentials.shop_id).currency
    profile = graphql(credentials, "shop")
    with scoped(credentials.shop_id) as session:
        shop = _lock(session, credentials)
        if shop.currency == known:
            _take_profile(session, shop, profile)
        else:
            # Another answer was taken over meanwhile: this one may be the older.
            ask_for_profile(session, shop)


def _lock(session: Session, credentials: ShopCredentials) -> Shop:
    return session.get_one(Shop, credentials.shop_id, with_for_update={"key_share": True})


def _take_profile(session: Session, shop: Shop, profile: Mapping[str, Any]) -> None:
    if shop.shopify_gid is None:
        # Until now nobody knew its currency, and nothing has an amount.
        shop.currency = profile["currencyCode"]
    shop.shopify_gid = profile["id"]
    shop.name, shop.email = profile["name"], profile["email"]
    shop.primary_host = profile["primaryDomain"]["host"]
    _take_currency(session, shop, profile["currencyCode"])
    take_timezone(session, shop, profile["ianaTimezone"])


def _take_currency(session: Session, shop: Shop, currency: str) -> None:
    """What was earned stays in its currency. Amounts of the settings mean nothing in another: they begin at zero.

    Prices of products follow in a job.
    """
    if shop.currency == currency:
        return
    before, shop.currency, shop.prices_due_at = shop.currency, currency, clock.now()
    shop.earlier_currencies = [*shop.earlier_currencies, [before, shop.prices_due_at.isoformat()]]
    enqueue_after_commit(session, "jobs.catalogue.follow_currency", shop.id, queue="catalogue")
    of_shop = ShopSettings.shop_id == shop.id, MoneySettings.shop_id == shop.id, VendorTerms.shop_id == shop.id
    session.execute(update(ShopSettings).where(of_shop[0]).values(payout_minimum_minor=0))
    session.execute(update(MoneySettings).where(of_shop[1]).values(dispute_fee_minor=0))
    kept = VendorTerms.overrides.op("-", return_type=JSONB)("payout_minimum_minor")
    session.execute(update(VendorTerms).where(of_shop[2]).values(overrides=kept))
    changes = {"currency": [before, currency]}
    audit.record(session, shop.id, "shop.currency", ("shop", shop.id), actor="shopify", changes=changes)


def take_timezone(session: Session, shop: Shop, timezone: str) -> None:
    """Where days begin at another hour now, all that have orders, or figures, are counted anew."""
    if shop.timezone == timezone:
        return
    shop.timezone = timezone
    session.execute(_EVERY_DAY, {"shop_id": shop.id, "zone": timezone})


def find_places(credentials: ShopCredentials) -> None:
    """Learn the shop's locations, at which of them stock is counted first, and where products are published."""
    locations, publications = list_all(credentials, "locations"), list_all(credentials, "publications")
    open_places = [place["id"] for place in locations if place["isActive"] and place["fulfillsOnlineOrders"]]
    online = [publication["id"] for publication in publications if publication["name"] == ONLINE_STORE]
    with scoped(credentials.shop_id) as session:
        shop = session.get_one(Shop, credentials.shop_id)
        shop.location_gid = shop.location_gid or next(iter(open_places), None)
        shop.publication_gid = shop.publication_gid or next(iter(online), None)
        remember_locations(session, shop, locations)


def remember_locations(session: Session, shop: Shop, nodes: Sequence[Mapping[str, Any]]) -> None:
    """Keep the locations as Shopify has them; one that is closed or gone is closed here, too."""
    held = {row.shopify_gid: row for row in session.scalars(select(Location).where(Location.shop_id == shop.id))}
    for node in nodes:
        row = held.pop(node["id"], None) or Location(shop_id=shop.id, shopify_gid=node["id"])
        row.name, row.is_active = node["name"], node["isActive"]
        session.add(row)
    for row in held.values():
        row.is_active = False


def ask_for_places(session: Session, shop: Shop) -> None:
    """A location opened, closed or has another name: Shopify is asked which there are now."""
    enqueue_after_commit(session, "jobs.shops.find_places", shop.id, queue="catalogue")


def leave_place(session: Session, shop: Shop, location_gid: str) -> None:
    """A location closed or is gone. If stock was counted there first, another one is looked for."""
    if shop.location_gid == location_gid:
        shop.location_gid = None
    ask_for_places(session, shop)


def list_unfinished(session: Session) -> list[ShopCredentials]:
    """Installed shops whose definitions are old or whose places are unknown, for the sweep."""
    query = select(Shop.id, Shop.domain).where(
        Shop.status == ShopStatus.INSTALLED,
        Shop.access_token.is_not(None),
        or_(
            Shop.definitions_version < definitions.VERSION,
            Shop.location_gid.is_(None),
            Shop.publication_gid.is_(None),
        ),
    )
    return [ShopCredentials(shop_id, domain) for shop_id, domain in session.execute(query)]


def suspect_uninstall(session: Session, shop: Shop, at: datetime) -> None:
    """Note that Shopify says the app was removed, and have it confirmed.

    The topic of a webhook is not signed: anybody holding one signed body of this shop could claim this. Confirming
    asks Shopify. Events older than the last install are late news.
    """
    if shop.status is not ShopStatus.INSTALLED or at < shop.installed_at:
        return
    shop.uninstalled_at = at
    enqueue_after_commit(session, "jobs.shops.confirm_uninstall", shop.id, queue="catalogue")


def list_suspected_uninstalls(session: Session) -> list[ShopCredentials]:
    query = select(Shop.id, Shop.domain).where(Shop.status == ShopStatus.INSTALLED, Shop.uninstalled_at.is_not(None))
    return [ShopCredentials(shop_id, domain) for shop_id, domain in session.execute(query)]


def confirm_uninstall(credentials: ShopCredentials) -> bool:
    """Ask Shopify whether our access is gone; if so, forget the tokens. Returns whether the app was removed."""
    with scoped(credentials.shop_id) as session:
        shop = session.get_one(Shop, credentials.shop_id)
        if shop.status is not ShopStatus.INSTALLED or shop.uninstalled_at is None:
            return shop.status is ShopStatus.UNINSTALLED
        suspected_at = shop.uninstalled_at
    try:
        graphql(credentials, "currentAppInstallation")
    except (ShopifyAccessLost, ShopifyRefusedClient):
        # The webhook was signed with our secret, so it is not the secret that is wrong.
        removed = True
    else:
        removed = False
    with scoped(credentials.shop_id) as session:
        # Compare and swap: somebody may have installed again while Shopify was asked.
        mine = (Shop.id == credentials.shop_id, Shop.uninstalled_at == suspected_at)
        if not removed:
            session.execute(update(Shop).where(*mine).values(uninstalled_at=None))
            return False
        gone = {"status": ShopStatus.UNINSTALLED, "access_token": None, "refresh_token": None}
        ended = session.execute(update(Shop).where(*mine).values(gone).returning(Shop.id)).one_or_none()
        if ended:
            audit.record(session, credentials.shop_id, "app.uninstall", ("shop", credentials.shop_id), actor="shopify")
    log.info("app_uninstalled", shop=credentials.domain)
    return True


def change_scopes(shop: Shop, scopes: list[str]) -> None:
    """Shopify granted other scopes; a token carries the old ones until it is refreshed."""
    shop.scopes = ",".join(scopes)
    if shop.refresh_token is not None:
        shop.access_token_expires_at = clock.now()


def _is_connected(shop: Shop) -> bool:
    """A shop whose uninstall is suspected is not: the person in its admin brings a token, which settles it."""
    return shop.status is ShopStatus.INSTALLED and shop.uninstalled_at is None and shop.access_token is not None


def _install(token: IdToken) -> Shop:
    pair = tokens.exchange(token)
    now = clock.now()
    with system() as session:
        name = token.shop_domain.removesuffix(".myshopify.com")
        session.execute(insert(Shop).values(domain=token.shop_domain, name=name).on_conflict_do_nothing())
        shop = session.scalars(select(Shop).where(Shop.domain == token.shop_domain).with_for_update()).one()
        if not _is_connected(shop):
            shop.installed_at = now
        shop.status, shop.uninstalled_at = ShopStatus.INSTALLED, None
        tokens.store(shop, pair)
        session.execute(insert(ShopSettings).values(shop_id=shop.id).on_conflict_do_nothing())
        audit.record(session, shop.id, "app.install", ("shop", shop.id), actor=f"staff:{token.staff_id}")
    log.info("app_installed", shop=shop.domain)
    return shop
