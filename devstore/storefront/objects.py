"""Shopify's Liquid objects, made from the store's documents."""

import json
from typing import Any

from devstore import products, taxonomy
from devstore.gids import InvalidGidError, parse_gid
from devstore.store import Doc, Store
from devstore.storefront import catalogue
from devstore.storefront.catalogue import cents
from devstore.storefront.drops import Drop, Listing, Lookup, References

MOST_BY_HANDLE = 20
"""So many entries of a type may a page ask for by their handles."""


class Objects:
    """Makes the Liquid objects of one shop for one page."""

    def __init__(self, store: Store, shop: str) -> None:
        self.store, self.shop = store, shop

    def image(self, media: Doc | None, alt: str = "") -> Drop | None:
        if not media or not media.get("url"):
            return None
        width, height = media.get("width") or 1000, media.get("height") or 1000
        return Drop(
            id=media.get("id"),
            src=media["url"],
            alt=media.get("alt") or alt,
            width=width,
            height=height,
            aspect_ratio=width / height,
            media_type="image",
        )

    def product(self, product: Doc, *, variant_id: int | None = None) -> Drop:
        """`variant_id` is the variant that the address chose."""
        variants = [
            self.variant(product, variant, selected=variant_id == variant["id"]) for variant in _sorted(product)
        ]
        available = next((variant for variant in variants if variant["available"]), None)
        selected = next((variant for variant in variants if variant["selected"]), None)
        images = [self.image(media, product["title"]) for media in product.get("media", []) if media.get("url")]
        chosen = selected or available or (variants[0] if variants else None)
        return Drop(
            id=product["id"],
            title=product["title"],
            handle=product["handle"],
            url=f"/products/{product['handle']}",
            description=product.get("description_html") or "",
            content=product.get("description_html") or "",
            vendor=product.get("vendor") or "",
            type=product.get("product_type") or "",
            category=self.category(product.get("category_gid")),
            tags=product.get("tags", []),
            published_at=product.get("published_at"),
            created_at=product.get("created_at"),
            available=available is not None,
            **_prices(variants),
            compare_at_price=chosen["compare_at_price"] if chosen else None,
            images=images,
            media=images,
            featured_image=images[0] if images else None,
            featured_media=images[0] if images else None,
            options=[option["name"] for option in product.get("options", [])],
            options_with_values=_options(product, chosen),
            variants=variants,
            has_only_default_variant=_has_only_default(product),
            selected_variant=selected,
            first_available_variant=available,
            selected_or_first_available_variant=chosen,
            metafields=self.metafields(product, "PRODUCT"),
        )

    @staticmethod
    def category(held: str | None) -> Drop | None:
        found = taxonomy.find(held)
        return Drop(id=found["id"].rpartition("/")[2], gid=found["id"], name=found["name"]) if found else None

    def variant(self, product: Doc, variant: Doc, *, selected: bool = False) -> Drop:
        values = [chosen["name"] for chosen in variant.get("option_values", [])]
        stock = catalogue.stock_of(variant)
        own = next((each for each in product.get("media", []) if each["id"] == variant.get("media_id")), None)
        shown = self.image(own, product["title"]) if own else None
        return Drop(
            id=variant["id"],
            title=variant["title"],
            sku=variant.get("sku") or "",
            barcode=variant.get("barcode"),
            price=cents(variant["price"]) or 0,
            compare_at_price=cents(variant.get("compare_at_price")),
            available=products.is_for_sale(variant),
            selected=selected,
            options=values,
            option1=values[0] if values else None,
            option2=values[1] if len(values) > 1 else None,
            option3=values[2] if len(values) > 2 else None,
            inventory_quantity=stock if stock is not None else 0,
            inventory_management="shopify" if variant.get("tracked", True) else None,
            inventory_policy=(variant.get("inventory_policy") or "DENY").lower(),
            requires_shipping=variant.get("requires_shipping", True),
            taxable=variant.get("taxable", True),
            weight=variant.get("weight_grams") or 0,
            url=f"/products/{product['handle']}?variant={variant['id']}",
            image=shown,
            featured_image=shown,
        )

    def collection(self, collection: Doc, *, sort_by: str = "") -> Drop:
        products = catalogue.sort_products(collection["products"], sort_by)
        return Drop(
            id=collection["id"],
            title=collection["title"],
            handle=collection["handle"],
            description=collection.get("description_html") or "",
            url=collection.get("url") or f"/collections/{collection['handle']}",
            products=Listing(products, self.product),
            products_count=len(products),
            all_products_count=len(products),
            sort_by=sort_by,
            default_sort_by="manual",
            image=self.image(collection.get("image")),
        )

    def metafields(self, owner: Doc, owner_type: str) -> Lookup:
        """`metafields['$app'].vendor`; `owner_type` as in definitions, such as PRODUCT."""

        def in_namespace(name: str) -> Drop | None:
            namespace = catalogue.own_name(self.store, name)
            held = [field for field in owner.get("metafields", []) if field["namespace"] == namespace]
            found = [each for each in held if catalogue.is_open_metafield(self.store, self.shop, owner_type, each)]
            return Drop(**{field["key"]: self.metafield(field["type"], field["value"]) for field in found})

        return Lookup(in_namespace)

    def metafield(self, type_name: str, value: str | None) -> Drop | None:
        if value in {None, ""}:
            return None
        is_list = type_name.startswith("list.")
        return Drop(type=type_name, value=lambda: self._typed(type_name, str(value)), **{"list?": is_list})

    def _typed(self, type_name: str, value: str) -> Any:
        if type_name.startswith("list."):
            return self._list(type_name.removeprefix("list."), json.loads(value))
        if type_name == "metaobject_reference":
            entry = self._referenced("metaobject", value)
            definition = catalogue.find_definition(self.store, self.shop, entry["type"]) if entry else None
            return self.metaobject(entry) if entry and catalogue.is_visible(entry, definition) else None
        if type_name in {"product_reference", "file_reference"}:
            held = self._shown(value) if type_name == "product_reference" else self._referenced("file", value)
            make = self.product if type_name == "product_reference" else self.image
            return make(held) if held else None
        if type_name == "rating":
            held = json.loads(value)
            ends = {name: float(held[name]) for name in ("scale_min", "scale_max")}
            return Drop(rating=float(held["value"]), value=held["value"], **ends)
        if type_name in {"number_integer", "boolean", "json", "money", "dimension", "weight", "volume"}:
            return json.loads(value)
        return float(value) if type_name == "number_decimal" else value

    def _list(self, type_name: str, entries: list[Any]) -> Any:
        if type_name == "product_reference":
            shown = [self._shown(str(entry)) for entry in entries]
            return References([product for product in shown if product], self.product)
        typed = [self._typed(type_name, str(entry)) for entry in entries]
        return [entry for entry in typed if entry is not None]

    def _shown(self, text: str) -> Doc | None:
        """The product that is referred to, while it has a page."""
        held = self._referenced("product", text)
        return held if held and catalogue.has_page(self.store, self.shop, held) else None

    def _referenced(self, kind: str, text: str) -> Doc | None:
        try:
            return self.store.get(self.shop, kind, parse_gid(text)[1])
        except InvalidGidError:
            return None

    def metaobject(self, entry: Doc) -> Drop:
        definition = self.store.find(self.shop, "metaobject_definition", type=entry["type"]) or {}
        types = {field["key"]: field["type"] for field in definition.get("fields", [])}
        path = catalogue.page_path(definition)
        system = Drop(
            id=entry["id"],
            handle=entry["handle"],
            type=entry["type"],
            url=f"/pages/{path}/{entry['handle']}" if path else None,
        )
        fields = {
            key: self.metafield(types.get(key, "single_line_text_field"), value)
            for key, value in entry["fields"].items()
        }
        return Drop(**{**fields, "system": system})

    def metaobjects(self) -> Lookup:
        """`metaobjects['$app:vendor'].values` and `metaobjects['$app:vendor']['ada']`."""

        def of_type(type_name: str) -> Lookup:
            entries = catalogue.list_metaobjects(self.store, self.shop, type_name)
            values = Listing(entries, self.metaobject)

            looked_up: set[str] = set()

            def find(key: str) -> Any:
                if key in {"values", "values_count"}:
                    return values if key == "values" else len(entries)
                looked_up.add(key)
                entry = catalogue.find_metaobject(self.store, self.shop, type_name, key)
                return self.metaobject(entry) if entry and len(looked_up) <= MOST_BY_HANDLE else None

            return Lookup(find)

        return Lookup(of_type)

    def products(self) -> Lookup:
        """`all_products['mug']`."""

        def find(handle: str) -> Drop | None:
            found = catalogue.find_product(self.store, self.shop, handle)
            return self.product(found) if found else None

        return Lookup(find)

    def collections(self) -> Lookup:
        def find(handle: str) -> Drop | None:
            found = catalogue.find_collection(self.store, self.shop, handle)
            return self.collection(found) if found else None

        return Lookup(find)


def _prices(variants: list[Drop]) -> dict[str, Any]:
    prices = [variant["price"] for variant in variants] or [0]
    low, high = min(prices), max(prices)
    return {"price": low, "price_min": low, "price_max": high, "price_varies": low != high}


def _sorted(product: Doc) -> list[Doc]:
    return sorted(product["variants"], key=lambda variant: variant.get("position") or 0)


def _has_only_default(product: Doc) -> bool:
    return len(product["variants"]) == 1 and product["variants"][0]["title"] == "Default Title"


def _options(product: Doc, chosen: Drop | None) -> list[Drop]:
    options = []
    for place, option in enumerate(product.get("options", [])):
        selected = chosen["options"][place] if chosen and place < len(chosen["options"]) else None
        values = [value["name"] for value in option["values"]]
        options.append(Drop(name=option["name"], position=place + 1, values=values, selected_value=selected))
    return options
