"""Where links into Shopify's theme editor lead: the block that they name, about to be added to the published theme."""

from flask import abort, redirect, render_template, request
from werkzeug.wrappers import Response

from devstore.admin.shell import bp, get_shop
from devstore.current import get_config, get_store
from devstore.themes import add_block, list_blocks, main_theme

_SHOWN = {
    "become-a-vendor": "/pages/sell",
    "marketplace": "/",
    "saved-carts": "/cart",
    "vendor-directory": "/pages/vendors",
    "vendor-portal": "/pages/vendor-portal",
    "wishlist": "/pages/wishlist",
    "followed-vendors": "/pages/wishlist",
}


@bp.get("/store/<name>/themes/current/editor")
def open_editor(name: str) -> str:
    """`addAppBlockId` is <client id>/<block>, as deep links write it; another app's blocks are not here."""
    shop, block = get_shop(name), _asked(request.args.get("addAppBlockId") or request.args.get("activateAppId", ""))
    theme = main_theme(get_store(), shop)
    address = get_config().storefront_url(shop) + _SHOWN.get(block, "/collections/all")
    named = f"{get_config().client_id}/{block}"
    return render_template("admin/editor.html", block=block, named=named, theme=theme, address=address)


@bp.post("/store/<name>/themes/current/editor")
def save(name: str) -> Response:
    block = _asked(request.form.get("block", ""))
    add_block(get_store(), get_shop(name), block)
    return redirect(f"/store/{name}/themes/current/editor?addAppBlockId={get_config().client_id}/{block}")


def _asked(named: str) -> str:
    client_id, _, block = named.partition("/")
    if client_id != get_config().client_id or block not in list_blocks():
        abort(404)
    return block
