"""What belongs to the app that asks: `$app` types and namespaces, and nobody else's."""

from graphql import GraphQLError

from devstore.graphql.registry import Context
from devstore.store import Doc
from devstore.webhooks import own_type as in_full


def app_of(ctx: Context) -> Doc:
    app = ctx.store.find("", "app")
    if app is None:
        raise LookupError("No app has been deployed")
    return app


def own_type(ctx: Context, kind: str) -> str:
    """`$app:vendor` in full. Raises GraphQLError for a type that the app neither owns nor has a scope for."""
    resolved = in_full(kind, app_of(ctx))
    require_own(ctx, resolved)
    return resolved


def own_namespace(ctx: Context, namespace: str | None) -> str:
    """The namespace in full; none means the app's own."""
    return in_full(namespace or "$app", app_of(ctx))


def require_own(ctx: Context, kind: str) -> None:
    """Raises GraphQLError unless the type or namespace is the app's own, or its metaobject scopes open all."""
    if is_own(ctx, kind) or "write_metaobjects" in ctx.installation["scopes"]:
        return
    raise denied(f"Access denied. The app does not own {kind}. Required access: `write_metaobjects` access scope.")


def is_own(ctx: Context, kind: str) -> bool:
    mine = f"app--{app_of(ctx)['id']}"
    return kind == mine or kind.startswith(mine + "--")


def denied(said: str) -> GraphQLError:
    return GraphQLError(said, extensions={"code": "ACCESS_DENIED"})
