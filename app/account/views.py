"""What our page in a customer's account asks for. JSON only."""

from contextlib import suppress
from http import HTTPStatus
from typing import Final

from flask import Blueprint, g, jsonify, request
from flask.typing import ResponseReturnValue

from app import clock, db, web
from app.account import queries, returns
from app.auth import customer as door
from app.auth import limits
from app.auth.portal import storefront_of
from app.errors import AppError, NotFound, TooMany
from app.languages import _
from app.mailings import choosing
from app.orders import return_requests
from app.shopify.errors import ShopifyError

bp = Blueprint("account", __name__, url_prefix="/account-page")
door.protect(bp)

_LARGEST: Final = 64_000
_PLACE: Final = "customer account"


class Unsure(AppError):  # noqa: N818
    """Shopify did not answer, or not in time."""

    status = HTTPStatus.BAD_GATEWAY


@bp.route("/overview", methods=["GET", "OPTIONS"])
def show_overview() -> ResponseReturnValue:
    """{shop, orders, wishlist, follows, mails}: addresses that begin with a slash are in the shop."""
    whose = (g.session, g.shop.id, g.customer_id)
    return jsonify(
        shop=storefront_of(g.shop),
        orders=queries.list_orders(*whose, clock.now()),
        wishlist=queries.list_kept(*whose, "wishlist"),
        follows=queries.list_kept(*whose, "follow"),
        mails=choosing.show(*whose),
    )


@bp.route("/mails", methods=["POST", "OPTIONS"])
def choose_mails() -> ResponseReturnValue:
    """Take {topics, email, locale, wording}: {ok, confirm, mails}, or {ok: false, errors}. No topics: stop them all."""
    given = request.get_json(silent=True) if request.is_json else None
    placed = {**given, "page": _PLACE} if isinstance(given, dict) else None
    whose = (g.session, g.shop.id, g.customer_id)
    confirm = choosing.take(*whose, placed, g.locale)
    return jsonify(ok=True, confirm=confirm, mails=choosing.show(*whose))


@bp.route("/orders/<int:number>/returnable", methods=["GET", "OPTIONS"])
def show_returnable(number: int) -> ResponseReturnValue:
    """{lines: [{line, title, quantity, reasons: [{id, handle, name}]}]}: what may still come back, as Shopify says."""
    titles = _titles_of(number)
    _spend("returnable", limit=60)
    shop = web.leave_transaction()
    try:
        found = returns.list_returnable(shop, number)
    except ShopifyError:
        raise Unsure(_("The shop does not answer at the moment. Try again.")) from None
    return jsonify(lines=[{**line, "title": titles.get(line["item"], "")} for line in found])


@bp.route("/orders/<int:number>/returns", methods=["POST", "OPTIONS"])
def request_return(number: int) -> ResponseReturnValue:
    """Take {lines: [{line, quantity, reason, note}]}. The merchant decides; {ok} says that the request is there."""
    _titles_of(number)
    request.max_content_length = _LARGEST
    wanted = returns.read_request(request.get_data())
    _spend("return", limit=10)
    shop = web.leave_transaction()
    try:
        made = returns.request(shop, number, wanted.lines)
    except ShopifyError:
        raise Unsure(
            _("The shop did not confirm it. See whether your request is there before you ask again.")
        ) from None
    return_requests.note_news(g.session, g.shop.id, made)
    db.commit(g.session)
    # The job reads it as well: here only so that the page shows it at once.
    with suppress(ShopifyError):
        return_requests.read(g.shop.id, made)
    return jsonify(ok=True)


def _spend(what: str, *, limit: int) -> None:
    """Each asks Shopify, which answers a shop only so often. Raises TooMany."""
    if not limits.allow(what, f"{g.shop.id}:{g.customer_id}", limit=limit, seconds=3600):
        raise TooMany(_("These are very many requests at once. Try again in an hour."))


def _titles_of(number: int) -> dict[int, str]:
    titles = queries.find_titles(g.session, g.shop.id, g.customer_id, number)
    if titles is None:
        raise NotFound(_("There is no such order."))
    return titles
