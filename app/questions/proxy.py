"""The storefront's door for questions: what was answered, and asking. JSON only."""

import re
from typing import Any, Final

from flask import Blueprint, g, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.auth import limits
from app.auth import proxy as door
from app.errors import AppError, NotFound, TooMany
from app.languages import _
from app.models.vendors import Vendor, VendorStatus
from app.questions import queries, service
from app.questions.service import Asked
from app.typed import read_email, storable, tidy, tidy_lines

bp = Blueprint("questions_proxy", __name__, url_prefix="/proxy")
door.protect(bp)

_KEY: Final = re.compile(r"[0-9a-z]{16,32}")


@bp.get("/questions.json")
def list_answered() -> ResponseReturnValue:
    """{questions: [{words, name, answer}], known}: of `product` (Shopify's number) or the vendor as a whole.

    `known`: whether the visitor need not type an address.
    """
    handle, product = storable(request.args.get("vendor", "")), _gid(request.args.get("product"))
    shown = queries.list_shown(g.shop.id, handle, product)
    if not shown:
        _get_vendor(handle)  # or there is none
    return jsonify(questions=shown, known=_find_known() is not None)


@bp.post("/questions")
def ask() -> ResponseReturnValue:
    """Take {key, vendor, product, words, name, email, show}: {ok, confirm}, or {ok: false, errors}."""
    given: Any = request.get_json(silent=True) if request.is_json else None
    if not isinstance(given, dict) or not _KEY.fullmatch(str(given.get("key"))):
        raise AppError("A question is sent as JSON with a key of its own.")
    vendor, known = _get_vendor(storable(str(given.get("vendor", "")))), _find_known()
    email = known or read_email(given.get("email"))
    mailbox = f"{g.shop.id}:{_mailbox(email)}"
    if not limits.allow("ask", mailbox, limit=5, seconds=3600):
        raise TooMany(_("These are very many questions at once. Nothing was lost: send it again in an hour."))
    # Each of these sends an e-mail to an address that may be anybody's.
    if known is None and not limits.allow("ask-unproven", mailbox, limit=5, seconds=86_400):
        raise TooMany(_("These are very many questions in one day. Sign in to ask more, or send it again tomorrow."))
    # Strangers only: they must not be able to shut customers out, nor one stranger all the others.
    if known is None and not _allows_stranger(f"{g.shop.domain}:{door.visitors_address()}"):
        raise TooMany(_("Very many questions are coming in. Nothing was lost: send it again in ten minutes."))
    asked = Asked(
        str(given["key"]),
        tidy_lines(_text(given, "words")),
        tidy(_text(given, "name")),
        may_be_shown=given.get("show") is True,
        product_gid=_gid(given.get("product")),
    )
    customer_id = int(g.customer_id) if g.customer_id and known else None
    service.ask(g.session, vendor, asked, email, customer_id=customer_id, is_proven=known is not None)
    return jsonify(ok=True, confirm=known is None)


def _allows_stranger(visitor: str) -> bool:
    return limits.allow("ask-from", visitor, limit=20, seconds=600) and limits.allow(
        "ask-all", g.shop.domain, limit=120, seconds=600
    )


def _find_known() -> str | None:
    return queries.find_known_email(g.session, g.shop.id, int(g.customer_id)) if g.customer_id else None


def _mailbox(email: str) -> str:
    """Where it arrives, however it is spelt: "Dan+1@example.com" is dan@example.com to most servers."""
    name, _at, host = email.lower().rpartition("@")
    return f"{name.partition('+')[0]}@{host}"


def _text(given: dict[str, Any], name: str) -> str:
    value = given.get(name)
    return storable(value) if isinstance(value, str) else ""


def _gid(number: Any) -> str | None:
    text = str(number or "")
    return f"gid://shopify/Product/{text}" if text.isdecimal() and len(text) < 19 else None


def _get_vendor(handle: str) -> Vendor:
    here = (Vendor.shop_id == g.shop.id, Vendor.status == VendorStatus.APPROVED, Vendor.handle == handle)
    vendor = g.session.scalar(select(Vendor).where(*here))
    if vendor is None:
        raise NotFound(_("There is no such vendor here."))
    return vendor  # type: ignore[no-any-return]
