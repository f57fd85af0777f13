"""Themes and their files, for reading."""

import hashlib
from fnmatch import fnmatch
from typing import Any

from devstore.graphql.connections import paginate
from devstore.graphql.ownership import app_of
from devstore.graphql.registry import Context, field, node, query
from devstore.store import Doc
from devstore.themes import main_theme, theme_files


@query("themes")
def all_themes(ctx: Context, roles: list[str] | None = None, **page: Any) -> Doc:
    main_theme(ctx.store, ctx.shop)
    found = [theme for theme in ctx.store.all(ctx.shop, "theme") if not roles or theme["role"] in roles]
    return paginate([_view(theme) for theme in sorted(found, key=lambda theme: theme["id"])], **page)


@node("OnlineStoreTheme")
def theme_node(ctx: Context, number: int) -> Doc | None:
    theme = ctx.store.get(ctx.shop, "theme", number)
    return _view(theme) if theme else None


@field("OnlineStoreTheme", "files")
def files_of_theme(ctx: Context, parent: Doc, filenames: list[str] | None = None, **page: Any) -> Doc:
    files = theme_files(parent["theme"], app_of(ctx)["handle"])
    wanted = {
        name: text
        for name, text in files.items()
        if not filenames or any(fnmatch(name, pattern) for pattern in filenames)
    }
    return paginate([_file_view(parent, name, text) for name, text in sorted(wanted.items())], **page)


def _view(theme: Doc) -> Doc:
    return {
        "__typename": "OnlineStoreTheme",
        "id": theme["id"],
        "theme": theme,
        "name": theme["name"],
        "role": theme["role"],
        "createdAt": theme["created_at"],
        "updatedAt": theme["updated_at"],
    }


def _file_view(parent: Doc, name: str, text: str) -> Doc:
    return {
        "id": name,
        "filename": name,
        "body": {"__typename": "OnlineStoreThemeFileBodyText", "content": text},
        "contentType": "application/json",
        "checksumMd5": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
        "size": len(text.encode()),
        "createdAt": parent["createdAt"],
        "updatedAt": parent["updatedAt"],
    }
