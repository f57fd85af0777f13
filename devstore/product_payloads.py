"""Products as webhooks carry them: REST-shaped, numeric ids, money as text."""

from devstore.gids import gid
from devstore.store import Doc


def available(variant: Doc) -> int:
    """What can be sold of a variant, everywhere together."""
    return sum(int(held.get("available", 0)) for held in variant["quantities"].values())


def payload(product: Doc) -> Doc:
    """The product as `products/create` and `products/update` carry it."""
    return {
        "id": product["id"],
        "admin_graphql_api_id": gid("Product", product["id"]),
        "title": product["title"],
        "body_html": product["description_html"],
        "vendor": product["vendor"],
        "product_type": product["product_type"],
        "handle": product["handle"],
        "status": product["status"].lower(),
        "tags": ", ".join(product["tags"]),
        "created_at": product["created_at"],
        "updated_at": product["updated_at"],
        "published_at": product["published_at"],
        "published_scope": "web",
        "template_suffix": None,
        "category": _category(product),
        "has_variants_that_requires_components": False,
        "options": [
            {
                "id": option["id"],
                "product_id": product["id"],
                "name": option["name"],
                "position": option["position"],
                "values": [value["name"] for value in option["values"]],
            }
            for option in product["options"]
        ],
        "variants": [_variant_payload(product, variant) for variant in product["variants"][:100]],
        "variant_gids": [
            {"admin_graphql_api_id": gid("ProductVariant", variant["id"]), "updated_at": variant["updated_at"]}
            for variant in product["variants"]
        ],
        "images": [_image_payload(product, image, index) for index, image in enumerate(product["media"], 1)],
        "image": _image_payload(product, product["media"][0], 1) if product["media"] else None,
        "media": [_media_payload(product, image, index) for index, image in enumerate(product["media"], 1)],
    }


def _category(product: Doc) -> Doc | None:
    return {"admin_graphql_api_id": product["category_gid"]} if product["category_gid"] else None


def _variant_payload(product: Doc, variant: Doc) -> Doc:
    options = {f"option{index}": None for index in (1, 2, 3)}
    options |= {f"option{index}": value["name"] for index, value in enumerate(variant["option_values"], 1)}
    stock = available(variant)
    return {
        "id": variant["id"],
        "admin_graphql_api_id": gid("ProductVariant", variant["id"]),
        "product_id": product["id"],
        "title": variant["title"],
        "sku": variant["sku"],
        "barcode": variant["barcode"],
        "price": variant["price"],
        "compare_at_price": variant["compare_at_price"],
        "position": variant["position"],
        "inventory_policy": variant["inventory_policy"].lower(),
        "inventory_item_id": variant["inventory_item_id"],
        "inventory_quantity": stock,
        "old_inventory_quantity": stock,
        "taxable": variant["taxable"],
        "image_id": variant.get("media_id"),
        **options,
        "created_at": variant["created_at"],
        "updated_at": variant["updated_at"],
    }


def _image_payload(product: Doc, image: Doc, position: int) -> Doc:
    return {
        "id": image["id"],
        "admin_graphql_api_id": gid("MediaImage", image["id"]),
        "product_id": product["id"],
        "position": position,
        "alt": image["alt"],
        "width": image["width"],
        "height": image["height"],
        "src": image["url"],
        "variant_ids": [],
        "created_at": image["created_at"],
        "updated_at": image["created_at"],
    }


def _media_payload(product: Doc, image: Doc, position: int) -> Doc:
    preview = {"width": image["width"], "height": image["height"], "src": image["url"], "status": image["status"]}
    return {
        "id": image["id"],
        "admin_graphql_api_id": gid("MediaImage", image["id"]),
        "product_id": product["id"],
        "position": position,
        "alt": image["alt"],
        "status": image["status"],
        "media_content_type": "IMAGE",
        "preview_image": preview,
        "variant_ids": [],
        "created_at": image["created_at"],
        "updated_at": image["created_at"],
    }
