"""Where vendors' products are sold: the sales channels of the store."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth import meanwhile, merchant
from app.errors import ValidationErrors
from app.models.events import AuditEntry
from app.models.shops import Shop
from app.products import channels
from app.shopify.errors import ShopifyError

bp = Blueprint("channels", __name__, url_prefix="/app/settings/channels")
merchant.protect(bp)

_SAVES = (AuditEntry.action == "settings.change") & AuditEntry.changes.has_key("channels")


@bp.get("")
def show_channels() -> ResponseReturnValue:
    return _page()


@bp.post("")
def choose() -> ResponseReturnValue:
    try:
        # Before the first statement: Shopify may take its time.
        known = channels.read_channels(g.shop)
        meanwhile.refuse_second(_SAVES)
        changed = channels.choose(g.session, g.shop.id, known, request.form.getlist("channel"), actor=merchant.actor())
    except ValidationErrors as error:
        return _page(problem=error.errors["channel"]), 422
    except ShopifyError:
        return _page(problem="Shopify does not answer just now. Nothing was changed; try again in a minute."), 503
    told = "Saved. Products on sale follow now." if changed else "Nothing had changed"
    return web.toast(_page(known), told)


def _page(known: list[dict[str, str]] | None = None, *, problem: str | None = None) -> str:
    if known is None and problem is None:
        try:
            known = channels.read_channels(g.shop)
        except ShopifyError:
            problem = "Shopify does not answer just now, so the list cannot be shown. Reload the page in a minute."
    shop = g.session.get_one(Shop, g.shop.id)
    return render_template(
        "merchant/channels.html",
        known=known,
        shop=shop,
        behind=channels.count_behind(g.session, shop),
        problem=problem,
        seen=meanwhile.mark(_SAVES),
    )
