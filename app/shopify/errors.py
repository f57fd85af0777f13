"""What Shopify can refuse, told apart by what the caller can do about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self

from app.errors import AppError


class ShopifyError(AppError):
    """A call failed. `permanent` says that trying again later will not help."""

    status = HTTPStatus.BAD_GATEWAY

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


class ShopifyAccessLost(ShopifyError):  # noqa: N818 - it reads as what happened
    """The shop's tokens are no longer accepted: someone has to open the app in the admin again."""

    def __init__(self, domain: str) -> None:
        super().__init__(
            f"Shopify no longer accepts the access of {domain}. Open the app in the Shopify admin to renew it.",
            permanent=True,
        )


class ShopifyRefusedClient(ShopifyError):  # noqa: N818
    """The token endpoint does not know us: the app was removed from the shop, or our key or secret is wrong.

    The two cannot be told apart here, so no tokens are thrown away because of it.
    """

    def __init__(self, domain: str) -> None:
        super().__init__(
            f"Shopify gave no access to {domain}: the app was removed there, or SHOPIFY_API_KEY and"
            " SHOPIFY_API_SECRET do not fit.",
            permanent=True,
        )


@dataclass(frozen=True, slots=True)
class UserError:
    """One entry of a mutation's userErrors; `field` is the dotted path into the input, empty when there is none."""

    field: str
    message: str
    code: str | None


class ShopifyUserErrors(ShopifyError):  # noqa: N818
    """The mutation ran and said no. Nothing was changed."""

    def __init__(self, operation: str, errors: Sequence[UserError]) -> None:
        said = "; ".join(f"{e.field}: {e.message}" if e.field else e.message for e in errors)
        super().__init__(f"Shopify refused {operation}: {said}", permanent=True)
        self.errors = list(errors)

    @classmethod
    def from_payload(cls, operation: str, payload: Sequence[Mapping[str, Any]]) -> Self:
        return cls(
            operation,
            [UserError(".".join(map(str, e.get("field") or ())), e["message"], e.get("code")) for e in payload],
        )

    def has_code(self, code: str) -> bool:
        return any(error.code == code for error in self.errors)
