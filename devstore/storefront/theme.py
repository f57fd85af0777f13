"""Liquid rendered as a theme does it: our small demo theme, with the app's blocks where the merchant placed them."""

import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from liquid import BoundTemplate, CachingFileSystemLoader, Environment
from liquid.exceptions import LiquidError
from markupsafe import escape

from devstore.store import Doc
from devstore.storefront import blank
from devstore.storefront.drops import Drop, Lookup
from devstore.storefront.filters import add_filters, find_text
from devstore.storefront.objects import Objects
from devstore.storefront.tags import PaginateTag
from devstore.web_pixels import event_of

blank.install()

THEME = Path(__file__).parent / "theme"
EXTENSION_ASSETS = "/cdn/extensions/assets"
SHOPIFY_SCRIPT = "/cdn/shopify/storefront.js"
_SCHEMA = re.compile(r"\{%-?\s*schema\s*-?%\}(?P<json>.*?)\{%-?\s*endschema\s*-?%\}", re.DOTALL)
_NO_LAYOUT = re.compile(r"\{%-?\s*layout\s+none\s*-?%\}")


def theme_environment() -> Environment:
    return _environment(THEME, "/cdn/theme/assets")


def extension_environment(folder: Path) -> Environment:
    """The app's blocks and snippets see their own texts and assets, not the theme's."""
    return _environment(folder, EXTENSION_ASSETS)


@lru_cache
def _environment(folder: Path, asset_root: str) -> Environment:
    loader = CachingFileSystemLoader(folder / "snippets", ext=".liquid", auto_reload=True)
    environment = Environment(loader=loader, strict_filters=True)
    environment.add_tag(PaginateTag)
    add_filters(environment, Texts(folder / "locales"), asset_root)
    return environment


class Texts(Mapping[str, Mapping[str, Any]]):
    """A folder of locale files, read again when they change. `en.default.json` is English.

    With `kind` ".schema" they are the files with the texts of settings in the theme editor.
    """

    def __init__(self, folder: Path, kind: str = "") -> None:
        self._folder, self._kind = folder, kind

    def _path(self, locale: str) -> Path | None:
        paths = (self._folder / f"{locale}{default}{self._kind}.json" for default in (".default", ""))
        return next((path for path in paths if re.fullmatch(r"[\w-]+", locale) and path.is_file()), None)

    def __getitem__(self, locale: str) -> Mapping[str, Any]:
        path = self._path(locale)
        if path is None:
            raise KeyError(locale)
        texts: Mapping[str, Any] = _read_json(path, path.stat().st_mtime_ns)
        return texts

    def __iter__(self) -> Iterator[str]:
        names = {path.name.partition(".")[0] for path in self._folder.glob("*.json")}
        return iter(sorted(name for name in names if self._path(name)))

    def __len__(self) -> int:
        return len(list(iter(self)))


@lru_cache
def _read_json(path: Path, _changed: int) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def read_theme_file(name: str) -> Any:
    """A JSON file of the theme: `templates.json` (where blocks stand) or `content.json` (menus and pages)."""
    path = THEME / name
    return _read_json(path, path.stat().st_mtime_ns)


@dataclass(frozen=True)
class Block:
    template: BoundTemplate
    schema: Mapping[str, Any]
    schema_texts: Texts

    def settings(self, chosen: Mapping[str, Any], locale: str) -> dict[str, Any]:
        """The merchant's choices over the defaults that the block declares, which may be `t:` keys."""
        defaults = {s["id"]: s.get("default") for s in self.schema.get("settings", []) if "id" in s}
        return {**{name: self._text(value, locale) for name, value in defaults.items()}, **chosen}

    def _text(self, value: Any, locale: str) -> Any:
        if not isinstance(value, str) or not value.startswith("t:"):
            return value
        key = value.removeprefix("t:")
        return find_text(self.schema_texts.get(locale), key) or find_text(self.schema_texts["en"], key)


def load_block(folder: Path, name: str) -> Block | None:
    """A block of the extension; None when there is no such file. A changed file is read again."""
    path = folder / "blocks" / f"{name}.liquid"
    return _parse_block(folder, path, path.stat().st_mtime_ns) if path.is_file() else None


@lru_cache
def _parse_block(folder: Path, path: Path, _changed: int) -> Block:
    source = path.read_text(encoding="utf-8")
    found = _SCHEMA.search(source)
    schema = json.loads(found["json"]) if found else {}
    template = extension_environment(folder).from_string(_SCHEMA.sub("", source), name=path.name)
    return Block(template, schema, Texts(folder / "locales", ".schema"))


