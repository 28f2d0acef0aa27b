"""Tests of the statements made from column tables; the merges themselves run on a database."""

import pytest

from hepscope_storage_writer.call_table import CALLS, KeyedCall
from hepscope_storage_writer.columns import Merge
from hepscope_storage_writer.registration_table import REGISTRATIONS
from unit.storage_writer.test_batch import make_facts


def test_keys_never_change() -> None:
    """The primary key is in no set clause."""
    calls = {column.name for column in CALLS.columns if column.merge is Merge.KEY}
    registrations = {column.name for column in REGISTRATIONS.columns if column.merge is Merge.KEY}

    assert (calls, registrations) == ({"call_id", "key_time"}, {"call_id", "day"})


def test_an_upsert_names_its_leaf_and_its_bounds() -> None:
    """Rows of other leaves in the staging table are left alone."""
    statement = CALLS.upsert("call_p20260101_0000")

    assert 'insert into hepscope."call_p20260101_0000" as c' in statement
    assert "on conflict (call_id, key_time) do update" in statement
    assert "$1" in statement
    assert "$2" in statement


def test_the_order_of_origins_is_that_of_the_facts() -> None:
    """Equal origin keys are told apart by the same columns in the same order."""
    assert "(excluded.origin_key, coalesce(excluded.method, '') collate \"C\"" in CALLS.upsert("x")


@pytest.mark.parametrize("after", [0, 5])
def test_a_row_has_every_column(after: int) -> None:
    """Walking the lengths of a row gives as many fields as there are columns, and no rest."""
    row = CALLS.row(KeyedCall(1, make_facts(after)))

    at, fields = 2, 0
    while at < len(row):
        at += 4 + max(int.from_bytes(row[at : at + 4], "big", signed=True), 0)
        fields += 1
    assert (at, fields) == (len(row), len(CALLS.columns))
