"""Logs of a call out of a real Loki, where HEPSCOPE_TEST_LOKI_URL names one.

The fake follows the documented API; this is where Loki itself reads our LogQL.
"""

import os
import secrets

import httpx
import pytest

from hepscope_common.clock import wall_clock_us
from integration.query_api.asking import get
from integration.query_api.logs_rig import asking, loki_state, path, texts
from integration.query_api.stored import SECOND, Stored
from support.loki_query import PATH

pytestmark = [pytest.mark.database, pytest.mark.public]

IDS = [
    "plain@example.org",
    'quo"te`back\\slash',
    "new\nline\ttab",
    '"} |= "" or {job=~".+"} |= "',
    "ünï-\N{SNOWMAN}-\U0001f4de",
    "a.*[0-9]+(x|y)$^{2}",
    "br\N{REPLACEMENT CHARACTER}ken",
]


@pytest.fixture
def base() -> str:
    """The address of Loki."""
    found = os.environ.get("HEPSCOPE_TEST_LOKI_URL", "")
    if not found:
        pytest.skip("HEPSCOPE_TEST_LOKI_URL names no Loki")
    return found.rstrip("/")


@pytest.mark.parametrize("call_id", IDS)
async def test_reads_our_queries(stored: Stored, database: str, base: str, call_id: str) -> None:
    """Lines that are marked, and lines that contain the Call-ID; nothing else; in order."""
    mark = secrets.token_hex(6)
    call_id = f"{mark}-{call_id}"
    begin_us = wall_clock_us() - 60 * SECOND
    await stored.put_packet(b"by HEP", begin_us, protocol_type=100, call_id=call_id)
    await stored.commit()
    copied = {"job": f"copy-{mark}", "type": "log", "node": "edge-1"}
    other = {"job": f"other-{mark}", "host": "pbx-1"}
    streams = [
        (copied, begin_us + 1, "marked", {"call_id": call_id}),
        (copied, begin_us + 2, "of another", {"call_id": f"{mark}-another"}),
        ({**copied, "type": "sip"}, begin_us + 3, f"INVITE {call_id}", {"call_id": call_id}),
        (other, begin_us + 4, f"<{call_id}> in text", {}),
        (other, begin_us + 5, f"{mark} something else", {}),
    ]
    body = {
        "streams": [
            {"stream": labels, "values": [[str(time_us * 1000), line, metadata]]}
            for labels, time_us, line, metadata in streams
        ]
    }
    settings = {"loki_url": base, "loki_jobs": copied["job"], "loki_selector": '{job=~"other-.+"}'}
    async with httpx.AsyncClient(trust_env=False, timeout=20) as loki:
        answer = await loki.post(f"{base}{PATH.replace('query_range', 'push')}", json=body)
        assert answer.status_code == 204, answer.text
    async with asking(database, **settings) as client:
        for limit in (3, 2):
            found = await get(client, path(call_id), order="time", limit=limit)
            assert loki_state(found) == ("ok", "")
            assert texts(found) == ["by HEP", "marked", f"<{call_id}> in text"][:limit]
