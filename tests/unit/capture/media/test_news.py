"""News between processes: the same for all, whatever process saw the SIP and which the RTCP."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.media.correlator import Correlator, CorrelatorLimits
from hepscope_capture.media.evidence import Evidence
from hepscope_capture.media.news import NewsError, decode_news, encode_news
from hepscope_capture.media.offers import Offer
from hepscope_capture.media.signalling import CallNews, Step
from support.media_traffic import ALICE_RTP, SECOND, answer, beside, bye, invite, rtcp

KEYS = st.binary(min_size=6, max_size=6) | st.binary(min_size=18, max_size=18)
CLAIMS = st.tuples(KEYS, st.sampled_from(Evidence), st.booleans())
OFFERS = st.builds(
    Offer,
    st.lists(CLAIMS, max_size=5).map(tuple),
    st.lists(st.integers(0, 2**32 - 1), max_size=5).map(tuple),
)
NEWS = st.builds(
    CallNews,
    st.binary(max_size=512),
    st.integers(0, 2**62),
    st.sampled_from(Step),
    st.binary(max_size=257),
    OFFERS,
)


@given(NEWS)
def test_there_and_back(news: CallNews) -> None:
    """What is decoded is what was encoded; cut anywhere it is refused."""
    data = encode_news(news)

    assert decode_news(data) == news
    for size in {0, 1, len(data) // 2, len(data) - 1}:
        with pytest.raises(NewsError):
            decode_news(data[:size])


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """Another error never comes."""
    for start in (data, b"\1" + data, b"\1\0" + bytes(8) + b"\0\1x" + data):
        try:
            decode_news(start)
        except NewsError:
            continue


def owned(
    workers: list[Correlator], traffic: list[tuple[int, Datagram]]
) -> list[tuple[int, bytes]]:
    """Return time and id of what comes out when each datagram goes to its own worker."""
    sent: list[Datagram] = []
    for number, one in traffic:
        worker = workers[number % len(workers)]
        is_rtcp = one.payload[:1] >= b"\x80"
        sent += (worker.correlate if is_rtcp else worker.learn)(one)
        for told in worker.take_news():
            for other in workers:
                if other is not worker:
                    sent += other.absorb(told)
        for other in workers:
            sent += other.expire(one.time_us)
    sent += [report for worker in workers for report in worker.finish()]
    return sorted((report.time_us, report.correlation_id) for report in sent)


@given(st.lists(st.integers(0, 2), min_size=42, max_size=42), st.randoms(use_true_random=False))
def test_it_is_all_one_who_saw_what(places: list[int], dice: Random) -> None:
    """Three workers and one give the same ids."""
    traffic: list[Datagram] = []
    for number in range(6):
        call_id, address = f"call-{number}", (ALICE_RTP[0], 30000 + 2 * number)
        start = 5 * number
        traffic += [
            invite(call_id, address, seconds=start),
            answer(call_id, ("198.51.100.20", 40000 + 2 * number), seconds=start + 2),
            bye(call_id, seconds=start + 20),
        ]
        for step in range(4):
            ends = (beside(address), ("198.51.100.20", 40001 + 2 * number))
            seconds = start + dice.randrange(0, 40) + step / 8 + number / 64
            traffic.append(rtcp(*ends, seconds=seconds, ssrc=100 + number, about=200 + number))
    traffic.sort(key=lambda one: one.time_us)
    numbered = list(zip(places, traffic, strict=True))

    alone = owned([Correlator()], numbered)

    assert owned([Correlator(shares_news=True) for _ in range(3)], numbered) == alone
    assert len(alone) == 24
    assert traffic[-1].time_us - traffic[0].time_us > SECOND


def test_news_that_nobody_fetches_are_bounded_and_counted() -> None:
    """A worker whose line is stuck goes on by itself."""
    correlator = Correlator(CorrelatorLimits(news=2), shares_news=True)
    correlator.correlate(rtcp())  # what waits has everything read at once
    for number in range(5):
        correlator.learn(invite(f"call-{number}", (ALICE_RTP[0], 31000 + 2 * number)))
    assert len(correlator.take_news()) == 2
    assert correlator.counts.untold == 3
