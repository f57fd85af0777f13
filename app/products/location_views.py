"""Where vendors keep their stock: the locations of the store."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth import installation, meanwhile, merchant
from app.errors import ValidationErrors
from app.models.events import AuditEntry
from app.models.shops import Shop
from app.products import places
from app.shopify.client import PAGE_SECONDS
from app.shopify.errors import ShopifyError
from app.shopify.paging import list_all
from app.shopify.tokens import ShopCredentials

bp = Blueprint("locations", __name__, url_prefix="/app/settings/locations")
merchant.protect(bp)

_SAVES = (AuditEntry.action == "settings.change") & AuditEntry.changes.has_key("locations")


@bp.get("")
def show_locations() -> ResponseReturnValue:
    # Before the first statement: Shopify may take its time.
    try:
        nodes = list_all(ShopCredentials(g.shop.id, g.shop.domain), "locations", patience_seconds=PAGE_SECONDS)
    except ShopifyError:
        return _page("Shopify does not answer just now: this is the list as we last read it.")
    installation.remember_locations(g.session, _shop(), nodes)
    g.session.flush()
    return _page()


@bp.post("")
def choose() -> ResponseReturnValue:
    meanwhile.refuse_second(_SAVES)
    try:
        ids = request.form.getlist("location", type=int)
        changed = places.choose(g.session, g.shop.id, ids, actor=merchant.actor())
    except ValidationErrors as error:
        return _page(error.errors["location"]), 422
    told = "Saved. What lies at these locations is read from Shopify now." if changed else "Nothing had changed"
    return web.toast(_page(), told)


def _page(problem: str | None = None) -> str:
    shop = _shop()
    locations = places.list_locations(g.session, shop)
    seen = meanwhile.mark(_SAVES)
    return render_template("merchant/locations.html", locations=locations, shop=shop, problem=problem, seen=seen)


def _shop() -> Shop:
    shop: Shop = g.session.get_one(Shop, g.shop.id)
    return shop
