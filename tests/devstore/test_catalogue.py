"""Metaobjects, products, pictures, channels and stock over the Admin API, with the webhooks they cause."""

import io
import json
from typing import Any

from PIL import Image

from tests.devstore.conftest import ACME, ZENITH, Shopify

DEFINE = """mutation($definition: MetaobjectDefinitionCreateInput!) {
  metaobjectDefinitionCreate(definition: $definition) {
    metaobjectDefinition { id type capabilities { publishable { enabled } onlineStore { enabled data { urlHandle } } } }
    userErrors { field message code } } }"""
UPSERT = """mutation($handle: MetaobjectHandleInput!, $metaobject: MetaobjectUpsertInput, $values: JSON) {
  metaobjectUpsert(handle: $handle, metaobject: $metaobject, values: $values) {
    metaobject { id handle type displayName values capabilities { publishable { status } } }
    userErrors { field message code elementKey } } }"""
PRODUCT_SET = """mutation($input: ProductSetInput!, $identifier: ProductSetIdentifiers) {
  productSet(input: $input, identifier: $identifier) {
    product { id handle title status vendor descriptionHtml tags
      variants(first: 10) { nodes { id title sku price inventoryQuantity inventoryItem { id } } }
      media(first: 5) { nodes { status alt ... on MediaImage { image { url width } mediaErrors { code } } } }
      metafield(key: "vendor") { value reference { ... on Metaobject { displayName } } } }
    userErrors { field message code } } }"""


def define_vendor(shopify: Shopify, shop: str = ACME) -> None:
    definition = {
        "type": "$app:vendor",
        "name": "Vendor",
        "displayNameKey": "name",
        "access": {"storefront": "PUBLIC_READ", "admin": "MERCHANT_READ_WRITE"},
        "capabilities": {
            "publishable": {"enabled": True},
            "onlineStore": {"enabled": True, "data": {"urlHandle": "vendors"}},
        },
        "fieldDefinitions": [
            {"key": "name", "type": "single_line_text_field", "required": True},
            {"key": "website", "type": "url"},
        ],
    }
    made = shopify.ask(DEFINE, {"definition": definition}, shop)["metaobjectDefinitionCreate"]
    assert made["userErrors"] == []
    assert made["metaobjectDefinition"]["type"].startswith("app--")
    assert made["metaobjectDefinition"]["capabilities"]["onlineStore"]["data"] == {"urlHandle": "vendors"}


def upsert(shopify: Shopify, handle: str, **change: Any) -> dict[str, Any]:
    asked = {"handle": {"type": "$app:vendor", "handle": handle}, **change}
    answer: dict[str, Any] = shopify.ask(UPSERT, asked)["metaobjectUpsert"]
    return answer


def fields(**values: str) -> dict[str, Any]:
    return {"fields": [{"key": key, "value": value} for key, value in values.items()]}


def mugs(**changes: Any) -> dict[str, Any]:
    return {
        "title": "Mug",
        "vendor": "Ada's Ceramics",
        "productOptions": [{"name": "Glaze", "values": [{"name": "Blue"}, {"name": "White"}]}],
        "variants": [
            {"optionValues": [{"optionName": "Glaze", "name": name}], "price": "18.5", "sku": f"MUG-{name}"}
            for name in ("Blue", "White")
        ],
        **changes,
    }


def set_product(shopify: Shopify, product: dict[str, Any], identifier: dict[str, Any] | None = None) -> dict[str, Any]:
    answer: dict[str, Any] = shopify.ask(PRODUCT_SET, {"input": product, "identifier": identifier})["productSet"]
    return answer


def topics(shopify: Shopify) -> list[str]:
    return [each["topic"] for each in shopify.deliveries()]


def test_an_upsert_by_fields_changes_only_these_and_by_values_replaces_all(shopify: Shopify) -> None:
    define_vendor(shopify)
    first = upsert(shopify, "ada", metaobject=fields(name="Ada's Ceramics", website="https://ada.example"))
    assert first["metaobject"]["capabilities"] == {"publishable": {"status": "DRAFT"}}
    partly = upsert(shopify, "ada", metaobject=fields(name="Ada"))
    assert partly["metaobject"]["values"] == {"name": "Ada", "website": "https://ada.example"}
    whole = upsert(shopify, "ada", values={"name": "Ada"})
    assert whole["metaobject"]["values"] == {"name": "Ada"}
    assert whole["metaobject"]["id"] == first["metaobject"]["id"]
    assert topics(shopify) == ["metaobjects/create", "metaobjects/update", "metaobjects/update"]
    assert json.loads(shopify.deliveries()[0]["body"])["type"] == first["metaobject"]["type"]


