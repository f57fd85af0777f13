"""What a person asked for cannot be done to this order."""


class OrderError(ValueError):
    """A refusal with the path of the input it is about, as GraphQL's user errors name it."""

    def __init__(self, message: str, field: list[str] | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.code = code
