"""Content in the admin: entries the app keeps in the shop and lets the merchant edit."""

from typing import Any

from flask import abort, redirect, render_template, request
from werkzeug.wrappers import Response

from devstore.admin.pages import call_admin_api, page_of
from devstore.admin.shell import bp, get_shop
from devstore.current import get_store
from devstore.gids import gid
from devstore.store import Doc

_UPDATE = """mutation metaobjectUpdate($id: ID!, $metaobject: MetaobjectUpdateInput!) {
  metaobjectUpdate(id: $id, metaobject: $metaobject) { metaobject { id } userErrors { field message elementKey } }
}"""


@bp.get("/store/<name>/content")
def list_entries(name: str) -> str:
    shop, store = get_shop(name), get_store()
    text, kind = request.args.get("q", "").strip().lower(), request.args.get("type", "")
    kinds = {definition["type"]: definition.get("name") or definition["type"] for definition in _definitions(shop)}
    found = [
        entry
        for entry in reversed(store.all(shop, "metaobject"))
        if entry["type"] in kinds
        and kind in {"", entry["type"]}
        and text in f"{entry['handle']} {_title(entry)}".lower()
    ]
    rows = [{**entry, "title": _title(entry), "kind": kinds[entry["type"]]} for entry in found]
    return render_template("admin/entries.html", page=page_of(rows), q=text, kind=kind, kinds=kinds)


@bp.get("/store/<name>/content/<int:number>")
def show_entry(name: str, number: int) -> str:
    return _entry_page(name, number, {}, {})


@bp.post("/store/<name>/content/<int:number>")
def edit_entry(name: str, number: int) -> Response | str:
    """Change an entry's fields and status as the merchant: metaobjects/update goes out."""
    entry, definition = _entry(get_shop(name), number)
    sent = {key: request.form.get(f"field.{key}", "") for key in _keys(entry, definition)}
    change: dict[str, Any] = {"fields": [{"key": key, "value": value} for key, value in sent.items()]}
    if request.form.get("status") in {"ACTIVE", "DRAFT"}:
        change["capabilities"] = {"publishable": {"status": request.form["status"]}}
    variables = {"id": gid("Metaobject", number), "metaobject": change}
    refused = call_admin_api(get_shop(name), _UPDATE, variables)["userErrors"]
    if refused:
        errors = {str(error.get("elementKey") or ""): str(error["message"]) for error in refused}
        return _entry_page(name, number, sent, errors)
    return redirect(f"/store/{name}/content/{number}?toast=Entry saved")


def _entry_page(name: str, number: int, sent: dict[str, str], errors: dict[str, str]) -> str:
    entry, definition = _entry(get_shop(name), number)
    fields = [
        {
            "key": key,
            "label": known.get("name") or key.replace("_", " ").capitalize(),
            "type": str(known.get("type", "")),
        }
        for key, known in _keys(entry, definition).items()
    ]
    values = {**{key: entry["fields"].get(key) or "" for key in entry["fields"]}, **sent}
    return render_template(
        "admin/entry.html",
        entry=entry,
        title=_title(entry),
        definition=definition,
        fields=fields,
        values=values,
        errors=errors,
    )


def _entry(shop: str, number: int) -> tuple[Doc, Doc]:
    entry = get_store().get(shop, "metaobject", number) or abort(404)
    definition = next((each for each in _definitions(shop) if each["type"] == entry["type"]), None) or abort(404)
    return entry, definition


def _definitions(shop: str) -> list[Doc]:
    """Those the merchant may see: the app decides with its access rule."""
    visible = {"MERCHANT_READ", "MERCHANT_READ_WRITE", "PUBLIC_READ_WRITE"}
    definitions = get_store().all(shop, "metaobject_definition")
    return [each for each in definitions if (each.get("access") or {}).get("admin", "MERCHANT_READ") in visible]


def _keys(entry: Doc, definition: Doc) -> dict[str, Doc]:
    declared = {field["key"]: field for field in definition.get("field_definitions", [])}
    return declared or {key: {} for key in entry["fields"]}


def _title(entry: Doc) -> str:
    fields = entry["fields"]
    return str(fields.get("name") or fields.get("title") or entry["handle"])
