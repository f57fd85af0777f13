"""What comes without a sign-in: the mail provider's ring, and the customer's own page to answer on.

The page is opened by the link in the vendor's message. Its long random token says which conversation it is and lets
whoever holds it answer for the customer, as the reply address does.
"""

from flask import Blueprint, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import db, web
from app.auth.portal import dress, seal, speak
from app.config import get_config
from app.emails.intake import take_signed
from app.errors import ValidationErrors
from app.messages import receiving, service
from app.models.messages import Author, OrderThread
from app.models.orders import Order, VendorOrder
from app.models.shops import Shop
from app.models.vendors import Vendor

hook = Blueprint("received_mails", __name__, url_prefix="/hooks")
web.open_to_all(hook, why="the provider's signature is checked before anything is read")
page = Blueprint("reply_page", __name__, url_prefix="/reply")
web.open_to_all(page, why="the token in the address is the key to one conversation")
page.after_request(seal)


@hook.post("/received")
def take_mail() -> ResponseReturnValue:
    """Mails that are not for us are answered 200 like the others."""
    return take_signed(get_config().resend_inbound_secret, receiving.take)


@page.get("/<token>")
def show(token: str) -> ResponseReturnValue:
    return _page(_enter(token))


@page.post("/<token>")
def answer(token: str) -> ResponseReturnValue:
    thread = _enter(token)
    web.refuse_foreign_posts()
    body = request.form.get("body", "")
    try:
        service.add(g.session, thread, Author.CUSTOMER, body.replace("\r\n", "\n"))
    except ValidationErrors as error:
        return _page(thread, typed=body, error=error.errors["body"]), 422
    return redirect(f"/reply/{token}", 303)


def _enter(token: str) -> OrderThread:
    """Open the scope of the shop whose conversation it is. Raises NotFound."""
    with db.system() as session:
        found = service.get_by_token(session, token.lower()[:64])
    session = web.open_scope(found.shop_id)
    shop = session.get_one(Shop, found.shop_id)
    dress(session, shop)
    # The language of the checkout, as in the e-mail that led here.
    bought = session.get_one(Order, session.get_one(VendorOrder, found.part_id).order_id)
    speak(bought.snapshot.get("customer_locale"), shop)
    return session.get_one(OrderThread, found.id, with_for_update=request.method == "POST")


def _page(thread: OrderThread, *, typed: str = "", error: str = "") -> str:
    return render_template(
        "portal/reply.html",
        token=thread.token,
        part=g.session.get_one(VendorOrder, thread.part_id),
        seller=g.session.get_one(Vendor, thread.vendor_id),
        messages=service.list_messages(g.session, thread),
        typed=typed,
        error=error,
    )
