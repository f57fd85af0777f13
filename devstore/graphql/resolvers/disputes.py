"""The disputes of a shop, in the order in which they were opened."""

from typing import Any

from devstore.gids import gid
from devstore.graphql.connections import paginate
from devstore.graphql.registry import Context, query
from devstore.orders.disputes import dispute_payload
from devstore.orders.documents import list_orders
from devstore.orders.views import order_view
from devstore.search import matches
from devstore.store import Doc


@query("disputes")
def all_disputes(ctx: Context, query: str | None = None, **page: Any) -> Doc:
    found = [
        _view(order, dispute) for order in list_orders(ctx.store, ctx.shop) for dispute in order.get("disputes", [])
    ]
    fitting = [view for view in found if matches(query, lambda key, view=view: _values(view, key))]  # type: ignore[misc]
    return paginate(sorted(fitting, key=lambda view: (view["initiatedAt"], view["number"])), **page)


def _values(view: Doc, key: str | None) -> list[Any]:
    known = {"id": view["number"], "initiated_at": view["initiatedAt"], "status": view["status"]}
    return [known[key]] if key in known else []


def _view(order: Doc, dispute: Doc) -> Doc:
    told = dispute_payload(order, dispute)
    return {
        "__typename": "ShopifyPaymentsDispute",
        "id": gid("ShopifyPaymentsDispute", dispute["id"]),
        "number": dispute["id"],
        "legacyResourceId": dispute["id"],
        "type": told["type"].upper(),
        "status": told["status"].upper(),
        "initiatedAt": told["initiated_at"],
        "evidenceDueBy": told["evidence_due_by"],
        "evidenceSentOn": told["evidence_sent_on"],
        "finalizedOn": told["finalized_on"],
        "amount": {"amount": told["amount"], "currencyCode": told["currency"]},
        "reasonDetails": {"reason": told["reason"].upper(), "networkReasonCode": told["network_reason_code"]},
        "order": order_view(order),
    }
