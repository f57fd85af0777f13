"""What a web pixel sends, read strictly. It comes from anybody's browser: no money hangs on any of it."""

from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.errors import AppError
from app.journey.rules import ActivityKind

LARGEST_BODY: Final = 32 * 1024

Number = Annotated[int, Meta(ge=1, le=2**63 - 1)]


class Event(msgspec.Struct):
    """`products`: the numbers of those it is about. `found`: how many products a search showed."""

    id: Annotated[str, Meta(pattern=r"^[\w-]{8,64}$")]
    kind: ActivityKind
    at: datetime
    client: Annotated[str, Meta(min_length=8, max_length=100)]
    products: Annotated[list[Number], Meta(max_length=100)] = []
    words: Annotated[str, Meta(max_length=300)] = ""
    found: Annotated[int, Meta(ge=0, le=100_000)] | None = None


class Batch(msgspec.Struct):
    account: Annotated[str, Meta(max_length=300)]
    events: Annotated[list[Event], Meta(max_length=50)]


_DECODER: Final = msgspec.json.Decoder(Batch)


def read_batch(body: bytes) -> Batch:
    """Raises AppError for what no pixel of ours sends."""
    try:
        batch = _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise AppError(f"This is not what the pixel sends: {error}") from error
    if any(event.at.tzinfo is None for event in batch.events):
        raise AppError("This is not what the pixel sends: a moment without its zone.")
    return batch
