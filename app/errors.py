"""What can go wrong, in words a person can act on. Each class says which HTTP status the doors answer with."""

from collections.abc import Mapping
from http import HTTPStatus


class AppError(Exception):
    """A refusal that is no bug. `message` is shown to the person; `field` names the input it belongs to."""

    status = HTTPStatus.BAD_REQUEST
    kind = "bad-request"
    """What programs tell refusals apart by."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(str(message))
        self.message = str(message)  # words that wait for a language get the one that is spoken now
        self.field = field
        self.headers: dict[str, str] = {}
        """For the answer, such as Retry-After."""


class NotFound(AppError):  # noqa: N818 - it reads as the answer it becomes
    """Nothing there, or nothing that this person may see: both look the same from outside."""

    status = HTTPStatus.NOT_FOUND
    kind = "not-found"


class Forbidden(AppError):  # noqa: N818
    status = HTTPStatus.FORBIDDEN
    kind = "forbidden"


class Conflict(AppError):  # noqa: N818
    """The thing has moved on since the person looked at it."""

    status = HTTPStatus.CONFLICT
    kind = "conflict"


class TooMany(AppError):  # noqa: N818
    """More tries than anybody needs in so short a time; the message says when to come back."""

    status = HTTPStatus.TOO_MANY_REQUESTS


class ValidationErrors(AppError):  # noqa: N818
    """Several fields at once. `errors` maps a field's name to one sentence."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    kind = "validation"

    def __init__(self, errors: Mapping[str, str]) -> None:
        self.errors = {name: str(words) for name, words in errors.items()}
        super().__init__(" ".join(self.errors.values()))


class ConfigError(AppError):
    """The set-up is incomplete; the message says which setting to mend and how."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    kind = "internal-server-error"
