"""What every page may call: icons, chart geometry, the accent's stylesheet, addresses with one query part changed."""

import secrets
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlencode

from flask import Flask, g, request
from markupsafe import Markup

from app.appearance.charts import plot
from app.appearance.colour import DARK, LIGHT, Accent, accent_for
from app.appearance.icons import icon
from app.appearance.script_words import script_words

THEMES = ("light", "dark")
# What Shopify adds when it opens a page: good for a minute, and never to be carried on in a link.
SIGNED = {"id_token", "hmac", "session", "timestamp", "embedded"}


def register(app: Flask) -> None:
    """Gives the templates what they call: icons and charts, addresses of the page being made, the look, the nonce."""
    app.jinja_env.globals.update(
        icon=icon,
        plot=plot,
        accent_css=accent_css,
        with_query=with_query,
        kept_query=kept_query,
        chosen_theme=chosen_theme,
        csp_nonce=csp_nonce,
        script_words=script_words,
    )


@lru_cache(256)
def accent_css(chosen: str | None) -> Markup:
    """The custom properties of the merchant's accent for both themes, as the content of a style element."""
    light, dark = _properties(accent_for(chosen, LIGHT)), _properties(accent_for(chosen, DARK))
    # Both are built from checked #rrggbb values, so nothing of the merchant's text can reach the page.
    return Markup(  # noqa: S704
        f":root{{{light}}}"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}"
        f":root[data-theme=dark]{{{dark}}}"
    )


def with_query(path: str | None = None, /, **changes: str | int | None) -> str:
    """The address of the page being made, with some query parts changed (None removes one).

    `path`: where the page is when it answers a form that was sent elsewhere.
    """
    path = path or request.path
    merged = {key: value for key, value in {**_kept(), **changes}.items() if value is not None}
    return f"{path}?{urlencode(merged)}" if merged else path


def kept_query() -> str:
    """The query of the page being made, with its question mark, for a file of the same rows; nothing that signs."""
    kept = _kept()
    return f"?{urlencode(kept)}" if kept else ""


def _kept() -> Mapping[str, str]:
    return {key: value for key, value in request.args.items() if key not in SIGNED}


def chosen_theme() -> str | None:
    """`light` or `dark` when the person has chosen on this device; None follows the device."""
    theme = request.cookies.get("theme")
    return theme if theme in THEMES else None


def csp_nonce() -> str:
    """One per answer, for the few inline elements that a page needs."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def _properties(accent: Accent) -> str:
    return (
        f"--accent:{accent.fill};--on-accent:{accent.on_fill};--accent-text:{accent.text};--accent-soft:{accent.soft}"
    )
