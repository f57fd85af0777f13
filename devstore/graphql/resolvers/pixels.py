"""The app's web pixel in a shop: one at most."""

from typing import Any

from graphql import GraphQLError

from devstore import web_pixels
from devstore.gids import number_of
from devstore.graphql.registry import Context, RefusedError, mutation, node, query
from devstore.store import Doc
from devstore.web_pixels import SettingsError


@node("WebPixel")
def pixel_node(ctx: Context, number: int) -> Doc | None:
    found = ctx.store.get(ctx.shop, "web_pixel", number)
    return {**found, "__typename": "WebPixel"} if found else None


@query("webPixel")
def web_pixel(ctx: Context, id: str | None = None) -> Doc | None:  # noqa: A002
    if id is not None:
        return pixel_node(ctx, number_of(id, "WebPixel"))
    held = ctx.store.all(ctx.shop, "web_pixel")
    if not held:
        raise GraphQLError("No web pixel was found for this app.", extensions={"code": "RESOURCE_NOT_FOUND"})
    return held[0]


@mutation("webPixelCreate")
def pixel_create(ctx: Context, web_pixel: Doc) -> Doc:
    if ctx.store.all(ctx.shop, "web_pixel"):
        raise RefusedError(["webPixel"], "Web pixel is taken.", "TAKEN")
    return {"webPixel": ctx.store.put(ctx.shop, "web_pixel", {"settings": _checked(ctx, web_pixel)}), "userErrors": []}


@mutation("webPixelUpdate")
def pixel_update(ctx: Context, id: str, web_pixel: Doc) -> Doc:  # noqa: A002
    held = _get(ctx, id)
    changed = {**held, "settings": _checked(ctx, web_pixel)}
    return {"webPixel": ctx.store.put(ctx.shop, "web_pixel", changed), "userErrors": []}


@mutation("webPixelDelete")
def pixel_delete(ctx: Context, id: str) -> Doc:  # noqa: A002
    ctx.store.delete(ctx.shop, "web_pixel", _get(ctx, id)["id"])
    return {"deletedWebPixelId": id, "userErrors": []}


def _get(ctx: Context, gid: str) -> Doc:
    held = ctx.store.get(ctx.shop, "web_pixel", number_of(gid, "WebPixel"))
    if held is None:
        raise RefusedError(["id"], "The record with the ID used as the input value couldn't be found.", "NOT_FOUND")
    return held


def _checked(ctx: Context, given: Any) -> Doc:
    try:
        return web_pixels.check_settings(ctx.config, given.get("settings"))
    except SettingsError as error:
        raise RefusedError(["settings"], error.message, error.code) from error
