"""The pruned schema against Shopify's own, mechanically."""

import json
from functools import cache
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLSchema, build_client_schema, build_schema, is_leaf_type

from devstore.schema import prune
from tests.devstore.conftest import ROOT


@cache
def official_file() -> dict[str, Any]:
    return prune.load_official(ROOT / prune.SOURCE)


@pytest.fixture(scope="module")
def official() -> GraphQLSchema:
    return build_client_schema(official_file()["data"], assume_valid=True)


@pytest.fixture(scope="module")
def ours() -> GraphQLSchema:
    return build_schema((prune.HERE / "admin.graphql").read_text(encoding="utf-8"))


def test_every_field_argument_and_type_of_ours_is_shopifys(official: GraphQLSchema, ours: GraphQLSchema) -> None:
    checked = 0
    kind: Any
    for name, kind in ours.type_map.items():
        theirs: Any = official.type_map[name]
        assert type(kind) is type(theirs), name
        for field_name, field in getattr(kind, "fields", {}).items():
            same = theirs.fields[field_name]
            assert str(field.type) == str(same.type), f"{name}.{field_name}"
            for argument, given in getattr(field, "args", {}).items():
                assert str(given.type) == str(same.args[argument].type), f"{name}.{field_name}({argument})"
            checked += 1
        if is_leaf_type(kind) and hasattr(kind, "values"):
            assert kind.values.keys() == theirs.values.keys(), name
    assert checked > 500


def test_no_required_argument_or_input_field_was_cut(official: GraphQLSchema, ours: GraphQLSchema) -> None:
    kind: Any
    for name, kind in ours.type_map.items():
        for field_name, same in getattr(official.type_map[name], "fields", {}).items():
            if isinstance(kind, GraphQLInputObjectType):
                needed = str(same.type).endswith("!") and same.ast_node is None and same.default_value is None
                assert not needed or field_name in kind.fields, f"{name}.{field_name}"
            elif field_name in getattr(kind, "fields", {}):
                required = {key for key, value in same.args.items() if str(value.type).endswith("!")}
                assert (
                    required - {k for k, v in same.args.items() if v.default_value is not None}
                    <= kind.fields[field_name].args.keys()
                )


def test_the_committed_files_are_what_pruning_writes() -> None:
    keep = prune.load_keep()
    sdl = prune.prune(official_file(), keep)
    assert (prune.HERE / "admin.graphql").read_text(encoding="utf-8") == sdl
    committed = json.loads((prune.HERE / "access.json").read_text(encoding="utf-8"))
    assert committed == prune.access(official_file(), keep, sdl)


def test_pruning_refuses_a_field_that_shopify_does_not_have() -> None:
    keep = prune.load_keep()
    keep["types"]["Shop"] = "id name favouriteColour"
    with pytest.raises(KeyError, match="favouriteColour"):
        prune.prune(official_file(), keep)
