"""Filters as SQL predicates, one function per shape of field.

Each takes the SQL of the field, the text that was sent and the statement's ``Bind``, and
returns a predicate; ValueError says what was expected instead. In all of them an empty value
asks for items that have no such value, ``*`` for those that have one.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

from hepscope_query_api.query.address import parse_address
from hepscope_query_api.query.bind import Bind, all_of
from hepscope_query_api.query.pattern import parse_pattern
from hepscope_query_api.timestamps import parse_time

Predicate: TypeAlias = Callable[[str, Bind], str]
"""Takes what was sent and the bind; returns SQL that is true for the rows wanted."""

NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,9})?", re.ASCII)
DIGITS_AND_STARS = re.compile(r"[\d*]{1,9}", re.ASCII)
"""Codes have three digits; nine still fit the number that they are compared as."""


def text_field(column: str) -> Predicate:
    """Equal or LIKE."""

    def predicate(value: str, bind: Bind) -> str:
        if not value:
            return f"{column} is null or {column} = ''"
        pattern = parse_pattern(value)
        if pattern.is_anything:
            return f"{column} <> ''"
        if pattern.exact is not None:
            return f"{column} = {bind(pattern.exact)}"
        return f"{column} like {bind(pattern.like)}"

    return predicate


def code_field(column: str) -> Predicate:
    """A status code: ``486``, or with wildcards (``4*``, ``50*``)."""

    def predicate(value: str, bind: Bind) -> str:
        if not value:
            return f"{column} is null"
        if not DIGITS_AND_STARS.fullmatch(value):
            raise ValueError("expected a code as 486 or 4*")
        if value == "*":
            return f"{column} is not null"
        if "*" not in value:
            return f"{column} = {bind(int(value))}::bigint"
        if re.fullmatch(r"[1-9]\*+", value):
            # A range, unlike LIKE, lets the planner use the index of failed calls.
            return f"{column} between {value[0]}00 and {value[0]}99"
        return f"{column}::text like {bind(value.replace('*', '%'))}"

    return predicate


def number_field(expression: str) -> Predicate:
    """A number, equal to the last digit that is shown."""

    def predicate(value: str, bind: Bind) -> str:
        if not value:
            return f"{expression} is null"
        if value == "*":
            return f"{expression} is not null"
        if not NUMBER.fullmatch(value):
            raise ValueError("expected a number")
        return f"{expression} = {bind(Decimal(value))}::numeric"

    return predicate


def time_field(expression: str) -> Predicate:
    """A moment, to the microsecond."""

    def predicate(value: str, bind: Bind) -> str:
        if not value:
            return f"{expression} is null"
        if value == "*":
            return f"{expression} is not null"
        return f"{expression} = {bind(parse_time(value))}"

    return predicate


def endpoint_field(column: str) -> Predicate:
    """An address with or without port, a network or a pattern, of ``column`` and its port."""

    def predicate(value: str, bind: Bind) -> str:
        if not value:
            return f"{column} is null"
        wanted = parse_address(value)
        parts = [f"{column} is not null"]
        if wanted.network is not None:
            parts.append(f"{column} <<= {bind(wanted.network)}::text::inet")
        if wanted.address is not None:
            parts.append(f"{column} = {bind(wanted.address)}::text::inet")
        if wanted.pattern is not None:
            parts.append(f"host({column}) like {bind(wanted.pattern.like)}")
        if wanted.port is not None:
            parts.append(f"{column}_port = {bind(wanted.port)}")
        return all_of(parts)

    return predicate


def list_field(column: str) -> Predicate:
    """An array of texts that must hold a value."""

    def predicate(value: str, bind: Bind) -> str:
        if not value:
            return f"{column} is null or {column} = '{{}}'"
        pattern = parse_pattern(value)
        if pattern.exact is not None:
            return f"{column} @> array[{bind(pattern.exact)}::text]"
        return f"exists (select from unnest({column}) one where one like {bind(pattern.like)})"

    return predicate


def choice_field(choices: dict[str, str]) -> Predicate:
    """One of a closed set of values, each with its SQL."""

    def predicate(value: str, _bind: Bind) -> str:
        if value not in choices:
            raise ValueError(f"expected one of {', '.join(choices)}")
        return choices[value]

    return predicate
