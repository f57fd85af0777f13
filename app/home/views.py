"""The merchant's first page."""

from babel.dates import format_timedelta
from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from app import clock, web
from app.auth import merchant
from app.home import queries, setup, theme, vendor_figures
from app.home.rules import change_of
from app.home.theme_rules import BLOCKS
from app.money import Money
from app.vendors.queries import get_vendor

bp = Blueprint("home", __name__, url_prefix="/app")
merchant.protect(bp)


@bp.get("/", strict_slashes=False)
@bp.get("")
def home() -> ResponseReturnValue:
    """What needs doing, the numbers, and the set-up guide until everything in it is done."""
    return _page()


@bp.post("/setup/hide")
def hide_guide() -> ResponseReturnValue:
    setup.hide(g.session, g.shop, actor=merchant.actor())
    return web.toast(_page(), "The guide is hidden. Under Settings it comes back.")


@bp.post("/setup/show")
def show_guide() -> ResponseReturnValue:
    setup.hide(g.session, g.shop, actor=merchant.actor(), is_hidden=False)
    return web.toast(_page(), "The guide is back.")


@bp.post("/setup/blocks/check")
def check_blocks() -> ResponseReturnValue:
    """The merchant has been in the theme editor: look again."""
    theme.ask(g.session, g.shop)
    return web.toast(_page(), "Your theme is read again. This takes a few seconds.")


@bp.post("/setup/blocks/give-up")
def give_up_blocks() -> ResponseReturnValue:
    theme.give_up(g.session, g.shop, actor=merchant.actor())
    return web.toast(_page(), "The blocks are not asked for any more")


def _page() -> str:
    sees_money = merchant.may_open("/app/books")
    sees_theme = merchant.may_open("/app/setup", change=True)
    look = theme.find_look(g.session, g.shop) if sees_theme else None
    return render_template(
        "merchant/home.html",
        look=look,
        theme_too_large=sees_theme and theme.is_too_large(g.session, g.shop),
        lost=[(BLOCKS[block].title, theme.block_address(g.shop, block)) for block in look.lost] if look else [],
        counts=queries.count_everything(g.session, g.shop),
        steps=setup.list_steps(g.session, g.shop) if merchant.may_open("/app/settings", change=True) else [],
        numbers=queries.get_numbers(g.session, g.shop, clock.now()) if sees_money else None,
        days=queries.DAYS,
        change_of=change_of,
        money_of=lambda minor: Money(minor, g.shop.currency),
    )


@bp.get("/vendors/<int:vendor_id>/figures")
def show_vendor_figures(vendor_id: int) -> ResponseReturnValue:
    """A part of the vendor's page: only here are the books and the orders at hand as well."""
    vendor = get_vendor(g.session, g.shop.id, vendor_id)
    figures = vendor_figures.get_figures(g.session, g.shop, vendor, clock.now())
    waited = figures.median_to_ship
    return render_template(
        "merchant/vendors/_figures.html",
        vendor=vendor,
        figures=figures,
        payout_terms=vendor_figures.list_payout_terms(g.session, g.shop, vendor),
        days=vendor_figures.DAYS,
        time_to_ship=None if waited is None else format_timedelta(waited, locale=g.locale.replace("-", "_")),
    )