def test_a_bad_value_is_refused_beside_its_field_and_nothing_is_written(shopify: Shopify) -> None:
    define_vendor(shopify)
    said = upsert(shopify, "ada", metaobject=fields(name="Ada", website="not a url"))
    assert said["metaobject"] is None
    assert said["userErrors"][0]["elementKey"] == "website"
    assert said["userErrors"][0]["code"] == "INVALID_VALUE"
    assert upsert(shopify, "ada", metaobject=fields(website=""))["userErrors"][0]["code"] == "OBJECT_FIELD_REQUIRED"
    assert shopify.store.all(ACME, "metaobject") == []
    assert topics(shopify) == []


def test_metaobjects_of_one_shop_are_unknown_to_another(shopify: Shopify) -> None:
    define_vendor(shopify)
    define_vendor(shopify, ZENITH)
    upsert(shopify, "ada", metaobject=fields(name="Ada"))
    listed = '{ metaobjects(type: "$app:vendor", first: 5) { nodes { handle } } }'
    assert shopify.ask(listed)["metaobjects"]["nodes"] == [{"handle": "ada"}]
    assert shopify.ask(listed, shop=ZENITH)["metaobjects"]["nodes"] == []


def test_a_type_that_the_app_does_not_own_is_denied(shopify: Shopify) -> None:
    answer = shopify.post('{ metaobjects(type: "recipe", first: 5) { nodes { id } } }').get_json()
    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"


def test_a_product_with_variants_stock_and_a_vendor_is_set_and_told(shopify: Shopify) -> None:
    define_vendor(shopify)
    ada = upsert(shopify, "ada", metaobject=fields(name="Ada"))["metaobject"]["id"]
    metafield = """mutation($definition: MetafieldDefinitionInput!) {
      metafieldDefinitionCreate(definition: $definition) { createdDefinition { namespace } userErrors { message } } }"""
    wanted = {"name": "Vendor", "key": "vendor", "ownerType": "PRODUCT", "type": "metaobject_reference"}
    assert shopify.ask(metafield, {"definition": wanted})["metafieldDefinitionCreate"]["userErrors"] == []
    location = shopify.ask("{ locations(first: 1) { nodes { id } } }")["locations"]["nodes"][0]["id"]
    stock = [{"locationId": location, "name": "available", "quantity": 7}]
    product = mugs(metafields=[{"key": "vendor", "value": ada}])
    product["variants"][0] |= {"inventoryItem": {"tracked": True}, "inventoryQuantities": stock}
    made = set_product(shopify, product)
    assert made["userErrors"] == []
    assert made["product"]["handle"] == "mug"
    assert made["product"]["metafield"]["reference"] == {"displayName": "Ada"}
    assert [each["price"] for each in made["product"]["variants"]["nodes"]] == ["18.50", "18.50"]
    assert [each["inventoryQuantity"] for each in made["product"]["variants"]["nodes"]] == [7, 0]
    assert topics(shopify)[1:] == ["products/create", "inventory_levels/update"]
    told = json.loads(shopify.deliveries()[1]["body"])
    assert told["variants"][0]["inventory_quantity"] == 7
    assert told["admin_graphql_api_id"] == made["product"]["id"]


def test_setting_again_keeps_variant_ids_by_their_options(shopify: Shopify) -> None:
    first = set_product(shopify, mugs())["product"]
    again = set_product(shopify, mugs(title="Cup"), {"id": first["id"]})["product"]
    assert [each["id"] for each in again["variants"]["nodes"]] == [each["id"] for each in first["variants"]["nodes"]]
    fewer = mugs(productOptions=[{"name": "Glaze", "values": [{"name": "White"}]}])
    fewer["variants"] = fewer["variants"][1:]
    left = set_product(shopify, fewer, {"id": first["id"]})["product"]["variants"]["nodes"]
    assert [each["id"] for each in left] == [first["variants"]["nodes"][1]["id"]]


