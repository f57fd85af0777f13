"""POST /pixel: the web pixel tells what visitors do. Open to every browser, so it believes little and answers nothing.

The body is text/plain, which browsers send to other sites without asking first. No cookie comes with it.
"""

from typing import Final

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth.limits import allow
from app.auth.rules import client_address
from app.errors import Forbidden, NotFound
from app.journey import pixel, service
from app.journey.wire import LARGEST_BODY, read_batch
from app.models.shops import Shop, ShopStatus

bp = Blueprint("pixel", __name__)
web.open_to_all(bp, why="browsers of visitors, who are nobody yet; each call carries its shop's signed ticket")

A_MINUTE: Final = 60
FROM_ONE_ADDRESS: Final = 1_000
FOR_ONE_SHOP: Final = 60_000
"""Rows, not calls: anybody may call, and one call may name five thousand products."""


@bp.after_request
def open_to_sandboxes(response: Response) -> Response:
    """A pixel runs in a sandbox that has no origin."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@bp.post("/pixel")
def take() -> ResponseReturnValue:
    """204; 400 for what no pixel sends, 403 without a shop's ticket, 429 when it is too much."""
    request.max_content_length = LARGEST_BODY
    batch = read_batch(request.get_data())
    shop_id = pixel.read_account(batch.account)
    if shop_id is None:
        raise Forbidden("This ticket is no shop's, or has run out.")
    address = client_address(request.remote_addr or "", request.headers.get("X-Forwarded-For", ""))
    rows = max(1, sum(len(set(event.products)) or 1 for event in batch.events))
    if not (
        allow("pixel", f"{shop_id}:{address}", limit=FROM_ONE_ADDRESS, seconds=A_MINUTE, tries=rows)
        and allow("pixel-shop", str(shop_id), limit=FOR_ONE_SHOP, seconds=A_MINUTE, tries=rows)
    ):
        return Response(status=429, headers={"Retry-After": str(A_MINUTE)})
    session = web.open_scope(shop_id)
    g.shop = session.get(Shop, shop_id)
    if g.shop is None or g.shop.status != ShopStatus.INSTALLED:
        raise NotFound("This shop has no marketplace at the moment.")
    service.record(session, shop_id, batch.events)
    return Response(status=204)
