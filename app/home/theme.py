"""Which of our blocks the published theme has. A new theme may have none of them, and nothing in the shop says so.

Read when a theme is published, when somebody asks, and once a day. Without the scope `read_themes`, which older
installations have not granted yet, nothing is known and nothing is claimed.
"""

from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import audit
from app.config import get_config
from app.db import scoped, system
from app.home import theme_rules as rules
from app.models.shops import Shop, ShopStatus
from app.models.themes import ThemeLook
from app.queue import enqueue, enqueue_after_commit
from app.shopify.client import graphql
from app.shopify.tokens import ShopCredentials

SCOPE: Final = "read_themes"
_JOB: Final = "jobs.shops.look_at_theme"
_LOOK_AGAIN: Final = timedelta(days=1)
_MOST_FILES: Final = 250

log = structlog.get_logger()


def ask(session: Session, shop: Shop) -> None:
    """Have the published theme read soon."""
    asked = {"asked_at": func.clock_timestamp()}
    row = insert(ThemeLook).values(shop_id=shop.id, **asked)
    session.execute(row.on_conflict_do_update(index_elements=["shop_id"], set_=asked))
    enqueue_after_commit(session, _JOB, shop.id, queue="catalogue")


def look(shop_id: int) -> None:
    """Read the published theme and keep which blocks it has. Raises ShopifyError; the sweep then tries again."""
    with scoped(shop_id) as session:
        shop = session.get_one(Shop, shop_id)
        if shop.status is not ShopStatus.INSTALLED or not may_read(shop):
            return
        credentials = ShopCredentials(shop.id, shop.domain)
        began: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    handle = graphql(credentials, "currentAppInstallation")["app"]["handle"]
    found = graphql(credentials, "themes", {"filenames": list(rules.FILES), "files": _MOST_FILES})["nodes"]
    if found:
        with scoped(shop_id) as session:
            keep(session, shop_id, found[0], handle, began)


def keep(session: Session, shop_id: int, theme: dict[str, Any], handle: str, began: datetime) -> None:
    """Write what was read, unless a reading that began later was quicker, or the theme was not readable as a whole."""
    bodies = [(node["body"] or {}).get("content") for node in theme["files"]["nodes"]]
    session.execute(insert(ThemeLook).values(shop_id=shop_id, asked_at=began).on_conflict_do_nothing())
    row = session.get_one(ThemeLook, shop_id, with_for_update=True)
    if row.read_at is not None and row.read_at > began:
        return
    row.read_at, row.is_too_large = began, theme["files"]["pageInfo"]["hasNextPage"] or None in bodies
    if row.is_too_large:
        # Of what we did not see we cannot say that it is missing. Tomorrow it is looked at again, like any other.
        log.info("theme_too_large", shop=shop_id, files=len(bodies))
        return
    now = rules.find_blocks([text for text in bodies if text], handle)
    is_new = row.theme_gid is not None and row.theme_gid != theme["id"]
    row.lost = rules.list_lost(row.blocks, row.lost, now, is_new_theme=is_new)
    row.blocks, row.theme_gid, row.theme_name = sorted(now), theme["id"], theme["name"]


def find_look(session: Session, shop: Shop) -> ThemeLook | None:
    """What is known of the published theme; None when nothing is."""
    found = session.get(ThemeLook, shop.id)
    return found if found is not None and found.theme_gid is not None else None


def is_too_large(session: Session, shop: Shop) -> bool:
    """Whether the published theme has more files, or larger ones, than Shopify lets us read at once."""
    found = session.get(ThemeLook, shop.id)
    return found is not None and found.is_too_large


def give_up(session: Session, shop: Shop, *, actor: str) -> None:
    """The merchant does not want the missing blocks in this theme. A second time changes nothing."""
    row = session.get(ThemeLook, shop.id, with_for_update=True)
    if row is not None and row.lost:
        changes = {"blocks": [row.lost, []]}
        audit.record(session, shop.id, "theme.give_up", ("shop", shop.id), actor=actor, changes=changes)
        row.lost = []


def may_read(shop: Shop) -> bool:
    return SCOPE in (shop.scopes or "").split(",")


def sweep() -> int:
    """Ring for shops whose last reading is old, or was asked for and lost. Returns how many."""
    now = func.clock_timestamp()
    due = or_(
        ThemeLook.read_at.is_(None), ThemeLook.read_at < ThemeLook.asked_at, ThemeLook.read_at < now - _LOOK_AGAIN
    )
    with system() as session:
        query = select(Shop).outerjoin(ThemeLook, ThemeLook.shop_id == Shop.id)
        shops = session.scalars(query.where(Shop.status == ShopStatus.INSTALLED, due).limit(500)).all()
    readable = [shop.id for shop in shops if may_read(shop)]
    for shop_id in readable:
        enqueue(_JOB, shop_id, queue="catalogue")
    return len(readable)


def block_address(shop: Shop, block: str) -> str:
    """Shopify's theme editor with one of our blocks about to be added to a template of the live theme."""
    config = get_config()
    editor = f"{config.shopify_admin_url}/store/{shop.domain.removesuffix('.myshopify.com')}/themes/current/editor"
    template = rules.BLOCKS[block].template
    if template is None:
        return f"{editor}?context=apps&activateAppId={config.shopify_api_key}/{block}"
    return f"{editor}?template={template}&addAppBlockId={config.shopify_api_key}/{block}&target=newAppsSection"
