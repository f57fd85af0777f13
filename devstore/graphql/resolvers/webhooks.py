"""Webhook subscriptions made through the API, beside those of `shopify.app.toml`."""

from typing import Any

from devstore.config import API_VERSION
from devstore.gids import number_of
from devstore.graphql.connections import paginate
from devstore.graphql.registry import Context, RefusedError, field, mutation, node, query
from devstore.store import Doc

_JSON = "JSON"


def topic_name(enum: str) -> str:
    """`ORDERS_CREATE` → `orders/create`: the resource may have underscores, the event after it rarely does."""
    for event in ("order_routing_complete", "placed_on_hold", "hold_released", "scopes_update"):
        if enum.lower().endswith("_" + event):
            return f"{enum.lower()[: -len(event) - 1]}/{event}"
    resource, _, event = enum.lower().rpartition("_")
    return f"{resource}/{event}"


@node("WebhookSubscription")
def subscription_node(ctx: Context, number: int) -> Doc | None:
    return ctx.store.get(ctx.shop, "webhook_subscription", number)


@query("webhookSubscription")
def webhook_subscription(ctx: Context, id: str) -> Doc | None:  # noqa: A002
    return subscription_node(ctx, number_of(id, "WebhookSubscription"))


@query("webhookSubscriptions")
def list_subscriptions(ctx: Context, topics: list[str] | None = None, **page: Any) -> Doc:
    wanted = {topic_name(each) for each in topics or []}
    everything = ctx.store.all(ctx.shop, "webhook_subscription")
    return paginate([each for each in everything if not wanted or each["topic"] in wanted], **page)


@mutation("webhookSubscriptionCreate")
def subscription_create(ctx: Context, topic: str, webhook_subscription: Doc) -> Doc:
    uri = webhook_subscription.get("uri") or ""
    if not uri.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise RefusedError(["webhookSubscription", "uri"], "Address protocol http:// is not supported")
    if (webhook_subscription.get("format") or _JSON) != _JSON:
        raise RefusedError(["webhookSubscription", "format"], "The development store sends JSON only")
    if ctx.store.find(ctx.shop, "webhook_subscription", topic=topic_name(topic), uri=uri):
        raise RefusedError(["webhookSubscription", "uri"], "Address for this topic has already been taken")
    now = ctx.timestamp()
    doc = {
        "topic": topic_name(topic),
        "topic_enum": topic,
        "uri": uri,
        "filter": webhook_subscription.get("filter"),
        "include_fields": webhook_subscription.get("includeFields") or [],
        "name": webhook_subscription.get("name"),
        "format": _JSON,
        "created_at": now,
        "updated_at": now,
    }
    return {"webhookSubscription": ctx.store.put(ctx.shop, "webhook_subscription", doc), "userErrors": []}


@mutation("webhookSubscriptionDelete")
def subscription_delete(ctx: Context, id: str) -> Doc:  # noqa: A002
    if not ctx.store.delete(ctx.shop, "webhook_subscription", number_of(id, "WebhookSubscription")):
        raise RefusedError(["id"], "Webhook subscription does not exist")
    return {"deletedWebhookSubscriptionId": id, "userErrors": []}


@field("WebhookSubscription", "topic")
def topic_of(_: Context, subscription: Doc) -> str:
    return str(subscription["topic_enum"])


@field("WebhookSubscription", "apiVersion")
def api_version(_: Context, __: Doc) -> Doc:
    return {"displayName": API_VERSION, "handle": API_VERSION, "supported": True}
