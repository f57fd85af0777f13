"""What surrounds every page of the admin: who is at the screen, where they are, what the navigation shows."""

from typing import Any

from flask import Blueprint, abort, redirect, request
from werkzeug.wrappers import Response

from devstore.current import get_config, get_store
from devstore.store import Doc, Store

bp = Blueprint("admin", __name__, template_folder="templates")

STAFF_COOKIE = "staff"


def get_shop(name: str) -> str:
    """Domain of the shop at /store/<name>. Aborts with 404 when this store has no such shop."""
    domain = f"{name}.myshopify.com"
    if domain not in get_config().storefronts:
        abort(404)
    return domain


def get_staff(store: Store, shop: str) -> Doc:
    """Who is at the screen: the person picked in the menu, else the owner."""
    staff = store.all(shop, "staff")
    picked = request.cookies.get(STAFF_COOKIE)
    return next((person for person in staff if str(person["id"]) == picked), staff[0])


@bp.before_app_request
def refuse_other_sites() -> None:
    """A page elsewhere must not press buttons here: browsers say where a form was sent from."""
    in_admin = request.path.startswith("/store/")
    if in_admin and request.method == "POST" and request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        abort(403)


@bp.app_context_processor
def inject_shell() -> dict[str, Any]:
    """`shell` for every template that extends admin/base.html: all it needs is <name> in the URL."""
    name = (request.view_args or {}).get("name")
    if not name:
        return {}
    shop, store, config = get_shop(name), get_store(), get_config()
    place = request.path.removeprefix(f"/store/{name}").strip("/").partition("/")[0]
    return {
        "shell": {
            "name": name,
            "base": f"/store/{name}",
            "shop": store.find(shop, "shop") or {},
            "place": place or "home",
            "staff": get_staff(store, shop),
            "people": store.all(shop, "staff"),
            "storefront_url": config.storefront_url(shop),
            "app": {"handle": config.app_handle, "name": config.app_toml.get("name", "App")},
            "installed": store.find(shop, "installation", client_id=config.client_id) is not None,
            "here": request.full_path.rstrip("?"),
        }
    }


@bp.post("/store/<name>/staff")
def pick_staff(name: str) -> Response:
    """Sit another person down at the screen."""
    people = {str(person["id"]) for person in get_store().all(get_shop(name), "staff")}
    back = request.form.get("back", "")
    answer = redirect(back if back.startswith(f"/store/{name}") else f"/store/{name}")
    if request.form.get("staff") in people:
        answer.set_cookie(STAFF_COOKIE, request.form["staff"], httponly=True, samesite="Lax")
    return answer
