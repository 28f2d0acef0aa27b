"""A million calls of one day, made by SQL: outcomes over time, completion, ten thousand rows."""

import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import asyncpg
import httpx

from bench.report import Row
from bench.search import asking, latency

ROUNDS = 20
PAGES = 10

_FILL = """
insert into hepscope.call (key_time, started_at, last_at, invite_at, ringing_at, answered_at,
  bye_at, origin_key, message_count, flags, worst_mos, finals, call_id, method, from_user,
  from_domain, to_user, to_domain, user_agent, source, source_port, destination,
  destination_port, nodes)
select time, time, time + interval '1 minute', time, time + interval '1 s',
  case when status = 200 then time + interval '5 s' end,
  case when status = 200 then time + interval '1 minute' end,
  0, 8, 1, case when status = 200 then 3.4 + h % 100 / 100.0 end,
  jsonb_build_object('INVITE', jsonb_build_array(
    (case when status = 200 then 3::bigint else 2 end << 61) + status, 'as it was')),
  md5(n::text) || '@192.0.2.' || h % 200, 'INVITE', '4930' || 1000000 + h % 200000,
  'carrier-' || h % 12 || '.example.net', '49' || 100 + h % 900 || g % 777777, 'sbc.example.net',
  (array['Asterisk', 'FreeSWITCH', 'Kamailio', 'SBC'])[1 + h % 4] || '/' || h % 25,
  '10.1.0.0'::inet + h % 240, 5060, '10.2.0.0'::inet + g % 12, 5060,
  array['kam-' || h % 4, 'sbc-' || h % 8]
from (
  select n, $1::timestamptz + n * interval '1 day' / $2::int as time, h, g,
    (array[200, 200, 200, 200, 200, 200, 486, 480, 487, 404, 403, 503, 500, 408])[1 + g % 14]
      as status
  from (select n, hashint4(n) & 2147483647 as h, hashint4(-n) & 2147483647 as g
    from generate_series(0, $2::int - 1) n) numbered) made
"""


async def measure(dsn: str, count: int) -> list[Row]:
    """Return the latency of each question over a day of calls that is three days ago."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start = today - timedelta(days=3)
    connection = await asyncpg.connect(dsn)
    await connection.execute("select hepscope.ensure_partition('hepscope.call', $1)", start)
    await connection.execute(_FILL, start, count)
    await connection.execute(
        "insert into hepscope.party select distinct value, current_date from hepscope.call, "
        "unnest(array[from_user, to_user]) value on conflict do nothing"
    )
    await connection.execute("vacuum analyze hepscope.call, hepscope.party")
    await connection.close()
    day = {"start": start.isoformat(), "end": (start + timedelta(days=1)).isoformat()}
    questions = [
        ("outcomes of a day", "/stats/outcomes", {}, 1500),
        ("outcomes of a day's faults", "/stats/outcomes", {"outcome": "fault"}, 1500),
        ("outcomes by a part of a number", "/stats/outcomes", {"q": "3010012"}, 500),
        ("values of user agents", "/fields/user_agent/values", {}, 250),
        ("values of nodes", "/fields/nodes/values", {}, 250),
        ("a number completed", "/fields/from_user/values", {"prefix": "3010012"}, 250),
    ]
    async with asking(dsn) as client:
        rows = [
            await latency(
                client,
                f"{name}, {count:,} calls",
                [f"{path}?{urlencode({**day, **query})}"] * ROUNDS,
                floor_ms,
            )
            for name, path, query, floor_ms in questions
        ]
        return [*rows, await _pages(client, day)]


async def _pages(client: httpx.AsyncClient, day: dict[str, str]) -> Row:
    query = {**day, "limit": "1000"}
    start = time.perf_counter()
    for _ in range(PAGES):
        answer = await client.get("/calls", params=query)
        query["cursor"] = answer.raise_for_status().json()["next_cursor"]
    seconds = time.perf_counter() - start
    return Row("search: 10,000 calls by pages of 1000", seconds * 1000, "ms", 1500,
               higher_is_better=False, note=f"{seconds * 1000 / PAGES:.0f} ms a page")  # fmt: skip
