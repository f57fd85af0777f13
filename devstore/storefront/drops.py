"""What Liquid sees: read-only objects whose expensive properties are worked out when a template first asks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

# Shopify gives a template no more than this many entries of a long list unless it is paginated.
UNPAGINATED = 50


class Drop(Mapping[str, Any]):
    """Named properties. A value that is a function is called once, when the property is first read."""

    def __init__(self, **values: Any) -> None:
        self._values = values

    def __getitem__(self, key: str) -> Any:
        value = self._values[key]
        if callable(value):
            value = self._values[key] = value()
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __bool__(self) -> bool:
        return True

    def __str__(self) -> str:
        return str(self["value"]) if "value" in self._values else type(self).__name__


class Lookup(Mapping[str, Any]):
    """Entries found by name, such as `collections['tea']`; what is not there is nil."""

    def __init__(self, find: Callable[[str], Any]) -> None:
        self._find = find
        self._found: dict[str, Any] = {}

    def __getitem__(self, key: str) -> Any:
        if key not in self._found:
            self._found[key] = self._find(str(key))
        if self._found[key] is None:
            raise KeyError(key)
        return self._found[key]

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class Listing(Sequence[Any]):
    """A long list of which a template sees a window: the first 50, or the page that `paginate` opens."""

    def __init__(self, source: Sequence[Any], make: Callable[[Any], Any]) -> None:
        self._source = source
        self._make = make
        self._made: dict[int, Any] = {}
        self.total = len(source)
        self.offset, self.limit = 0, UNPAGINATED

    def __len__(self) -> int:
        return max(0, min(self.limit, self.total - self.offset))

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        if not isinstance(index, int):
            raise TypeError(index)
        place = range(len(self))[index] + self.offset
        if place not in self._made:
            self._made[place] = self._make(self._source[place])
        return self._made[place]


class References(Listing):
    """What a metafield refers to, which also knows how many that are."""

    def __getitem__(self, index: Any) -> Any:
        return self.total if index == "count" else super().__getitem__(index)


def plain(value: Any) -> Any:
    """The same as JSON types, for the `json` filter."""
    if isinstance(value, Mapping):
        return {str(key): plain(value[key]) for key in value}
    if isinstance(value, (list, tuple, Listing)):
        return [plain(entry) for entry in value]
    return value
