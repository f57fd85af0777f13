"""The shop's themes: which is published, which of the app's blocks stand in it, and its files as the API shows them."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from devstore.clock import iso
from devstore.gids import gid
from devstore.store import Doc, Store
from devstore.webhooks import emit

EMBEDS: Final = "*"
_TEMPLATES: Final = Path(__file__).parent / "storefront" / "theme" / "templates.json"
_COMMENT: Final = "/*\n * This file is written by the theme editor.\n */\n"


def main_theme(store: Store, shop: str) -> Doc:
    """The published theme. A new shop's has every block of the app."""
    found = store.find(shop, "theme", role="MAIN")
    return found or store.put(shop, "theme", _new(store, "Stall", list_blocks()))


def list_blocks() -> list[str]:
    """The app's blocks that our demo theme has places for."""
    places = _read_templates().values()
    return sorted({entry["block"] for regions in places for placed in regions.values() for entry in placed})


def publish_theme(store: Store, shop: str, name: str, blocks: list[str]) -> Doc:
    """Publish a new theme, with some of the app's blocks in it; Shopify says so to the app."""
    with store.transaction():
        old = main_theme(store, shop)
        store.put(shop, "theme", {**old, "role": "UNPUBLISHED"})
        made = store.put(shop, "theme", _new(store, name, blocks))
        body = {"id": made["id"], "name": name, "role": "main", "created_at": made["created_at"]}
        more = {"updated_at": made["updated_at"], "admin_graphql_api_id": gid("OnlineStoreTheme", made["id"])}
        emit(store, shop, "themes/publish", {**body, **more, "theme_store_id": None, "previewable": True})
        return made


def add_block(store: Store, shop: str, block: str) -> None:
    """What the merchant does in the theme editor. Nothing is told to anybody."""
    theme = main_theme(store, shop)
    now = iso(store.clock.now())
    store.put(shop, "theme", {**theme, "blocks": sorted({*theme["blocks"], block}), "updated_at": now})


def theme_files(theme: Doc, app_handle: str) -> dict[str, str]:
    """Name → content of the files that say which blocks stand where, commented as Shopify writes them."""
    files = {}
    for template, regions in _read_templates().items():
        placed = [entry for entries in regions.values() for entry in entries if entry["block"] in theme["blocks"]]
        blocks = {
            f"{entry['block']}_{number}": {
                "type": f"shopify://apps/{app_handle}/blocks/{entry['block']}/0195e1a2-7d1c-7000-8000-000000000001",
                "settings": entry.get("settings", {}),
            }
            for number, entry in enumerate(placed)
        }
        if template == EMBEDS:
            files["config/settings_data.json"] = _file({"current": {"blocks": blocks}})
        else:
            section = {"type": "apps", "blocks": blocks, "block_order": list(blocks)}
            files[f"templates/{template}.json"] = _file({"sections": {"apps": section}, "order": ["apps"]})
    return files


def _file(content: Doc) -> str:
    return _COMMENT + json.dumps(content, indent=2).replace("/", "\\/")


def _new(store: Store, name: str, blocks: list[str]) -> Doc:
    now = iso(store.clock.now())
    return {"id": store.next_id(), "name": name, "role": "MAIN", "blocks": blocks, "created_at": now, "updated_at": now}


@cache
def _read_templates() -> dict[str, Any]:
    templates: dict[str, Any] = json.loads(_TEMPLATES.read_text(encoding="utf-8"))
    return templates
