"""Cut Shopify's Admin schema down to what keep.toml names: `python -m devstore.schema.prune <admin_….json.gz>`.

Mechanical, so that the development store can never accept a field that Shopify does not have. Writes admin.graphql
(the schema) and access.json (scopes per type and field, any one of which is enough).
"""

import gzip
import json
import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from graphql import build_client_schema, build_schema, print_schema

HERE = Path(__file__).parent
SOURCE = Path("node_modules/@shopify/dev-mcp/dist/data/admin_2026-10.json.gz")
_BUILT_IN = {"String", "Int", "Float", "Boolean", "ID"}
_ENTRY = re.compile(r"(\w+|\*)(?:\(([\w,]*)\))?")

Json = dict[str, Any]
Wanted = dict[str, dict[str, set[str] | None]]


def load_official(path: Path = SOURCE) -> Json:
    """The package's file: `data.__schema` (introspection with extras) and `offline_scopes.items`."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        official: Json = json.load(file)
    return official


def load_keep() -> Json:
    return tomllib.loads((HERE / "keep.toml").read_text(encoding="utf-8"))


def prune(official: Json, keep: Json) -> str:
    """The pruned schema as SDL. Raises KeyError naming a type or field that Shopify does not have."""
    types = {found["name"]: found for found in official["data"]["__schema"]["types"]}
    wanted = {name: _entries(listed) for name, listed in keep["types"].items()}
    _add_implied(types, wanted)
    kept = {name: _prune_type(types, wanted, name) for name in wanted}
    for name in _reachable_leaves(types, kept, keep.get("inputs", {})):
        kept[name] = types[name]
    for name, listed in keep.get("inputs", {}).items():
        kept[name] = {**types[name], "inputFields": _choose(types[name], "inputFields", _entries(listed))}
    schema = {
        "queryType": {"name": "QueryRoot"},
        "mutationType": {"name": "Mutation"},
        "subscriptionType": None,
        "types": [_plain(kept[name]) for name in sorted(_used(kept) | _BUILT_IN & types.keys())],
        "directives": official["data"]["__schema"]["directives"],
    }
    schema["types"] += [_plain(types[name]) for name in types if name.startswith("__")]
    return print_schema(build_client_schema({"__schema": schema}, assume_valid=True)) + "\n"  # type: ignore[typeddict-item]


def access(official: Json, keep: Json, sdl: str) -> Json:
    """Scopes by "Type" and "Type.field" for what is in `sdl`, with keep.toml's corrections."""
    kept = build_schema(sdl, assume_valid=True).type_map
    stated = {
        ".".join(filter(None, (item["typeName"], item.get("fieldName")))): item["offlineScopes"]
        for item in official["offline_scopes"]["items"]
    }
    scopes = {**stated, **keep.get("scopes", {})}
    return {name: listed for name, listed in sorted(scopes.items()) if listed and _is_in(kept, name)}


def _is_in(kept: Mapping[str, Any], name: str) -> bool:
    type_name, _, field = name.partition(".")
    return type_name in kept and (not field or field in kept[type_name].fields)


def _entries(listed: str) -> dict[str, set[str] | None]:
    """`"id products(first,after)"` → {"id": None, "products": {"first", "after"}}; None keeps every argument."""
    found = _ENTRY.findall(listed)
    with_arguments = set(re.findall(r"(\w+)\(", listed))
    return {name: set(args.split(",")) if name in with_arguments else None for name, args in found}


def _named(reference: Json) -> str:
    return _named(reference["ofType"]) if reference.get("ofType") else str(reference["name"])


def _fields(kind: Json) -> list[Json]:
    return kind.get("fields") or kind.get("inputFields") or []


def _add_implied(types: dict[str, Json], wanted: Wanted) -> None:
    """Connections and edges of kept types, and the payloads and errors of kept mutations, need no mention."""
    for name in list(wanted):
        for implied in (f"{name}Connection", f"{name}Edge"):
            if implied in types:
                wanted.setdefault(
                    implied, {"edges": None, "nodes": None, "pageInfo": None, "cursor": None, "node": None}
                )
    for field in types["Mutation"]["fields"]:
        if field["name"] not in wanted["Mutation"]:
            continue
        payload = _named(field["type"])
        wanted.setdefault(payload, {"*": None})
        for part in types[payload]["fields"]:
            if _named(part["type"]).endswith("UserError"):
                wanted.setdefault(_named(part["type"]), {"*": None})


