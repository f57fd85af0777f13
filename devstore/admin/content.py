"""Content in the admin: entries the app keeps in the shop and lets the merchant see, or edit."""

from flask import abort, redirect, render_template, request
from werkzeug.wrappers import Response

from devstore.admin.pages import page_of
from devstore.admin.shell import bp, get_shop
from devstore.current import get_store
from devstore.gids import number_of
from devstore.metaobjects import EntryError, display_name, save_entry
from devstore.store import Doc

_EDITABLE = {"MERCHANT_READ_WRITE", "PUBLIC_READ_WRITE"}
_VISIBLE = {"MERCHANT_READ", *_EDITABLE}


@bp.get("/store/<name>/content")
def list_entries(name: str) -> str:
    shop = get_shop(name)
    text, kind = request.args.get("q", "").strip().lower(), request.args.get("type", "")
    definitions = {each["type"]: each for each in _definitions(shop)}
    found = [
        {**entry, "title": display_name(definitions[entry["type"]], entry), "kind": definitions[entry["type"]]["name"]}
        for entry in reversed(get_store().all(shop, "metaobject"))
        if entry["type"] in definitions and kind in {"", entry["type"]}
    ]
    rows = [entry for entry in found if text in f"{entry['handle']} {entry['title']}".lower()]
    kinds = {each["type"]: each["name"] for each in definitions.values()}
    return render_template("admin/entries.html", page=page_of(rows), q=text, kind=kind, kinds=kinds)


@bp.get("/store/<name>/content/<int:number>")
def show_entry(name: str, number: int) -> str:
    return _entry_page(name, number, {}, {})


@bp.post("/store/<name>/content/<int:number>")
def edit_entry(name: str, number: int) -> Response | str:
    """Change an entry's fields and status as the merchant: metaobjects/update goes out."""
    shop = get_shop(name)
    entry, definition = _entry(shop, number)
    if not _is_editable(definition):
        abort(403)
    sent = {key[6:]: value.strip() for key, value in request.form.items() if key.startswith("field.")}
    status = request.form.get("status", entry["status"])
    wanted = {**entry, "fields": {**entry["fields"], **sent}}
    if definition["capabilities"]["publishable"]["enabled"] and status in {"ACTIVE", "DRAFT"}:
        wanted["status"] = status
    try:
        save_entry(get_store(), shop, definition, wanted)
    except EntryError as refused:
        return _entry_page(name, number, {**sent, "": status}, {refused.key or "": refused.message})
    return redirect(f"/store/{name}/content/{number}?toast=Entry saved")


def _entry_page(name: str, number: int, sent: dict[str, str], errors: dict[str, str]) -> str:
    shop = get_shop(name)
    entry, definition = _entry(shop, number)
    pictures = {field["key"]: _picture(shop, entry, field["key"]) for field in definition["fields"] if _is_file(field)}
    return render_template(
        "admin/entry.html",
        entry=entry,
        title=display_name(definition, entry),
        definition=definition,
        fields=[field for field in definition["fields"] if not _is_file(field)],
        values={**entry["fields"], "": entry["status"], **sent},
        errors=errors,
        pictures={key: picture for key, picture in pictures.items() if picture},
        editable=_is_editable(definition),
    )


def _entry(shop: str, number: int) -> tuple[Doc, Doc]:
    entry = get_store().get(shop, "metaobject", number) or abort(404)
    return entry, next((each for each in _definitions(shop) if each["type"] == entry["type"]), None) or abort(404)


def _definitions(shop: str) -> list[Doc]:
    """Those the merchant may see: the app decides with its access rule."""
    return [each for each in get_store().all(shop, "metaobject_definition") if each["access"]["admin"] in _VISIBLE]


def _is_editable(definition: Doc) -> bool:
    return definition["access"]["admin"] in _EDITABLE


def _is_file(field: Doc) -> bool:
    return str(field["type"]) == "file_reference"


def _picture(shop: str, entry: Doc, key: str) -> Doc | None:
    """The file the entry points at. Files have several types of gid and one numbering."""
    pointed = entry["fields"].get(key)
    return get_store().get(shop, "file", number_of(pointed, pointed.split("/")[-2])) if pointed else None
