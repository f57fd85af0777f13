"""What the block on Shopify's own order page shows: the vendors of the order, and where each one's part stands.

Shopify runs the block on an address of its own and signs its calls with a session token; so this answers any origin,
and only to whoever brings such a token. There is no cookie that another site could lend.
"""

from collections.abc import Sequence

from flask import Blueprint, Response, g, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app import formats, web
from app.auth.merchant import require_merchant
from app.config import get_config
from app.models.cancellations import CancellationState
from app.models.orders import Order, VendorOrder, VendorOrderStatus
from app.models.pickups import Pickup, PickupState
from app.orders import cancellations, queries
from app.orders.packed import list_packed
from app.orders.vendor_list import name_packed, tell_state
from app.orders.words import PART_WORDS
from app.typed import read_number

bp = Blueprint("order_block", __name__, url_prefix="/app/blocks")
_TONES = {"warn": "warning", "good": "success", "info": "info"}
# What is collected is the shop's turn, not the vendor's.
_WORDS = PART_WORDS | {"collected": ("To send", "warn")}


def _admit() -> ResponseReturnValue | None:
    """A browser asks first whether it may send the token at all."""
    return Response(status=204) if request.method == "OPTIONS" else require_merchant()


web.guard(bp, "merchant", _admit)


@bp.after_request
def _allow_extensions(response: Response) -> Response:
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
    response.headers["Access-Control-Allow-Methods"] = "GET"
    response.headers["Access-Control-Max-Age"] = "600"
    return response


@bp.route("/order", methods=["GET"])
def show_order() -> ResponseReturnValue:
    """`?id=` is the order's Shopify id. An order that we do not know has no vendors."""
    number = read_number(request.args.get("id", "").rpartition("/")[2])
    order = None if number is None else _find(number)
    if order is None:
        return jsonify(vendors=[], empty="Stallkeeper has not heard of this order yet.")
    asking = {
        wish.vendor_id
        for wish in cancellations.list_of_order(g.session, g.shop.id, order.shopify_id)
        if wish.state is CancellationState.ASKED
    }
    parts = queries.list_parts(g.session, order)
    ids = [part.part.id for part in parts]
    packed = list_packed(g.session, ids)
    states = name_packed(g.session, list(packed))
    return jsonify(
        vendors=[
            _vendor(
                part,
                tell_state(part.part, states.get(part.part.id, "")),
                packed.get(part.part.id, ()),
                asks=part.part.vendor_id in asking,
            )
            for part in parts
        ],
        empty="No vendor has goods in this order.",
        warning="The amounts of this order do not add up. Its vendors' money waits." if order.flags else "",
        url=f"shopify://admin/apps/{get_config().handle}/app/orders/{order.id}",
    )


def _find(number: int) -> Order | None:
    query = select(Order).where(Order.shop_id == g.shop.id, Order.shopify_id == number)
    return g.session.scalars(query).one_or_none()  # type: ignore[no-any-return]


def _vendor(one: queries.VendorPart, state: str, packed: Sequence[Pickup], *, asks: bool) -> dict[str, object]:
    words, tone = _WORDS.get(state, (state, None))
    lines = [line for line in one.lines if line.current_quantity > 0]
    return {
        "name": one.vendor.name,
        "state": str(words),
        "tone": _TONES.get(tone or "", "neutral"),
        "items": [f"{line.current_quantity} x {line.title}" for line in lines],
        "pickups": [_describe(pickup) for pickup in packed],
        "earned": _say_earned(one.part),
        "money": one.standing.words,
        "asks": asks,
    }


def _say_earned(part: VendorOrder) -> str:
    if part.status == VendorOrderStatus.UNPAID:
        return ""
    earned = part.earned
    return f"Owes {formats.write_money(-earned)}" if earned.minor < 0 else f"Earns {formats.write_money(earned)}"


def _describe(pickup: Pickup) -> str:
    """What is packed for the shop, and where it is now."""
    units = sum(pickup.units.values())
    what = f"{units} {'item' if units == 1 else 'items'}"
    if pickup.state is PickupState.READY:
        return f"{what} ready for pickup{f', {pickup.place}' if pickup.place else ''}"
    return f"{what} collected, to send" if pickup.state is PickupState.COLLECTED else f"{what} not taken by Shopify"
