"""Collections: products chosen by hand, by a rule on vendor, tag or type, or both."""

from devstore.store import Doc, Store


def list_members(store: Store, shop: str, collection: Doc) -> list[Doc]:
    """The collection's products, newest first as the rule finds them, chosen ones first and in their order."""
    chosen = [store.get(shop, "product", number) for number in collection["product_ids"]]
    ruled = [each for each in reversed(store.all(shop, "product")) if _fits(collection["rule"], each)]
    known = set(collection["product_ids"])
    return [each for each in chosen if each] + [each for each in ruled if each["id"] not in known]


def has_member(collection: Doc, product: Doc) -> bool:
    return product["id"] in collection["product_ids"] or _fits(collection["rule"], product)


def _fits(rule: Doc | None, product: Doc) -> bool:
    """`rule` is {"match": "ALL" | "ANY", "conditions": [{"column", "relation", "values"}]}."""
    if not rule or not rule["conditions"]:
        return False
    results = [_holds(condition, product) for condition in rule["conditions"]]
    return all(results) if rule["match"] == "ALL" else any(results)


def _holds(condition: Doc, product: Doc) -> bool:
    wanted = [value.lower() for value in condition["values"]]
    if condition["column"] == "tag":
        tagged = any(tag.lower() in wanted for tag in product["tags"])
        return tagged is (condition["relation"] == "TAGGED_WITH")
    actual: str = product[condition["column"]].lower()
    holds = {
        "EQUALS": actual in wanted,
        "NOT_EQUALS": actual not in wanted,
        "CONTAINS": any(value in actual for value in wanted),
        "DOES_NOT_CONTAIN": not any(value in actual for value in wanted),
        "STARTS_WITH": actual.startswith(tuple(wanted)),
        "ENDS_WITH": actual.endswith(tuple(wanted)),
    }
    return holds[condition["relation"]]
