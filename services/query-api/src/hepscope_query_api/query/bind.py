"""Bound parameters of one SQL statement.

Statements are put together from constants of our own; every value that a user sent goes
through ``Bind``, which returns its ``$n``. There is no other way for a value into a statement.
"""


class Bind:
    """Collects values and returns their placeholders."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: list[object] = []

    def __call__(self, value: object) -> str:
        """Return the placeholder of a value."""
        self.values.append(value)
        return f"${len(self.values)}"


def all_of(predicates: list[str]) -> str:
    """Return the predicates joined by and; ``true`` when there are none."""
    return " and ".join(f"({predicate})" for predicate in predicates) or "true"
