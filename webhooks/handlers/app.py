"""The app's own life in a shop."""

from sqlalchemy.orm import Session

from app.auth import installation
from app.models.events import InboxEvent
from app.models.shops import Shop
from app.shopify.payloads import AppUninstalled, ScopesUpdate, ShopUpdate, read_payload, require_own


def handle_app_uninstalled(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    require_own(shop.domain, read_payload(AppUninstalled, payload).myshopify_domain)
    installation.suspect_uninstall(session, shop, event.triggered_at or event.received_at)


def handle_app_scopes_update(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    del session, event
    installation.change_scopes(shop, read_payload(ScopesUpdate, payload).current)


def handle_shop_update(session: Session, shop: Shop, payload: bytes, event: InboxEvent) -> None:
    del event
    body = read_payload(ShopUpdate, payload)
    require_own(shop.domain, body.myshopify_domain)
    shop.name, shop.email = body.name, body.email
    if body.iana_timezone:
        installation.take_timezone(session, shop, body.iana_timezone)
    if body.currency not in {None, shop.currency}:
        # News come late and twice; what a change of currency ends, an old one must not end again.
        installation.ask_for_profile(session, shop)
    shop.primary_host = body.domain or shop.primary_host