@dataclass
class Page:
    """One page being rendered: the objects its templates see, and the files its blocks need.

    `extension` is the folder of the app's theme extension, None where the app is not installed.
    """

    objects: Objects
    extension: Path | None
    globals: dict[str, Any]
    blocks: frozenset[str] = frozenset()
    """Those of the app's blocks that stand in the published theme."""
    pixels: Sequence[Doc] = ()
    """The web pixels that run in the shop."""
    method: str = "GET"
    assets: dict[str, str] = field(default_factory=dict)

    def render(self, template: str, **own: Any) -> str:
        """A whole page: the template with its app blocks, inside the layout."""
        scope = {**self.globals, **own, "template": _template_drop(template)}
        scope["app_blocks"] = self._blocks(template, scope)
        content = _theme_file("templates", _file_of(template)).render(**scope)
        return self._in_layout(content, scope)

    def render_app_liquid(self, source: str) -> str:
        """A page whose Liquid came from the app through its proxy."""
        scope = {**self.globals, "template": _template_drop("page"), "page_title": self.globals["shop"]["name"]}
        content = _render_app(_NO_LAYOUT.sub("", source), scope)
        return content if _NO_LAYOUT.search(source) else self._in_layout(content, scope)

    def _in_layout(self, content: str, scope: dict[str, Any]) -> str:
        """App embeds stand on every page but the checkout's; Shopify's own script comes before theirs."""
        embeds = "" if scope["template"]["name"] == "checkout" else self._blocks("*", scope).get("body", "")
        header = "\n".join([_shopify_script(scope), self._pixels_script(scope), *self.assets.values()])
        layout = _theme_file("layout", "theme")
        return layout.render(**scope, content_for_layout=content, content_for_header=header, app_embeds=embeds)

    def _pixels_script(self, scope: dict[str, Any]) -> str:
        """Web pixels run on every page, the checkout's too."""
        if not self.pixels:
            return ""
        event = event_of(scope["template"]["value"], self.method, scope)
        page = json.dumps({"pixels": self.pixels, "event": event, "lines": "/cdn/web-pixels/lines"})
        return f'<script src="/cdn/shopify/web-pixels.js" data-page="{escape(page)}"></script>'

    def _blocks(self, template: str, scope: dict[str, Any]) -> dict[str, str]:
        """HTML of the blocks in each region of the template."""
        regions: dict[str, str] = {}
        for region, placed in read_theme_file("templates.json").get(template, {}).items():
            regions[region] = "".join(
                self._block(f"{region}-{number}", entry["block"], entry.get("settings", {}), scope)
                for number, entry in enumerate(placed)
                if entry["block"] in self.blocks
            )
        return regions

    def _block(self, block_id: str, name: str, chosen: Mapping[str, Any], scope: dict[str, Any]) -> str:
        try:
            block = load_block(self.extension, name) if self.extension else None
        except (LiquidError, ValueError) as error:
            return f"Liquid syntax error (blocks/{escape(name)}): {escape(error)}"
        if block is None:
            return ""
        self._collect_assets(block.schema)
        locale = self.globals["request"]["locale"]["iso_code"]
        settings = {key: self._resource(block, key, value) for key, value in block.settings(chosen, locale).items()}
        attributes = f'data-block-handle="{escape(name)}"'
        drop = Drop(id=block_id, type=name, settings=Drop(**settings), shopify_attributes=attributes)
        html = _render(block.template, f"blocks/{name}", {**scope, "block": drop})
        return f'<div id="shopify-block-{escape(block_id)}" class="shopify-block shopify-app-block">{html}</div>'

    def _resource(self, block: Block, key: str, value: Any) -> Any:
        """A setting that names a product, collection or metaobject gives that object."""
        setting: Mapping[str, Any] = next((s for s in block.schema["settings"] if s.get("id") == key), {})
        kind = setting.get("type")
        if not value or kind not in {"collection", "metaobject", "product"}:
            return value
        found: Lookup = self.objects.products() if kind == "product" else self.objects.collections()
        if kind == "metaobject":
            found = self.objects.metaobjects()[setting["metaobject_type"]]
        return found.get(value)

    def _collect_assets(self, schema: Mapping[str, Any]) -> None:
        """A block's stylesheet and script come once, however many blocks ask for them."""
        if name := schema.get("stylesheet"):
            self.assets[name] = f'<link href="{EXTENSION_ASSETS}/{escape(name)}" rel="stylesheet">'
        if name := schema.get("javascript"):
            self.assets[name] = f'<script src="{EXTENSION_ASSETS}/{escape(name)}" defer></script>'


def _shopify_script(scope: dict[str, Any]) -> str:
    """What Shopify writes into the head of every page: `window.Shopify`."""
    known = {"locale": scope["request"]["locale"]["iso_code"], "currency": {"active": scope["shop"]["currency"]}}
    return f'<script src="{SHOPIFY_SCRIPT}" data-shop="{escape(json.dumps(known))}"></script>'


def _render(template: BoundTemplate, name: str, scope: dict[str, Any]) -> str:
    """The app's Liquid; what is wrong in it is said in its place, as Shopify does, and the page goes on."""
    try:
        return template.render(**scope)
    except LiquidError as error:
        logging.getLogger(__name__).warning("Liquid error in %s: %s", name, error)
        return f"Liquid error ({escape(name)}): {escape(error)}"


def _render_app(source: str, scope: dict[str, Any]) -> str:
    try:
        template = theme_environment().from_string(source)
    except LiquidError as error:
        return f"Liquid syntax error: {escape(error)}"
    return _render(template, "app proxy", scope)


def _file_of(template: str) -> str:
    """`page.sell` is drawn by page.liquid, `metaobject/vendor` by metaobject.liquid, `customers/login` by its own."""
    name = template.partition(".")[0]
    return "metaobject" if name.startswith("metaobject/") else name.replace("/", "-")


def _template_drop(template: str) -> Drop:
    name, _, suffix = template.partition(".")
    return Drop(name=name.partition("/")[0], suffix=suffix or None, value=template)


def _theme_file(folder: str, name: str) -> BoundTemplate:
    path = THEME / folder / f"{name}.liquid"
    return _parse_theme_file(path, path.stat().st_mtime_ns)


@lru_cache
def _parse_theme_file(path: Path, _changed: int) -> BoundTemplate:
    return theme_environment().from_string(path.read_text(encoding="utf-8"), name=path.name)
