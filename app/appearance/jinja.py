"""What every page may call: icons, chart geometry, the accent's stylesheet, addresses with one query part changed."""

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Flask, request
from markupsafe import Markup

from app.appearance.charts import plot
from app.appearance.colour import DARK, LIGHT, Accent, accent_for
from app.appearance.icons import icon

THEMES = ("light", "dark")


def register(app: Flask) -> None:
    """Gives the templates `icon`, `plot`, `accent_css`, `with_query` and `chosen_theme`."""
    app.jinja_env.globals.update(
        icon=icon, plot=plot, accent_css=accent_css, with_query=with_query, chosen_theme=chosen_theme
    )


def accent_css(chosen: str | None) -> Markup:
    """The custom properties of the merchant's accent for both themes, as the content of a style element."""
    light, dark = _properties(accent_for(chosen, LIGHT)), _properties(accent_for(chosen, DARK))
    # Both are built from checked #rrggbb values, so nothing of the merchant's text can reach the page.
    return Markup(  # noqa: S704
        f":root{{{light}}}"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}"
        f":root[data-theme=dark]{{{dark}}}"
    )


def with_query(**changes: str | int | None) -> str:
    """The address of the page being made, with some query parts changed (None removes one)."""
    kept: Mapping[str, str] = request.args.to_dict()
    merged = {key: value for key, value in {**kept, **changes}.items() if value is not None}
    return f"{request.path}?{urlencode(merged)}" if merged else request.path


def chosen_theme() -> str | None:
    """`light` or `dark` when the person has chosen on this device; None follows the device."""
    theme = request.cookies.get("theme")
    return theme if theme in THEMES else None


def _properties(accent: Accent) -> str:
    return (
        f"--accent:{accent.fill};--on-accent:{accent.on_fill};--accent-text:{accent.text};--accent-soft:{accent.soft}"
    )
