"""Shopify's own Liquid filters, those that our theme and the app's blocks may use."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, quote_plus

from babel.dates import format_date
from babel.numbers import format_currency, get_currency_precision
from liquid import Environment, RenderContext
from liquid.filter import with_context
from liquid.undefined import Undefined
from markupsafe import escape

from devstore.current import get_store
from devstore.storefront.drops import plain

Texts = Mapping[str, Mapping[str, Any]]
_WORDS = re.compile(r"[^\w]+", re.UNICODE)
_SLOT = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def add_filters(environment: Environment, texts: Texts, asset_root: str) -> None:
    """`texts` maps a language to its nested locale file; `asset_root` is the URL folder of this code's assets."""
    plain_date = environment.filters["date"]

    @with_context
    def date(moment: Any, fmt: Any = None, *, context: RenderContext, **more: Any) -> str:
        """Liquid's own by the store's clock, and Shopify's `format: 'date'`, as the page's language writes a day."""
        if moment is None:
            return ""
        if moment in ("now", "today"):
            moment = get_store().clock.now()
        if "format" not in more:
            return str(plain_date(moment, fmt, environment=environment))
        day = plain_date(moment, "%Y-%m-%d", environment=environment)
        try:
            return format_date(datetime.fromisoformat(day), "long", locale=_currency(context)[1].replace("-", "_"))
        except ValueError:
            return ""

    environment.filters.update({
        "date": date,
        "money": money,
        "money_with_currency": money_with_currency,
        "money_without_trailing_zeros": money_without_trailing_zeros,
        "image_url": image_url,
        "image_tag": image_tag,
        "asset_url": lambda name: f"{asset_root}/{quote(str(name))}",
        "stylesheet_tag": lambda url: f'<link href="{escape(url)}" rel="stylesheet" type="text/css" media="all">',
        "script_tag": lambda url: f'<script src="{escape(url)}" defer></script>',
        "url_for_vendor": lambda name: f"/collections/vendors?q={quote_plus(str(name))}",
        "url_for_type": lambda name: f"/collections/types?q={quote_plus(str(name))}",
        "within": lambda url, collection: f"{collection['url']}{url}",
        "link_to": lambda text, url, title="": f'<a href="{escape(url)}" title="{escape(title)}">{text}</a>',
        "handle": handleize,
        "handleize": handleize,
        "json": to_json,
        "pluralize": lambda count, one, many: one if count == 1 else many,
        "t": translator(texts),
    })  # fmt: skip


def _currency(context: RenderContext) -> tuple[str, str]:
    shop = context.resolve("shop")
    return str(shop["currency"]), str(context.resolve("request")["locale"]["iso_code"])


@with_context
def money(amount: Any, *, context: RenderContext) -> str:
    """`1250` is `$12.50`: Liquid counts in hundredths. Nil stays empty."""
    if amount is None or isinstance(amount, Undefined) or amount == "":
        return ""
    currency, locale = _currency(context)
    return format_currency(int(amount) / 100, currency, locale=locale)


@with_context
def money_with_currency(amount: Any, *, context: RenderContext) -> str:
    text = money(amount, context=context)
    return f"{text} {_currency(context)[0]}" if text else ""


@with_context
def money_without_trailing_zeros(amount: Any, *, context: RenderContext) -> str:
    text = money(amount, context=context)
    places = get_currency_precision(_currency(context)[0])
    return re.sub(rf"[.,]0{{{places}}}(?!\d)", "", text) if places else text


def image_url(image: Any, **size: Any) -> str:
    """The address of a picture, with `width` or `height` asked for in its query."""
    if isinstance(image, Undefined) or not image:
        return ""
    if isinstance(image, Mapping):
        image = image.get("src") or (image.get("featured_image") or {}).get("src") or ""
    asked = "&".join(f"{name}={int(size[name])}" for name in ("width", "height") if size.get(name))
    joint = "&" if "?" in str(image) else "?"
    return f"{image}{joint}{asked}" if asked else str(image)


def image_tag(url: Any, **attributes: Any) -> str:
    """An `<img>` for an `image_url`; lazy unless told otherwise."""
    if not url or isinstance(url, Undefined):
        return ""
    attributes = {"alt": "", "loading": "lazy", **attributes}
    written = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items() if value is not None)
    return f'<img src="{escape(url)}"{written}>'


def handleize(text: Any) -> str:
    """`Ada's Tea & Cups` is `adas-tea-cups`."""
    return _WORDS.sub("-", str(text).casefold().replace("'", "").replace("’", "")).strip("-")  # noqa: RUF001


def to_json(value: Any) -> str:
    """JSON that may stand inside a script element."""
    text = json.dumps(None if isinstance(value, Undefined) else plain(value), ensure_ascii=False, default=str)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def translator(texts: Texts) -> Callable[..., str]:
    """The `t` filter over one set of locale files; a language without the text falls back to English."""

    @with_context
    def translate(key: Any, *, context: RenderContext, **values: Any) -> str:
        locale = str(context.resolve("request")["locale"]["iso_code"])
        found = find_text(texts.get(locale), str(key)) or find_text(texts["en"], str(key))
        if isinstance(found, Mapping):
            found = found.get("one" if values.get("count") == 1 and "one" in found else "other")
        if not isinstance(found, str):
            return f"translation missing: {locale}.{key}"
        is_html = str(key).rpartition(".")[2].endswith("_html")
        filled = _SLOT.sub(lambda slot: str(values.get(slot[1], "")), found)
        return filled if is_html else str(escape(filled))

    return translate


def find_text(texts: Any, key: str) -> Any:
    """The entry of a nested locale file under a dotted key; None when there is none."""
    for part in key.split("."):
        if not isinstance(texts, Mapping) or part not in texts:
            return None
        texts = texts[part]
    return texts
