"""Logs of a call out of Loki: what is asked, what is left out, and one list of both sources."""

from collections.abc import Iterator

import pytest

from hepscope_query_api.timestamps import format_time, from_us
from integration.query_api.asking import Json, get, items, pages, problem
from integration.query_api.logs_rig import (
    ASTERISK,
    BEGIN,
    CALL,
    END,
    SINK,
    asking,
    hep,
    log,
    loki_state,
    path,
    texts,
)
from integration.query_api.stored import DAY, NOW_US, SECOND, Stored, request
from support.loki_query import FakeLoki, fake_loki

pytestmark = pytest.mark.database

MINUTE = 60 * SECOND
OLDEST = {"order": "time"}


@pytest.fixture
def loki() -> Iterator[FakeLoki]:
    """A Loki that holds nothing yet."""
    with fake_loki() as one:
        yield one


async def found(
    stored: Stored, database: str, loki: FakeLoki, call_id: str = CALL, **query: object
) -> Json:
    """Return the logs of a call that is stored only now."""
    await stored.call(call_id, BEGIN)
    await stored.commit()
    async with asking(database, loki_url=loki.url) as client:
        return await get(client, path(call_id), **{**OLDEST, **query})


async def test_merges_both_sources_by_time(stored: Stored, database: str, loki: FakeLoki) -> None:
    """Each line with its source; of Loki's the labels, and the node that one of them names."""
    await log(stored, "by HEP", BEGIN + 2000)
    loki.push(BEGIN + 1000, f"chan_sip: {CALL} up", ASTERISK, ns=123)
    loki.push(BEGIN + 3000, f"[{CALL}] hangup", {"job": "sbc", "pod": "sbc-0"}, {"trace": "1"})
    answer = await found(stored, database, loki)
    assert loki_state(answer) == ("ok", "")
    assert [(line["source"], line["node"], line["text"]) for line in lines(answer)] == [
        ("loki", "pbx-1", f"chan_sip: {CALL} up"),
        ("database", "edge-1", "by HEP"),
        ("loki", "sbc-0", f"[{CALL}] hangup"),
    ]
    first, _, last = lines(answer)
    assert first["time"] == format_time(from_us(BEGIN + 1000))
    assert first["labels"] == ASTERISK
    assert first["protocol_type"] is None
    assert last["labels"] == {"job": "sbc", "pod": "sbc-0", "trace": "1"}


def lines(answer: Json) -> list[Json]:
    """Return the items of a page."""
    found = answer["items"]
    assert isinstance(found, list)
    return found


async def test_asks_over_the_call_with_a_margin(
    stored: Stored, database: str, loki: FakeLoki
) -> None:
    """A minute before its first message to a minute after its last, in nanoseconds."""
    for moment in (BEGIN - MINUTE - 1, BEGIN - MINUTE, END + MINUTE, END + MINUTE + 1):
        loki.push(moment, f"{moment} {CALL}", ASTERISK)
    answer = await found(stored, database, loki)
    assert texts(answer) == [f"{BEGIN - MINUTE} {CALL}", f"{END + MINUTE} {CALL}"]
    assert {(asked.start_ns, asked.end_ns) for asked in loki.asked} == {
        ((BEGIN - MINUTE) * 1000, (END + MINUTE + 1) * 1000)
    }
    assert {asked.direction for asked in loki.asked} == {"forward"}


async def test_finds_copied_lines_by_their_metadata(
    stored: Stored, database: str, loki: FakeLoki
) -> None:
    """What the writer copied is found though its text does not name the call; type is told."""
    loki.push(BEGIN, "gateway down", SINK, hep())
    loki.push(BEGIN + 1, "another call's", SINK, hep("logs-2@192.0.2.10"))
    loki.push(BEGIN + 2, f"named in the text: {CALL}", SINK, hep(""))
    answer = await found(stored, database, loki)
    assert texts(answer) == ["gateway down", f"named in the text: {CALL}"]
    assert [line["protocol_type"] for line in lines(answer)] == [100, 100]


