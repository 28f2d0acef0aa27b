"""The writer from the bus to the database."""

from integration.storage_writer.rig import fetch, store
from support.builders import make_call


async def test_a_call_is_stored_with_its_messages(database: str) -> None:
    """Seven packets become seven rows and one call."""
    counts = await store(database, make_call("one@example.org"))

    (call,) = await fetch(database, "select * from hepscope.call")
    rows = await fetch(database, "select method, status from hepscope.sip order by time")
    assert (call["call_id"], call["method"], call["status"], call["message_count"]) == (
        "one@example.org",
        "INVITE",
        200,
        7,
    )
    assert [row["method"] or row["status"] for row in rows] == [
        "INVITE",
        100,
        180,
        200,
        "ACK",
        "BYE",
        200,
    ]
    assert counts["rows_total{sip_call}"] == 7
