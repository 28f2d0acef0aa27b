"""Whatever is on the wire: no error, nothing lost, all tables within their bounds."""

from hypothesis import given
from hypothesis import strategies as st

from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.media.calls import CallTable
from hepscope_capture.media.claimants import MAX_CALL_KEYS, MAX_KEY_CALLS
from hepscope_capture.media.correlator import Correlator, CorrelatorLimits
from hepscope_capture.media.recognition import looks_like_rtcp
from hepscope_capture.media.signalling import may_concern_media, read_signalling
from support.media_traffic import ALICE, BOB, START_US, answer, bye, datagram, invite, rtcp

TEMPLATES = [invite().payload, answer().payload, bye().payload, rtcp().payload]
ADDRESSES = st.sampled_from([ALICE, BOB, ("192.0.2.10", 30001), ("2001:db8::1", 30001)])


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    """Return SIP or RTCP with some bytes replaced, cut or put in."""
    data = bytearray(draw(st.sampled_from(TEMPLATES)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        size = draw(st.integers(0, 20))
        data[at : at + size] = draw(st.binary(max_size=20))
    return bytes(data)


@st.composite
def datagrams(draw: st.DrawFn) -> Datagram:
    """Return one with addresses of either version, at any time."""
    source, destination = draw(ADDRESSES), draw(ADDRESSES)
    payload = draw(payloads() | st.binary(max_size=80))
    return datagram(payload, source, destination, draw(st.floats(0, 100)))


@given(st.lists(datagrams(), max_size=20))
def test_any_traffic(traffic: list[Datagram]) -> None:
    """Each datagram that looks like RTCP ends in exactly one count."""
    correlator = Correlator(CorrelatorLimits(calls=3, held=3, held_bytes=500, unread=5))
    for one in traffic:
        correlator.learn(one)
        if looks_like_rtcp(one.payload):
            correlator.correlate(one)
        correlator.expire(one.time_us)
    correlator.finish()
    counts = correlator.counts

    assert sum(counts.matched.values()) + counts.uncorrelated + counts.dropped == counts.seen
    assert counts.held == counts.released + counts.timed_out + counts.evicted
    assert correlator.gauges.calls() <= 3
    assert correlator.gauges.waiting() == correlator.gauges.waiting_bytes() == 0


@given(datagrams())
def test_the_first_look_misses_nothing(one: Datagram) -> None:
    """What is not worth to be read says nothing."""
    if not may_concern_media(one.payload):
        assert read_signalling(one) is None


@given(st.lists(datagrams(), max_size=30))
def test_tables_forget_all_of_a_call(traffic: list[Datagram]) -> None:
    """After half a day nothing is left of any."""
    table = CallTable(4)
    for one in traffic:
        news = read_signalling(one)
        if news is not None:
            table.apply(news)
    for news in table.news():
        assert len(news.offer.claims) <= MAX_CALL_KEYS
    table.expire(START_US + 13 * 3600 * 1_000_000)

    assert (len(table), table.addresses, table.ssrcs) == (0, 0, 0)


def test_one_address_of_many_calls() -> None:
    """The newest keep it, and the others forget it."""
    table = CallTable(100)
    for number in range(3 * MAX_KEY_CALLS):
        news = read_signalling(invite(f"call-{number}"))
        assert news is not None
        table.apply(news)

    with_claims = [news for news in table.news() if news.offer.claims]
    assert len(with_claims) == MAX_KEY_CALLS


def test_many_addresses_of_one_call() -> None:
    """The oldest are left."""
    table = CallTable(100)
    for number in range(200):
        news = read_signalling(invite(offer=("192.0.2.10", 20000 + 2 * number)))
        assert news is not None
        table.apply(news)

    (news,) = table.news()
    assert len(news.offer.claims) == table.addresses == MAX_CALL_KEYS