def _prune_type(types: dict[str, Json], wanted: Wanted, name: str) -> Json:
    found = types[name]
    interfaces = [each for each in found.get("interfaces") or [] if each["name"] in wanted]
    names = dict(wanted[name])
    for interface in interfaces:
        names = {**{key: value for key, value in wanted[interface["name"]].items() if key != "*"}, **names}
    if found["kind"] == "UNION":
        return {**found, "possibleTypes": [each for each in found["possibleTypes"] if each["name"] in wanted]}
    implied = name.endswith(("Connection", "Edge"))
    fields = [field for field in _choose(found, "fields", names, lenient=implied) if _is_kept(types, wanted, field)]
    possible = [each for each in found.get("possibleTypes") or [] if each["name"] in wanted]
    return {**found, "fields": fields, "interfaces": interfaces, "possibleTypes": possible}


def _is_kept(types: dict[str, Json], wanted: Wanted, field: Json) -> bool:
    result = _named(field["type"])
    return types[result]["kind"] in {"SCALAR", "ENUM"} or result in wanted


def _choose(found: Json, key: str, names: dict[str, set[str] | None], *, lenient: bool = False) -> list[Json]:
    known = {field["name"] for field in found[key]}
    unknown = names.keys() - known - {"*"}
    if unknown and not lenient:
        raise KeyError(f"{found['name']} has no {', '.join(sorted(unknown))}")
    return [
        _with_arguments(field, names.get(field["name"]))
        for field in found[key]
        if field["name"] in names or "*" in names
    ]


def _with_arguments(field: Json, arguments: set[str] | None) -> Json:
    if arguments is None:
        return field
    needed = [each for each in field["args"] if each["type"]["kind"] == "NON_NULL" and each["defaultValue"] is None]
    return {**field, "args": [each for each in field["args"] if each["name"] in arguments or each in needed]}


def _reachable_leaves(types: dict[str, Json], kept: dict[str, Json], inputs: dict[str, str]) -> set[str]:
    """Scalars, enums and inputs that the kept fields mention, and all that these inputs mention."""
    seen: set[str] = set()
    waiting = [name for kind in kept.values() for name in _mentions(kind)]
    while waiting:
        name = waiting.pop()
        if name in seen or name in kept:
            continue
        seen.add(name)
        kind = types[name]
        if kind["kind"] == "INPUT_OBJECT" and name in inputs:
            kind = {**kind, "inputFields": _choose(kind, "inputFields", _entries(inputs[name]))}
        waiting += _mentions(kind)
    return seen


def _mentions(kind: Json) -> list[str]:
    fields = _fields(kind)
    arguments = [argument for field in fields for argument in field.get("args") or []]
    return [_named(each["type"]) for each in [*fields, *arguments]]


def _used(kept: dict[str, Json]) -> set[str]:
    """Names reachable from the two roots, so that nothing stays behind unused."""
    seen: set[str] = set()
    waiting = ["QueryRoot", "Mutation"]
    while waiting:
        name = waiting.pop()
        if name in seen or name not in kept:
            continue
        seen.add(name)
        kind = kept[name]
        around = [*(kind.get("interfaces") or []), *(kind.get("possibleTypes") or [])]
        waiting += [*_mentions(kind), *(each["name"] for each in around)]
    return seen


def _plain(kind: Json) -> Json:
    """Without Shopify's documentation: names and types are what the store needs."""
    plain = {key: value for key, value in kind.items() if key != "description"}
    for key in ("fields", "inputFields", "enumValues"):
        if plain.get(key):
            plain[key] = [_plain_field(each) for each in plain[key]]
    return plain


def _plain_field(field: Json) -> Json:
    plain = {**field, "description": None}
    if field.get("args"):
        plain["args"] = [{**argument, "description": None} for argument in field["args"]]
    return plain


def main() -> None:
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE
    official, keep = load_official(source), load_keep()
    sdl = prune(official, keep)
    (HERE / "admin.graphql").write_text(sdl, encoding="utf-8")
    written = json.dumps(access(official, keep, sdl), indent=1)
    (HERE / "access.json").write_text(written + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
