"""What a shop needs from Shopify after its install, and when it leaves."""

import structlog

from app.auth import installation
from app.db import scoped, system
from app.home import theme
from app.models.shops import Shop
from app.products import places
from app.queue import enqueue
from app.shopify import tokens
from app.shopify.tokens import ShopCredentials

log = structlog.get_logger()


def find_places(shop_id: int) -> None:
    """Learn the shop's locations and online store."""
    installation.find_places(_credentials(shop_id))
    with scoped(shop_id) as session:
        places.settle_first(session, session.get_one(Shop, shop_id))


def finish_install(shop_id: int) -> None:
    """Everything a shop still lacks: profile, definitions, places."""
    credentials = _credentials(shop_id)
    installation.prepare(credentials)
    installation.find_places(credentials)


def read_profile(shop_id: int) -> None:
    """Name, currency and time zone, as the shop's own settings in Shopify say."""
    installation.read_profile(_credentials(shop_id))


def confirm_uninstall(shop_id: int) -> None:
    installation.confirm_uninstall(_credentials(shop_id))


def sweep() -> None:
    """Ring again for shops whose install was not finished or whose uninstall was not confirmed."""
    with system() as session:
        unfinished = installation.list_unfinished(session)
        leaving = installation.list_suspected_uninstalls(session)
    for shop in unfinished:
        enqueue("jobs.shops.finish_install", shop.shop_id, queue="catalogue")
    for shop in leaving:
        enqueue("jobs.shops.confirm_uninstall", shop.shop_id, queue="catalogue")


def keep_tokens_alive() -> None:
    """Refresh tokens of shops that nobody opened for weeks."""
    log.info("tokens_kept_alive", shops=tokens.keep_alive())


def _credentials(shop_id: int) -> ShopCredentials:
    with scoped(shop_id) as session:
        return ShopCredentials(shop_id, session.get_one(Shop, shop_id).domain)


def look_at_theme(shop_id: int) -> None:
    theme.look(shop_id)


def sweep_themes() -> None:
    theme.sweep()
