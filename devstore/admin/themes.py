"""Where links into Shopify's theme editor lead: here the theme has every block already, so the page says where."""

from flask import abort, render_template, request

from devstore.admin.shell import bp, get_shop
from devstore.current import get_config

_SHOWN = {
    "become-a-vendor": "/pages/sell",
    "vendor-card": "/collections/all",
    "vendor-directory": "/pages/vendors",
    "vendor-portal": "/pages/vendor-portal",
}


@bp.get("/store/<name>/themes/current/editor")
def open_editor(name: str) -> str:
    """`addAppBlockId` is <client id>/<block>, as deep links write it; another app's blocks are not here."""
    shop, config = get_shop(name), get_config()
    client_id, _, block = request.args.get("addAppBlockId", "").partition("/")
    if client_id != config.client_id or block not in _SHOWN:
        abort(404)
    return render_template("admin/editor.html", block=block, address=config.storefront_url(shop) + _SHOWN[block])
