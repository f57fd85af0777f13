"""Which of its product's pictures shows a variant: as rows have it, as a form says it, as Shopify is told.

Shopify gives a variant one picture, and refuses another one while it has one: so the first goes before the next comes.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from app.models.products import ProductImage, Variant
from app.products.proposal_rules import Changes, Snapshot, variant_of
from app.shopify.client import graphql
from app.shopify.tokens import ShopCredentials


def write_variant_pictures(
    shop: ShopCredentials,
    gid: str,
    nodes: Iterable[Mapping[str, Any]],
    wanted: Mapping[str, str | None],
    pictures: Sequence[Mapping[str, Any]] | None = None,
) -> None:
    """Give variants their pictures, both by gid; None takes one away. `nodes` are Shopify's variants with their media.

    The pictures must be the product's; `pictures`: what it has been left with since the variants were read. Repeatable:
    what is so already is left.
    """
    left = None if pictures is None else {picture["gid"] for picture in pictures}
    held = {
        node["id"]: [each["id"] for each in node["media"]["nodes"] if left is None or each["id"] in left]
        for node in nodes
    }
    # A variant that is gone by now shows nothing.
    there = {key: picture for key, picture in wanted.items() if key in held}
    changed = {key: picture for key, picture in there.items() if held[key] != ([picture] if picture else [])}
    gone = [{"variantId": key, "mediaIds": held[key]} for key in changed if held[key]]
    if gone:
        graphql(shop, "productVariantDetachMedia", {"productId": gid, "variantMedia": gone})
    rows = [{"id": key, "mediaId": picture} for key, picture in changed.items() if picture]
    if rows:
        graphql(shop, "productVariantsBulkUpdate", {"productId": gid, "variants": rows})


def as_begun(changes: Changes, live: Snapshot, begun_at: datetime | None) -> Changes:
    """An edit whose job was cut short: where a variant shows nothing now, it had taken the picture away itself."""
    if begun_at is None:
        return changes
    taken = [f for f in changes if variant_of(f)[0] == "picture" and f in live and live[f] is None]
    return changes | {field: [None, changes[field][1]] for field in taken}


def by_row(variants: Sequence[Variant], images: Sequence[ProductImage]) -> dict[int, str | None]:
    """The picture of each variant as rows have it, by its number."""
    gids = {image.id: image.shopify_gid for image in images if image.url}
    return {variant.id: gids.get(variant.image_id or 0) for variant in variants}


def of_rows(variants: Sequence[Variant], images: Sequence[ProductImage]) -> dict[str, str | None]:
    """The picture of each variant that Shopify has, by gid, as rows have it.

    A variant that we never gave one is left out: what it shows the shop's staff chose in Shopify.
    """
    wanted = by_row(variants, images)
    return {v.shopify_gid: wanted[v.id] for v in variants if v.shopify_gid and (wanted[v.id] or v.picture_told)}


def note_told(variants: Sequence[Variant], images: Sequence[ProductImage]) -> None:
    """Shopify shows variants as the rows have them."""
    wanted = by_row(variants, images)
    for variant in variants:
        variant.picture_told = wanted[variant.id]


def of_edit(
    variants: Sequence[Variant], wanted: Snapshot, made: Mapping[str, Any] | None, named: Sequence[Mapping[str, Any]]
) -> dict[str, str | None]:
    """The picture of each variant that an edit gives one: to those on sale, and to those that it has just made.

    `named`: the edit's variants under the names that Shopify has for them now.
    """
    fields = {f"picture {variant.id}": variant.shopify_gid for variant in variants}
    asked = {gid: gid_of(wanted[field]) for field, gid in fields.items() if gid and field in wanted}
    nodes = {
        tuple(option["value"] for option in node["selectedOptions"]): node["id"]
        for node in (made or {"variants": {"nodes": []}})["variants"]["nodes"]
    }
    new = {nodes.get(tuple(each["values"])): gid_of(each["picture"]) for each in named if each.get("picture")}
    return asked | {key: picture for key, picture in new.items() if key}


def gid_of(picture: Mapping[str, Any] | None) -> str | None:
    """A snapshot's picture by the name that Shopify has for it."""
    return str(picture["gid"]) if picture else None