def test_options_and_values_are_renamed_and_moved_by_their_ids(shopify: Shopify) -> None:
    asked = """query($id: ID!) { product(id: $id) { options { id name optionValues { id name } }
      variants(first: 10) { nodes { id title } } } }"""
    gid = set_product(shopify, mugs())["product"]["id"]
    before = shopify.ask(asked, {"id": gid})["product"]
    [glaze] = before["options"]
    blue, white = glaze["optionValues"]
    values = [{"id": white["id"], "name": "Snow"}, {"id": blue["id"]}]
    names = [
        {"id": each["id"], "optionValues": [{"optionId": glaze["id"], "name": name}]}
        for each, name in zip(before["variants"]["nodes"], ("Blue", "Snow"), strict=True)
    ]
    renamed = {"productOptions": [{"id": glaze["id"], "name": "Colour", "values": values}], "variants": names}
    assert set_product(shopify, renamed, {"id": gid})["userErrors"] == []
    after = shopify.ask(asked, {"id": gid})["product"]
    assert after["options"] == [
        {"id": glaze["id"], "name": "Colour", "optionValues": [{"id": white["id"], "name": "Snow"}, blue]}
    ]
    assert [(each["id"], each["title"]) for each in after["variants"]["nodes"]] == [
        (before["variants"]["nodes"][0]["id"], "Blue"),
        (before["variants"]["nodes"][1]["id"], "Snow"),
    ]
    strange = {**renamed, "productOptions": [{"id": "gid://shopify/ProductOption/1", "values": values}]}
    assert set_product(shopify, strange, {"id": gid})["userErrors"][0]["code"] == "OPTION_DOES_NOT_EXIST"


def test_a_refused_product_leaves_no_trace(shopify: Shopify) -> None:
    product = mugs()
    product["variants"][1]["optionValues"][0]["name"] = "Green"
    said = set_product(shopify, product)
    assert said["userErrors"][0]["code"] == "OPTION_VALUE_DOES_NOT_EXIST"
    assert said["userErrors"][0]["field"] == ["input", "variants", "1", "optionValues"]
    assert shopify.store.all(ACME, "product") == []
    assert topics(shopify) == []


def staged(shopify: Shopify, method: str, content: bytes) -> str:
    wanted = {"filename": "mug.png", "mimeType": "image/png", "resource": "IMAGE", "httpMethod": method}
    asked = """mutation($input: [StagedUploadInput!]!) { stagedUploadsCreate(input: $input) {
      stagedTargets { url resourceUrl parameters { name value } } userErrors { message } } }"""
    target = shopify.ask(asked, {"input": [wanted]})["stagedUploadsCreate"]["stagedTargets"][0]
    path = target["url"].replace(shopify.config.public_url, "")
    if method == "PUT":
        sent = shopify.client.put(path, data=content)
    else:
        form = {each["name"]: each["value"] for each in target["parameters"]}
        sent = shopify.client.post(path, data={**form, "file": (io.BytesIO(content), "mug.png")})
    assert sent.status_code in {200, 201}
    resource: str = target["resourceUrl"]
    return resource


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(out, "PNG")
    return out.getvalue()


def test_pictures_by_staged_upload_are_served_and_bad_ones_say_so(shopify: Shopify) -> None:
    sources = [staged(shopify, "PUT", picture()), staged(shopify, "POST", picture()), staged(shopify, "PUT", b"text")]
    product = mugs(files=[{"originalSource": source, "alt": "A mug", "contentType": "IMAGE"} for source in sources])
    media = set_product(shopify, product)["product"]["media"]["nodes"]
    assert [each["status"] for each in media] == ["READY", "READY", "FAILED"]
    assert media[0]["image"]["width"] == 60
    assert media[2]["mediaErrors"] == [{"code": "IMAGE_PROCESSING_FAILURE"}]
    path = media[0]["image"]["url"].replace(shopify.config.public_url, "")
    smaller = shopify.client.get(f"{path}&width=30")
    assert Image.open(io.BytesIO(smaller.data)).size == (30, 20)


def test_a_created_file_is_ready_only_when_asked_again(shopify: Shopify) -> None:
    create = """mutation($files: [FileCreateInput!]!) { fileCreate(files: $files) {
      files { id fileStatus ... on MediaImage { image { url } } } userErrors { message } } }"""
    files = [{"originalSource": staged(shopify, "PUT", content)} for content in (picture(), b"text")]
    made = shopify.ask(create, {"files": files})["fileCreate"]["files"]
    assert [(each["fileStatus"], each["image"]) for each in made] == [("UPLOADED", None)] * 2
    poll = """query($ids: [ID!]!) { nodes(ids: $ids) {
      ... on MediaImage { fileStatus image { url } fileErrors { code } } } }"""
    good, bad = shopify.ask(poll, {"ids": [each["id"] for each in made]})["nodes"]
    assert (good["fileStatus"], good["fileErrors"]) == ("READY", [])
    assert good["image"]["url"].startswith(shopify.config.public_url)
    assert (bad["fileStatus"], bad["image"]) == ("FAILED", None)


