"""The shop, the app in it, and `node(id:)`."""

from typing import Any

from devstore import taxonomy
from devstore.gids import parse_gid
from devstore.graphql.ownership import app_of
from devstore.graphql.registry import NODES, Context, field, node, query
from devstore.store import Doc

_SYMBOLS = {"USD": "${{amount}}", "EUR": "€{{amount_with_comma_separator}}", "GBP": "£{{amount}}"}


@query("shop")
def shop(ctx: Context) -> Doc:
    doc = ctx.shop_doc
    url = f"https://{doc['domain']}"
    money = _SYMBOLS.get(doc["currency"], "{{amount}} " + doc["currency"])
    return {
        **doc,
        "__typename": "Shop",
        "contactEmail": doc["email"],
        "myshopifyDomain": doc["domain"],
        "primaryDomain": {"id": doc["id"], "host": doc["domain"], "sslEnabled": True, "url": url},
        "url": url,
        "currencyCode": doc["currency"],
        "currencyFormats": {
            "moneyFormat": money,
            "moneyInEmailsFormat": money,
            "moneyWithCurrencyFormat": f"{money} {doc['currency']}",
            "moneyWithCurrencyInEmailsFormat": f"{money} {doc['currency']}",
        },
        "ianaTimezone": doc["timezone"],
        "plan": {"partnerDevelopment": True, "publicDisplayName": doc["plan"], "shopifyPlus": False},
        "shopAddress": {**doc["address"], "id": doc["id"], "countryCodeV2": doc["address"]["country_code"]},
        "shopOwnerName": doc["owner"],
        "weightUnit": "GRAMS",
    }


def _shop_of_payload(ctx: Context, _: Doc) -> Doc:
    return shop(ctx)


for _payload in ("CollectionDelete", "ProductCreate", "ProductDelete", "PublishablePublish", "PublishableUnpublish"):
    field(f"{_payload}Payload", "shop")(_shop_of_payload)


@query("currentAppInstallation")
def current_app_installation(ctx: Context) -> Doc:
    return {**ctx.installation, "__typename": "AppInstallation"}


@field("AppInstallation", "accessScopes")
def access_scopes(_: Context, installation: Doc) -> list[Doc]:
    return [{"handle": scope, "description": scope.replace("_", " ").capitalize()} for scope in installation["scopes"]]


@field("AppInstallation", "app")
def installed_app(ctx: Context, _: Doc) -> Doc:
    return get_app(ctx)


@field("AppInstallation", "launchUrl")
def launch_url(ctx: Context, _: Doc) -> str:
    return f"{ctx.config.public_url}/store/{ctx.shop.partition('.')[0]}/apps/{get_app(ctx)['handle']}"


def get_app(ctx: Context) -> Doc:
    app = app_of(ctx)
    return {"id": app["id"], "apiKey": app["client_id"], "handle": app["handle"], "title": app["name"]}


@node("Shop")
def shop_node(ctx: Context, number: int) -> Doc | None:
    found = shop(ctx)
    return found if found["id"] == number else None


@node("AppInstallation")
def installation_node(ctx: Context, number: int) -> Doc | None:
    return current_app_installation(ctx) if ctx.installation["id"] == number else None


@query("node")
def node_by_id(ctx: Context, id: str) -> Doc | None:  # noqa: A002 the argument's name is Shopify's
    if category := taxonomy.find(id):
        # The one kind whose ids are no numbers.
        return {"__typename": "TaxonomyCategory", **category}
    kind, number = parse_gid(id)
    finder = NODES.get(kind)
    found = finder(ctx, number) if finder else None
    return {"__typename": kind, **found} if found else None


@query("nodes")
def nodes_by_id(ctx: Context, ids: list[str]) -> list[Any]:
    return [node_by_id(ctx, each) for each in ids]
