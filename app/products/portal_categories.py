"""Choosing a category in the vendor's product form: by words or down the tree, and what the category asks."""

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth.portal import protect
from app.products import attributes
from app.shopify.client import PAGE_SECONDS, graphql
from app.shopify.errors import ShopifyError

bp = Blueprint("portal_categories", __name__, url_prefix="/portal/products")
protect(bp)

_FOUND_AT_MOST = 12
_BRANCHES_AT_MOST = 100


@bp.get("/categories")
def search_categories() -> ResponseReturnValue:
    """Shopify's categories for what was typed, or the branches `under` one ("" for the first), as options."""
    search = " ".join(request.args.get("search", "").split())[:100]
    under = request.args.get("under")
    asked: dict[str, str | int] | None = {"search": search, "first": _FOUND_AT_MOST} if len(search) >= 2 else None
    if under is not None:
        asked = {"first": _BRANCHES_AT_MOST} | ({"childrenOf": under} if _is(under, "Category/") else {})
    found, failed = [], False
    shop = web.leave_transaction()
    if asked:
        try:
            found = graphql(shop, "taxonomy", asked, patience_seconds=PAGE_SECONDS)["categories"]["nodes"]
        except ShopifyError:
            failed = True
    return render_template(
        "portal/products/_categories.html",
        found=found,
        search=search,
        failed=failed,
        walking=under is not None,
        above=_above(found) if under else (),
    )


@bp.get("/attributes")
def list_attributes() -> ResponseReturnValue:
    """What the category asks; the values of each are read when it is opened."""
    gid = request.args.get("category", "")
    node = _find("nodeCategory", gid, "Category/")
    # Measurements come without a name here: they are no lists to choose from.
    found = [each for each in node["attributes"]["nodes"] if each.get("name")] if node else []
    return render_template("portal/products/_attributes.html", found=found, failed=node is None)


@bp.get("/attributes/values")
def list_values() -> ResponseReturnValue:
    """An attribute's values, each with our seal."""
    gid = request.args.get("attribute", "")
    node = _find("nodeAttribute", gid, "")
    named = [{"gid": each["id"], "name": each["name"]} for each in node["values"]["nodes"]] if node else []
    values = [{**each, "seal": attributes.seal({"gid": gid, "name": node["name"]}, each)} for each in named if node]
    return render_template("portal/products/_attribute_values.html", values=values, failed=node is None, attribute=gid)


def _find(document: str, gid: str, kind: str) -> dict[str, Any] | None:
    """What the taxonomy has by that name, {} for nothing of the kind. None when Shopify does not answer."""
    shop = web.leave_transaction()
    if not _is(gid, kind):
        return {}
    try:
        found = graphql(shop, document, {"id": gid}, patience_seconds=PAGE_SECONDS)
    except ShopifyError:
        return None
    return found if found.keys() - {"id"} else {}


def _is(gid: str, kind: str) -> bool:
    """Whether it names such a thing of the taxonomy: nothing else of the shop is read by this door."""
    return gid.startswith(f"gid://shopify/Taxonomy{kind}")


def _above(found: list[dict[str, str]]) -> list[tuple[str, str]]:
    """The way down to these branches: (gid, name) of each category over them."""
    if not found:
        return []
    gids, names = reversed(found[0]["ancestorIds"]), found[0]["fullName"].split(" > ")
    return list(zip(gids, names, strict=False))
