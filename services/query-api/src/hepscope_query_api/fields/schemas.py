"""The shapes of fields and of their values."""

from enum import StrEnum

from hepscope_query_api.schemas import Shape


class ListName(StrEnum):
    """Lists that have fields."""

    CALLS = "calls"
    MESSAGES = "messages"
    REGISTRATIONS = "registrations"


class FieldKind(StrEnum):
    """What a field holds, and so what its filter takes."""

    TEXT = "text"
    NUMBER = "number"
    TIME = "time"
    ADDRESS = "address"
    ENUM = "enum"


class Field(Shape):
    """A field that lists can be filtered by."""

    name: str
    """The query parameter, and the member of the items."""
    of: list[ListName]
    """The lists that have it."""
    kind: FieldKind
    description: str
    values: list[str] | None
    """Every value it can have; null unless it is an enum."""
    has_values: bool
    """Whether `fields/{name}/values` tells which values calls have in it."""


class Fields(Shape):
    """All fields."""

    items: list[Field]
    """Those of calls first, then those of messages and registrations that are no such."""


class FieldValue(Shape):
    """A value that calls have."""

    value: str
    """As it is; in a filter `*`, `\\` and a leading `!` are written with a `\\` before them."""
    count: int
    """How many of the calls looked at have it."""
    label: str | None
    """What a status code is called in its standard, an address by the named addresses; null of
    anything else."""


class FieldValues(Shape):
    """Values that calls have in a field."""

    items: list[FieldValue]
    """Those that begin with the prefix, then those that hold it elsewhere; most frequent first."""
    is_sampled: bool
    """Whether only a part of the calls was looked at: the newest ones, as the range holds too
    many."""