def test_publishing_shows_a_product_on_the_online_store(shopify: Shopify) -> None:
    product = set_product(shopify, mugs())["product"]["id"]
    channel = shopify.ask("{ publications(first: 5) { nodes { id name } } }")["publications"]["nodes"][0]
    assert channel["name"] == "Online Store"
    publish = """mutation($id: ID!, $input: [PublicationInput!]!) { publishablePublish(id: $id, input: $input) {
      publishable { ... on Product { publishedAt onlineStoreUrl } } userErrors { message } } }"""
    shown = shopify.ask(publish, {"id": product, "input": [{"publicationId": channel["id"]}]})["publishablePublish"]
    assert shown["publishable"]["onlineStoreUrl"] == "http://localhost:4001/products/mug"
    assert topics(shopify)[-1] == "products/update"


def test_stock_is_set_only_from_what_the_caller_believes(shopify: Shopify) -> None:
    item = set_product(shopify, mugs())["product"]["variants"]["nodes"][0]["inventoryItem"]["id"]
    location = shopify.ask("{ locations(first: 1) { nodes { id } } }")["locations"]["nodes"][0]["id"]
    asked = """mutation($input: InventorySetQuantitiesInput!, $key: String!) {
      inventorySetQuantities(input: $input) @idempotent(key: $key) {
        inventoryAdjustmentGroup { changes { delta quantityAfterChange } } userErrors { code field } } }"""

    def set_stock(quantity: int, key: str, **believed: Any) -> dict[str, Any]:
        one = {"inventoryItemId": item, "locationId": location, "quantity": quantity, **believed}
        given = {"name": "available", "reason": "correction", "quantities": [one]}
        answer: dict[str, Any] = shopify.ask(asked, {"input": given, "key": key})["inventorySetQuantities"]
        return answer

    done = set_stock(5, "a", changeFromQuantity=0)["inventoryAdjustmentGroup"]["changes"]
    assert done == [{"delta": 5, "quantityAfterChange": 5}]
    assert set_stock(9, "b", changeFromQuantity=0)["userErrors"][0]["code"] == "CHANGE_FROM_QUANTITY_STALE"
    assert set_stock(9, "c")["userErrors"][0]["code"] == "COMPARE_QUANTITY_REQUIRED"
    told = json.loads(next(each["body"] for each in shopify.deliveries() if each["topic"] == "inventory_levels/update"))
    assert told["available"] == 5


def test_categories_are_found_by_their_words(shopify: Shopify) -> None:
    asked = '{ taxonomy { categories(first: 3, search: "mugs") { nodes { id fullName isLeaf } } } }'
    found = shopify.ask(asked)["taxonomy"]["categories"]["nodes"][0]
    assert found["fullName"] == "Home & Garden > Kitchen & Dining > Tableware > Drinkware > Mugs"
    made = set_product(shopify, mugs(category=found["id"]))
    assert made["userErrors"] == []
    bad = set_product(shopify, mugs(category="gid://shopify/TaxonomyCategory/xx-1"))
    assert bad["userErrors"][0]["field"] == ["input", "category"]


def test_products_are_found_by_vendor_and_page_by_page(shopify: Shopify) -> None:
    for number in range(3):
        set_product(shopify, mugs(title=f"Mug {number}"))
    set_product(shopify, mugs(title="Bread", vendor="Bea's Bakery"))
    wanted = 'vendor:"Ada\'s Ceramics" AND status:active'
    asked = """query($after: String, $query: String) { products(first: 2, after: $after, query: $query) {
      nodes { title } pageInfo { hasNextPage endCursor } } }"""
    first = shopify.ask(asked, {"query": wanted})["products"]
    second = shopify.ask(asked, {"query": wanted, "after": first["pageInfo"]["endCursor"]})["products"]
    assert [each["title"] for each in first["nodes"] + second["nodes"]] == ["Mug 0", "Mug 1", "Mug 2"]
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
