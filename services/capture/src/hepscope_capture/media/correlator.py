"""RTCP to the call it belongs to, by what SIP told of the call's media, in either order.

SIP messages and RTCP datagrams in, HEP type 5 out: under the Call-ID, or, when no call is found
within ten seconds, under the two addresses. Nothing is dropped but what is damaged from its first
byte on. Time is that of the packets.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hep.rtcp import Form, Reading, read
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.media.calls import CallTable, Flow, Match
from hepscope_capture.media.counts import CorrelationCounts, CorrelationGauges
from hepscope_capture.media.evidence import endpoint
from hepscope_capture.media.heard import Heard, datagram_of
from hepscope_capture.media.news import NewsError, decode_news, encode_news
from hepscope_capture.media.offers import Offer
from hepscope_capture.media.reports import address_id, make_reports
from hepscope_capture.media.signalling import CallNews, may_concern_media, read_signalling
from hepscope_capture.media.unread import Matter, Unread
from hepscope_capture.media.waiting import Held, Waiting

AWAKE_US = 60_000_000
"""How long after RTCP the next is expected, so that what SIP tells is read as it comes."""

# Where the first report block begins, by packet type (RFC 3550 sections 6.4.1 and 6.4.2).
_FIRST_BLOCK = {200: 28, 201: 8}
_COUNT_MASK = 0x1F


@dataclass(frozen=True, slots=True)
class CorrelatorLimits:
    """Bounds in memory; a call takes about 2 kB, what is held or unread its bytes and 1 kB."""

    calls: int = 20_000
    unread: int = 20_000
    unread_bytes: int = 16 * 1024 * 1024
    held: int = 5_000
    held_bytes: int = 4 * 1024 * 1024
    news: int = 20_000


class Correlator:
    """What one process knows of calls, and the RTCP that waits for them."""

    def __init__(
        self, limits: CorrelatorLimits = CorrelatorLimits(), *, shares_news: bool = False
    ) -> None:
        """Make one that knows no call; shares_news: others will ``take_news`` for their own."""
        self._table = CallTable(limits.calls)
        self._unread = Unread(limits.unread, limits.unread_bytes)
        self._waiting = Waiting(limits.held, limits.held_bytes)
        self._rtcp_us: int | None = None
        self._shares_news = shares_news
        self._max_news = limits.news
        self._news: list[bytes] = []
        self.counts = CorrelationCounts(self._table.counts)
        self.gauges = CorrelationGauges(
            calls=lambda: len(self._table),
            unread=lambda: len(self._unread),
            addresses=lambda: self._table.addresses,
            waiting=lambda: len(self._waiting),
            waiting_bytes=lambda: self._waiting.bytes,
        )

    def learn(self, message: Datagram) -> Sequence[Datagram]:
        """Take in a SIP message; returns the RTCP that waited for it."""
        if not may_concern_media(message.payload):
            return ()
        return self._put(message)

    def hear(self, heard: Sequence[Heard]) -> Sequence[Datagram]:
        """Take in SIP messages that may concern media; returns the RTCP that waited for them."""
        if len(self._waiting):
            return [sent for message in heard for sent in self._read(message)]
        self.counts.never_read += self._unread.put_all(heard)
        return ()

    def correlate(self, datagram: Datagram) -> Sequence[Datagram]:
        """Take in a datagram that looks like RTCP; returns what is sent now: () while it waits."""
        self.counts.seen += 1
        self._rtcp_us = datagram.time_us
        # Whatever waits does so in vain: else it would have read all this itself.
        self._read_all()
        self._table.expire(datagram.time_us)
        flow = _flow_of(datagram)
        match = self._table.find(flow, datagram.time_us)
        if match is not None:
            return self._send(datagram, match)
        self.counts.held += 1
        sent: list[Datagram] = []
        for held in self._waiting.hold(datagram, flow):
            self.counts.evicted += 1
            sent += self._send(held.datagram, None)
        return sent

    def expire(self, time_us: int) -> Sequence[Datagram]:
        """Forget what is over; returns the RTCP that has waited for too long."""
        is_awake = self._rtcp_us is not None and abs(time_us - self._rtcp_us) <= AWAKE_US
        if is_awake:
            self._read_all()
        sent = self._give_up(self._waiting.due(time_us))
        if is_awake or not len(self._unread):
            self._table.expire(time_us)
        else:
            # What is not read yet may say that a call which seems to be over goes on.
            self._table.forget_idle(time_us)
        return sent

    def finish(self) -> Sequence[Datagram]:
        """Return all RTCP that still waits: the capture is at its end."""
        return self._give_up(self._waiting.all())

    def take_news(self) -> list[bytes]:
        """Return what was learned since the last time, for the other processes of a fanout."""
        self._read_all()
        news, self._news = self._news, []
        return news

    def all_news(self) -> list[bytes]:
        """Return all that is known, for a process that has just started."""
        self._read_all()
        return [encode_news(news) for news in self._table.news()]

    def absorb(self, news: bytes) -> Sequence[Datagram]:
        """Take in what another process learned; returns the RTCP that waited for it."""
        return self._put(news)

    def _put(self, matter: Datagram | bytes) -> Sequence[Datagram]:
        if len(self._waiting):
            return self._read(matter)
        self.counts.never_read += self._unread.put(matter)
        return ()

    def _read_all(self) -> None:
        for matter in self._unread.take():
            self._read(matter)

    def _read(self, matter: Matter) -> Sequence[Datagram]:
        """Take in a message or news; returns the RTCP that waited for it."""
        if isinstance(matter, bytes):
            try:
                return self._apply(decode_news(matter))
            except NewsError:
                self.counts.bad_news += 1
                return ()
        news = read_signalling(datagram_of(matter) if isinstance(matter, tuple) else matter)
        if news is None:
            return ()
        if self._shares_news:
            if len(self._news) < self._max_news:
                self._news.append(encode_news(news))
            else:
                self.counts.untold += 1
        return self._apply(news)

    def _apply(self, news: CallNews) -> Sequence[Datagram]:
        # Read late, it finds the table as it would have found it then.
        self._table.expire(news.time_us)
        self._table.apply(news)
        sent: list[Datagram] = []
        for held in self._waiting.of(_keys(news.offer)) if len(self._waiting) else ():
            match = self._table.find(held.flow, held.datagram.time_us)
            if match is not None:
                self._waiting.release(held.number)
                self.counts.released += 1
                sent += self._send(held.datagram, match)
        return sent

    def _give_up(self, due: Iterable[Held]) -> list[Datagram]:
        sent: list[Datagram] = []
        for held in due:
            match = self._table.find(held.flow, held.datagram.time_us, is_last_chance=True)
            self.counts.timed_out += match is None
            self.counts.released += match is not None
            sent += self._send(held.datagram, match)
        return sent

    def _send(self, datagram: Datagram, match: Match | None) -> list[Datagram]:
        reading = read(
            datagram.payload,
            is_secure=match is not None and match.is_secure,
            is_cut=datagram.is_cut,
        )
        self._count_form(reading)
        call_id = address_id(datagram) if match is None else match.call_id
        sent = make_reports(datagram, reading, call_id)
        counts = self.counts
        counts.reports += len(sent)
        if not sent:
            counts.dropped += 1
        elif match is None:
            counts.uncorrelated += 1
        else:
            counts.matched[match.evidence] += 1
        return sent

    def _count_form(self, reading: Reading) -> None:
        self.counts.srtcp += reading.form is Form.ENCRYPTED
        self.counts.srtcp_clear += reading.form is Form.AUTHENTICATED
        if reading.refusal is not None:
            self.counts.malformed[reading.refusal.reason] += 1


def _flow_of(datagram: Datagram) -> Flow:
    payload = datagram.payload
    about = 0
    block = _FIRST_BLOCK.get(payload[1], 0) if payload[0] & _COUNT_MASK else 0
    if block:
        about = int.from_bytes(payload[block : block + 4], "big")
    return Flow(
        endpoint(datagram.source, datagram.source_port),
        endpoint(datagram.destination, datagram.destination_port),
        int.from_bytes(payload[4:8], "big"),
        about,
    )


def _keys(offer: Offer) -> Iterator[bytes | int]:
    for claim in offer.claims:
        yield claim[0]
    yield from offer.ssrcs