async def test_leaves_out_messages_and_what_the_database_has(
    stored: Stored, database: str, loki: FakeLoki
) -> None:
    """SIP and RTCP of the copies, and copies of rows; a service's own line of that text stays."""
    await log(stored, "twice", BEGIN + 5)
    await log(stored, f"twice {CALL}\n", BEGIN + 6)
    await stored.put_packet(b"caf\xe9", BEGIN + 4, protocol_type=100, call_id=CALL)
    loki.push(BEGIN + 4, "caf\\xe9", SINK, hep())
    loki.push(BEGIN + 5, "twice", SINK, hep())
    loki.push(BEGIN + 6, f"twice {CALL}", SINK, hep())
    loki.push(BEGIN + 6, f"twice {CALL}", ASTERISK)
    loki.push(BEGIN + 7, f"INVITE {CALL}", {**SINK, "type": "sip"}, hep())
    loki.push(BEGIN + 8, f"{{rtcp {CALL}}}", {**SINK, "type": "rtcp"}, hep())
    loki.push(BEGIN + 8, f"{{mos {CALL}}}", {**SINK, "type": "rtpagent"}, hep())
    loki.push(BEGIN + 9, f"INVITE {CALL}", {"job": "heplify-server", "type": "sip"})
    loki.push(BEGIN + 9, f"of a proxy {CALL}", {"job": "kamailio", "type": "sip"})
    answer = await found(stored, database, loki)
    assert [(line["source"], line["text"]) for line in lines(answer)] == [
        ("database", "caf\\xe9"),
        ("database", "twice"),
        ("database", f"twice {CALL}"),
        ("loki", f"twice {CALL}"),
        ("loki", f"of a proxy {CALL}"),
    ]


async def test_finds_copies_by_chunk_17_of_the_calls_messages(
    stored: Stored, database: str, loki: FakeLoki
) -> None:
    """What the agent calls the call, in metadata; in text only the Call-ID is looked for."""
    await stored.put(request("INVITE", CALL), BEGIN, correlation_id="channel-0001")
    loki.push(BEGIN, "by channel", SINK, hep("channel-0001"))
    loki.push(BEGIN + 1, "channel-0001 in text", ASTERISK)
    assert texts(await found(stored, database, loki)) == ["by channel"]


async def test_takes_no_longer_id_for_the_call(
    stored: Stored, database: str, loki: FakeLoki
) -> None:
    """A Call-ID inside a longer word is another; inside punctuation it is the call's."""
    loki.push(BEGIN, "0712345678", ASTERISK)
    loki.push(BEGIN + 1, "a12345678", ASTERISK)
    loki.push(BEGIN + 2, "call=12345678;x and 123456789", ASTERISK)
    loki.push(BEGIN + 3, "12345678_b2b-1", ASTERISK)
    answer = await found(stored, database, loki, "12345678")
    assert texts(answer) == ["call=12345678;x and 123456789", "12345678_b2b-1"]


async def test_says_that_a_short_call_id_is_not_looked_for_in_text(
    stored: Stored, database: str, loki: FakeLoki
) -> None:
    """It would be in every other line; metadata are looked at."""
    loki.push(BEGIN, "a 7 in a line", ASTERISK)
    loki.push(BEGIN + 1, "copied", SINK, hep("7"))
    answer = await found(stored, database, loki, "7")
    assert texts(answer) == ["copied"]
    assert loki_state(answer) == (
        "ok",
        "The Call-ID is too short to look for it in the text of lines.",
    )


HOSTILE = [
    'quo"te-and-more',
    "back`tick-and-more",
    "back\\slash\\-and\\n",
    "new\nline\r\nand tab\t",
    '"} |= "" or {job=~".+"} |= "',
    '` } | json | line_format `{{env "HOME"}}`',
    "\x01\x1b[31mcontrol\x7f\x85",
    "ünï-\N{SNOWMAN}-\U0001f4de-\u202e",
    "# comment-like #",
    "%2e%2e/../?a=b&c=d+e",
    "a.*[0-9]+(x|y)$^{2}",
    "x" * 512,
]


