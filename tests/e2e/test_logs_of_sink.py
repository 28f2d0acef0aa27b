"""What the writer copies to Loki is what the logs of a call look for there.

The sink pushes to a strict fake of Loki's push API; what that stored is then in one of its query
API, which reads the LogQL of the logs.
"""

import time
from urllib.parse import quote

import pytest

from support.builders import make_call, make_packet
from support.loki import running_loki
from support.loki_query import fake_loki
from support.service import running_hepscope, until

pytestmark = pytest.mark.database

CALL = """sink-logs"'`\\@example.org"""
TEXTS = ["plain", "caf\N{LATIN SMALL LETTER E WITH ACUTE}", "with an end\r\n", '{"json": "\\""}']
RAW = [*(text.encode() for text in TEXTS), b"no UTF-8 \xff\xfe"]


def test_copies_are_found_once_and_messages_are_not() -> None:
    """Log lines by their metadata, and the database's are shown; SIP stays with the ladder."""
    now_us = time.time_ns() // 1000
    with running_loki() as pushed, fake_loki() as asked:
        settings = {"HEPSCOPE_LOKI__URL": pushed.url, "HEPSCOPE_API__LOKI_URL": asked.url}
        with running_hepscope(settings=settings) as service:
            service.send_tcp(make_call(CALL, start_us=now_us))
            service.send_tcp(
                make_packet(
                    text,
                    time_us=now_us + n,
                    protocol_type=100,
                    correlation_id=CALL.encode(),
                    node_name=b"edge-1",
                )
                for n, text in enumerate(RAW)
            )
            service.call_with(CALL, 7)
            path = f"calls/{quote(CALL, safe='')}/logs"
            until(lambda: len(service.get(path)["items"]) == len(RAW), "logs in the database")
            until(lambda: len(pushed.lines) == 7 + len(RAW), "lines in Loki")
            for line in pushed.lines:
                asked.push(line.time_ns // 1000, line.text, line.labels, line.metadata)
            found = service.get(path, order="time")
    assert found["sources"][1] == {"name": "loki", "state": "ok", "detail": ""}
    assert [item["source"] for item in found["items"]] == ["database"] * len(RAW)
    marked = next(one.query for one in asked.asked[::-1] if "call_id=" in one.text)
    copies = [one for one in asked.held if marked.takes(one.labels, one.line, one.metadata)]
    assert [one.line.rstrip() for one in copies] == [item["text"] for item in found["items"]]
    assert {one.labels["type"] for one in copies} == {"log"}
