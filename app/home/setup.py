"""The set-up guide: what turns a new installation into a running marketplace, each step found out, none ticked."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from app import audit, clock
from app.home import theme
from app.models.commissions import MoneySettings
from app.models.events import AuditEntry
from app.models.invitations import VendorInvitation
from app.models.payouts import Payout, RailKeys
from app.models.products import Product
from app.models.shops import Shop, ShopSettings
from app.models.themes import ThemeLook
from app.models.vendors import Vendor, VendorStatus


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the guide; `done` comes from what the database holds. `href` may lead out of the app."""

    title: str
    words: str
    action: str
    href: str
    done: bool

    @property
    def leads_out(self) -> bool:
        return not self.href.startswith("/app")


def list_steps(session: Session, shop: Shop) -> list[Step]:
    """In the order in which it is done; empty when everything is, or when the shop wants to see it no more."""
    settings = session.get(ShopSettings, shop.id)
    if settings is not None and settings.setup_hidden_at is not None:
        return []
    look, found = theme.find_look(session, shop), _look_around(session, shop)
    steps = [*_connect(shop, settings, found), *_gather(shop, look, found), *_sell(shop, look, found)]
    return [] if all(step.done for step in steps) else steps


def hide(session: Session, shop: Shop, *, actor: str, is_hidden: bool = True) -> None:
    """Show the guide no more, or again; a second time changes nothing."""
    settings = session.get_one(ShopSettings, shop.id, with_for_update=True)
    if (settings.setup_hidden_at is not None) == is_hidden:
        return
    settings.setup_hidden_at = clock.now() if is_hidden else None
    action = "settings.hide_guide" if is_hidden else "settings.show_guide"
    audit.record(session, shop.id, action, ("shop", shop.id), actor=actor)


def _look_around(session: Session, shop: Shop) -> Any:
    """What there is already of all that the steps ask for."""
    decided = or_(AuditEntry.action.startswith("commission"), AuditEntry.action == "settings.change")
    wanted: dict[str, tuple[Any, ...]] = {
        "commission": (AuditEntry.shop_id == shop.id, decided),
        "account": (MoneySettings.shop_id == shop.id, MoneySettings.payer_last4 != ""),
        "rail": (RailKeys.shop_id == shop.id,),
        "vendor": (Vendor.shop_id == shop.id,),
        "invitation": (VendorInvitation.shop_id == shop.id,),
        "approved": (Vendor.shop_id == shop.id, Vendor.status == VendorStatus.APPROVED),
        "published": (Product.shop_id == shop.id, Product.published_at.is_not(None)),
        "payout": (Payout.shop_id == shop.id, Payout.sent_at.is_not(None)),
    }
    return session.execute(select(*(exists().where(*where).label(name) for name, where in wanted.items()))).one()


def _connect(shop: Shop, settings: ShopSettings | None, found: Any) -> list[Step]:
    return [
        Step(
            "Connect the store",
            "Vendor pages and the link from product to vendor are set up in your store.",
            "Open settings",
            "/app/settings",
            done=shop.vendor_definition_gid is not None and shop.publication_gid is not None,
        ),
        Step(
            "Set your commission",
            "10 % of each sale is yours until you decide otherwise, for all vendors or by rules.",
            "Set commission",
            "/app/commissions",
            done=found.commission,
        ),
        Step(
            "Say who pays vendors",
            "The account that bank files name as yours, or your keys for PayPal or Stripe.",
            "Set up payouts",
            "/app/payouts/settings",
            done=found.account or found.rail,
        ),
        Step(
            "Name the sender of your e-mails",
            "Vendors and customers read this name; without one it is your store's.",
            "Name the sender",
            "/app/settings",
            done=settings is not None and bool(settings.mail_from_name),
        ),
    ]


def _gather(shop: Shop, look: ThemeLook | None, found: Any) -> list[Step]:
    return [
        Step(
            "Put the application form into your theme",
            "The block “Become a vendor” goes on a page of your store.",
            "Open the theme editor",
            theme.block_address(shop, "become-a-vendor"),
            done=_stands(look, "become-a-vendor") or found.vendor,
        ),
        Step(
            "Invite the first vendor",
            "Ask sellers you know: they fill in one page and are there.",
            "Invite vendors",
            "/app/vendors/invitations",
            done=found.vendor or found.invitation,
        ),
        Step(
            "Approve a vendor",
            "Their page goes live and they get a link to their portal.",
            "See applications",
            "/app/vendors?status=pending",
            done=found.approved,
        ),
    ]


def _sell(shop: Shop, look: ThemeLook | None, found: Any) -> list[Step]:
    return [
        Step(
            "Show who sells what",
            "The block “Sold by” on product pages names the vendor.",
            "Open the theme editor",
            theme.block_address(shop, "vendor-card"),
            done=_stands(look, "vendor-card") or (look is None and found.published),
        ),
        Step(
            "Pay a vendor",
            "When the hold is over, money is ready to be paid out.",
            "Open payouts",
            "/app/payouts",
            done=found.payout,
        ),
    ]


def _stands(look: ThemeLook | None, block: str) -> bool:
    return look is not None and block in look.blocks