@pytest.mark.parametrize("call_id", HOSTILE)
async def test_takes_any_call_id_for_text(
    stored: Stored, database: str, loki: FakeLoki, call_id: str
) -> None:
    """Whatever it holds, it is one string of the query, and only its own lines are found."""
    await log(stored, "by HEP", BEGIN, of=call_id)
    await stored.commit()
    loki.push(BEGIN + 1, f"<{call_id}>", ASTERISK)
    loki.push(BEGIN + 2, "copied", SINK, hep(call_id))
    loki.push(BEGIN + 3, "another line", ASTERISK)
    loki.push(BEGIN + 4, "another call's copy", SINK, hep("another"))
    async with asking(database, loki_url=loki.url) as client:
        answer = await get(client, path(call_id), **OLDEST)
    assert loki_state(answer) == ("ok", "")
    assert texts(answer) == ["by HEP", f"<{call_id}>", "copied"]
    assert len(loki.asked) == 3
    for asked in loki.asked:
        assert asked.query.strings.count(call_id) == 1
        assert "\n" not in asked.text


async def test_looks_for_the_kept_part_of_a_call_id_that_was_too_long(
    stored: Stored, database: str, loki: FakeLoki
) -> None:
    """What is stored of it ends with a hash, which stands in no log."""
    call_id = "z" * 600
    loki.push(BEGIN + 1, f"<{call_id}>", ASTERISK)
    answer = await found(stored, database, loki, call_id)
    assert texts(answer) == [f"<{call_id}>"]
    assert loki_state(answer) == ("ok", "")
    assert any("z" * 480 in asked.query.strings for asked in loki.asked)


async def test_pages_through_both_sources_once(
    stored: Stored, database: str, loki: FakeLoki
) -> None:
    """Either order, any size of page, with equal times and copies on both sides of its edge."""
    sent = []
    for number in range(40):
        moment, text = BEGIN + number // 5, f"{number:02} {CALL}"
        if number % 3:
            await log(stored, text, moment)
        if number % 3 != 1:
            loki.push(moment, text, SINK, hep(), ns=0 if number % 3 else number % 7)
        sent.append(text)
    await stored.call(CALL, BEGIN)
    await stored.commit()
    async with asking(database, loki_url=loki.url, loki_limit=60) as client:
        whole = [item["text"] for item in await items(client, path(), limit=1000, **OLDEST)]
        assert sorted(map(str, whole)) == sent
        for limit in (1, 2, 3, 7, 19, 39, 40):
            oldest = [item["text"] for item in await pages(client, path(), limit=limit, **OLDEST)]
            assert oldest == whole
            newest = [item["text"] for item in await pages(client, path(), limit=limit)]
            assert newest == whole[::-1]


