"""Privacy requests as the merchant sees them: what Shopify asked, by when, and what was done."""

import json
from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import clock, web
from app.auth import merchant
from app.keyset import Page, Place
from app.models.privacy import PrivacyKind, PrivacyRequest, PrivacyState
from app.privacy import queries, service

bp = Blueprint("privacy", __name__, url_prefix="/app/privacy")
merchant.protect(bp)

KINDS: Final = {
    PrivacyKind.DATA_REQUEST: "Show a customer's data",
    PrivacyKind.CUSTOMER_REDACT: "Forget a customer",
    PrivacyKind.SHOP_REDACT: "Delete the shop's data",
}
STATES: Final = {
    PrivacyState.RECEIVED: ("In progress", "info"),
    PrivacyState.CHECKING: ("Being checked", "info"),
    PrivacyState.DONE: ("Done", "success"),
    PrivacyState.KEPT: ("Nothing deleted", "neutral"),
}
_ROWS: Final = {
    "orders": ("order", "orders"),
    "order_lines": ("order line", "order lines"),
    "order_refunds": ("refund", "refunds"),
    "vendor_orders": ("vendor's order", "vendors' orders"),
    "fulfilments": ("parcel", "parcels"),
    "emails": ("e-mail", "e-mails"),
    "inbox_events": ("message from Shopify", "messages from Shopify"),
    "privacy_exports": ("earlier export", "earlier exports"),
    "vendors": ("vendor", "vendors"),
    "vendor_users": ("vendor's sign-in", "vendors' sign-ins"),
    "products": ("product", "products"),
    "payouts": ("payout", "payouts"),
    "ledger_entries": ("ledger entry", "ledger entries"),
    "audit_entries": ("line of the change history", "lines of the change history"),
}


@bp.get("")
def list_requests() -> ResponseReturnValue:
    return render_template("merchant/privacy/list.html", page=_find(web.read_place()), **_words())


@bp.get("/export.csv")
def export_requests() -> ResponseReturnValue:
    """What the list shows, up to 5,000 requests: the register that an authority asks for."""
    heading = ["request", "state", "customer", "asked_at", "received_at", "due_at", "done_at", "rows"]
    return web.download_sheet("privacy-requests.csv", heading, map(_cells, web.every_row(_find)))


def _cells(asked: PrivacyRequest) -> list[object]:
    moments = [asked.asked_at, asked.received_at, asked.due_at, asked.done_at]
    return [KINDS[asked.kind], STATES[asked.state][0], asked.customer_id, *moments, sum(asked.counts.values())]


def _find(place: Place) -> Page[PrivacyRequest]:
    args = request.args
    return queries.list_requests(
        g.session,
        g.shop.id,
        search=web.read_search().lstrip("#"),
        kind=args.get("kind", ""),
        state=args.get("state", ""),
        place=place,
    )


@bp.get("/<int:request_id>")
def show_request(request_id: int) -> ResponseReturnValue:
    found = queries.get_request(g.session, g.shop.id, request_id)
    export = queries.find_export(g.session, g.shop.id, request_id)
    if export is not None and export.expires_at <= clock.now():
        export = None
    return render_template("merchant/privacy/detail.html", asked=found, export=export, **_words())


@bp.get("/<int:request_id>/export.json")
def download_json(request_id: int) -> ResponseReturnValue:
    export = service.open_export(g.session, g.shop, request_id, actor=merchant.actor())
    body = json.dumps(export, indent=2, ensure_ascii=False)
    return web.download(f"customer-data-{request_id}.json", body, "application/json")


@bp.get("/<int:request_id>/export.html")
def download_page(request_id: int) -> ResponseReturnValue:
    export = service.open_export(g.session, g.shop, request_id, actor=merchant.actor())
    page = render_template("privacy/export.html", export=export)
    return web.download(f"customer-data-{request_id}.html", page, "text/html")


def _words() -> dict[str, Any]:
    return {"kinds": KINDS, "states": STATES, "in_words": in_words, "days_left": days_left, "row_words": row_words}


def in_words(counts: Mapping[str, int], *, most: int = 3) -> str:
    """Such as "2 orders, 3 e-mails and 4 other rows": what says most first, the rest as a number."""
    named = [table for table in _ROWS if counts.get(table)][:most]
    parts = [row_words(table, counts[table]) for table in named]
    if rest := sum(counts.values()) - sum(counts[table] for table in named):
        parts.append(f"{rest} other {'row' if rest == 1 else 'rows'}")
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def row_words(table: str, count: int) -> str:
    one, many = _ROWS.get(table, (f"row of {table}", f"rows of {table}"))
    return f"{count} {one if count == 1 else many}"


def days_left(asked: PrivacyRequest) -> int:
    """Days until the answer is due, begun ones included; negative when it is late."""
    left = asked.due_at - clock.now()
    return left.days + (1 if left.days >= 0 else 0)