async def test_goes_on_behind_more_lines_than_loki_gives_at_once(
    stored: Stored, database: str, loki: FakeLoki
) -> None:
    """Nothing is lost between answers that were cut, one of them within a nanosecond."""
    for number in range(300):
        loki.push(BEGIN + number // 40, f"{number:03} {CALL}", ASTERISK)
    await stored.call(CALL, BEGIN)
    await stored.commit()
    async with asking(database, loki_url=loki.url, loki_limit=60) as client:
        for query in (OLDEST, {}):
            all_of_them = await pages(client, path(), limit=100, **query)
            assert len(all_of_them) == 300
            assert len({str(item["text"]) for item in all_of_them}) == 300
    assert max(asked.limit for asked in loki.asked) == 60


async def test_says_when_one_moment_holds_more_than_loki_gives(
    stored: Stored, database: str, loki: FakeLoki
) -> None:
    """There is no way to the rest, so it is said, and what follows is shown."""
    for number in range(30):
        loki.push(BEGIN, f"{number:02} {CALL}", ASTERISK)
    loki.push(BEGIN + 1, f"after {CALL}", ASTERISK)
    await stored.call(CALL, BEGIN)
    await stored.commit()
    notes: set[tuple[str, str]] = set()
    found: list[str] = []
    cursor: dict[str, object] = {}
    async with asking(database, loki_url=loki.url, loki_limit=10) as client:
        for _ in range(10):
            answer = await get(client, path(), **OLDEST, **cursor)
            found += texts(answer)
            notes.add(loki_state(answer))
            if answer["next_cursor"] is None:
                break
            cursor = {"cursor": answer["next_cursor"]}
    assert found[-1] == f"after {CALL}"
    assert len(found) == len(set(found)) == 11
    assert any("more lines of one microsecond" in detail for _, detail in notes)


async def test_reads_a_call_id_that_is_used_for_months(
    stored: Stored, database: str, loki: FakeLoki
) -> None:
    """Loki refuses more than a month at once: it is asked in spans, and all lines come."""
    for day in range(0, 91, 30):
        await stored.put(request("OPTIONS", CALL), BEGIN - day * DAY)
        loki.push(BEGIN - day * DAY, f"{day} {CALL}", ASTERISK)
    await stored.commit()
    async with asking(database, loki_url=loki.url) as client:
        newest = [item["text"] for item in await pages(client, path())]
        oldest = [item["text"] for item in await pages(client, path(), **OLDEST)]
    assert newest == [f"{day} {CALL}" for day in (0, 30, 60, 90)]
    assert oldest == newest[::-1]


async def test_looks_where_the_selector_says(stored: Stored, database: str, loki: FakeLoki) -> None:
    """Other streams than those of the selector are not read, copied ones are."""
    await stored.call(CALL, BEGIN)
    await stored.commit()
    loki.push(BEGIN, f"voice {CALL}", {"app": "voice"})
    loki.push(BEGIN + 1, f"web {CALL}", {"app": "web"})
    loki.push(BEGIN + 2, "mine", {**SINK, "job": "my.hep"}, hep())
    settings = {"loki_selector": '{app=~"voice|pbx", env!=`"`}', "loki_jobs": "my.hep"}
    async with asking(database, loki_url=loki.url, **settings) as client:
        assert texts(await get(client, path(), **OLDEST)) == [f"voice {CALL}", "mine"]
    async with asking(database, loki_url=loki.url, loki_jobs="") as client:
        assert texts(await get(client, path(), **OLDEST)) == []


@pytest.mark.parametrize(
    ("rules", "settings"),
    [
        ({"tenant": "voice|pbx"}, {"loki_tenant": "voice|pbx"}),
        ({"login": ("me", "pass:word")}, {"loki_username": "me", "loki_password": "pass:word"}),
        ({"token": "glc_abc"}, {"loki_token": "glc_abc"}),
    ],
)
async def test_logs_in(
    stored: Stored, database: str, rules: dict[str, object], settings: dict[str, object]
) -> None:
    """Tenant, user and password, or token, as the settings say."""
    await stored.call(CALL, BEGIN)
    await stored.commit()
    with fake_loki(**rules) as loki:
        loki.push(BEGIN, CALL, ASTERISK)
        async with asking(database, loki_url=loki.url, **settings) as client:
            assert texts(await get(client, path())) == [CALL]
        async with asking(database, loki_url=loki.url) as client:
            answer = await get(client, path())
            state, detail = loki_state(answer)
    assert state == "failed"
    assert "401" in detail
    assert "api.loki_username" in detail


async def test_takes_the_user_out_of_the_address(stored: Stored, database: str) -> None:
    """As heplify-server's users write it, with the path of the push API behind."""
    await stored.call(CALL, BEGIN)
    await stored.commit()
    with fake_loki(login=("me", "p@ss")) as loki:
        loki.push(BEGIN, CALL, ASTERISK)
        url = f"{loki.url.replace('//', '//me:p%40ss@')}/api/prom/push"
        async with asking(database, loki_url=url) as client:
            assert texts(await get(client, path())) == [CALL]


async def test_finds_the_logs_of_a_call_that_is_not_stored(
    stored: Stored, database: str, loki: FakeLoki
) -> None:
    """Retention took its messages, and is named; Loki keeps lines longer. No ladder is made up."""
    await stored.commit()
    kept = from_us(NOW_US - 30 * DAY)
    await stored.connection.execute(
        "update hepscope.partition_policy set floor = $1 where root = 'hepscope.call'::regclass",
        kept,
    )
    old = NOW_US - 60 * DAY
    loki.push(old, f"chan_sip: {CALL} up", ASTERISK)
    loki.push(NOW_US - 200 * DAY, f"chan_sip: {CALL} down", ASTERISK)
    async with asking(database, loki_url=loki.url) as client:
        found = await pages(client, path(), **OLDEST)
        about = await get(client, path(), at=format_time(from_us(old + SECOND)))
        other = await get(client, path(), at=format_time(from_us(old + 2 * DAY)))
        flow = await problem(client, path().replace("/logs", "/flow"), 404)
    assert [line["text"] for line in found] == [f"chan_sip: {CALL} up"]
    assert texts(about) == [f"chan_sip: {CALL} up"]
    assert texts(other) == []
    assert loki_state(other) == ("ok", "")
    assert flow["kept_since"] == format_time(kept)
