"""Tests of which packets of numbered records get into a batch."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from hep import HepPacket, encode3
from hepscope_common.bus.origins import Numbering, headers_of
from hepscope_common.bus.protocol import Record
from hepscope_common.store.origins import NONE_STORED, SEQ_MAX, OriginAt, Rise
from hepscope_storage_writer.batch import Batch
from hepscope_storage_writer.decode import Decoder
from hepscope_storage_writer.expiry import Expiry
from hepscope_storage_writer.known_origins import KnownOrigins
from hepscope_storage_writer.times import DAY_US
from support.builders import BASE_US

ORIGIN = bytes(16)
AT = OriginAt("t", 0, ORIGIN)


class Writer:
    """Decodes records one after the other; what is not yet committed can be dropped."""

    def __init__(self) -> None:
        self.known = KnownOrigins()
        self.stored: list[int] = []
        self.batch = Batch(DAY_US)
        self._offset = 0
        self._decoder = Decoder(
            now_us=lambda: BASE_US, expiry=Expiry(), with_calls=False, origins=self.known
        )

    def take(self, numbers: Sequence[int], *, own: bool = False, garbage: bytes = b"") -> Batch:
        """Add a record of these numbers to the batch."""
        value = b"".join(map(packet, numbers)) + garbage
        numbering = Numbering(ORIGIN, None if own else numbers[0])
        count = len(numbers) + bool(garbage)
        record = Record("t", 0, self._offset, value, count, headers_of(numbering))
        self._offset += 1
        self._decoder.add(self.batch, record)
        return self.batch

    def commit(self) -> None:
        """Store the batch."""
        self.known.committed(self.batch)
        self.stored += numbers_in(self.batch)
        self.batch = Batch(DAY_US)


def packet(number: int) -> bytes:
    """Return a packet that holds its number, also in its payload."""
    text = str(number).encode()
    return encode3(
        HepPacket(
            time_us=BASE_US,
            received_at_us=BASE_US,
            protocol_type=100,
            payload=b"<" + text + b">",
            origin=ORIGIN,
            seq=number,
        )
    )


def numbers_in(batch: Batch) -> list[int]:
    """Return the numbers of the rows of a batch."""
    return [
        int(row.rpartition(b"<")[2].partition(b">")[0])
        for _, rows in batch.groups()
        for row in rows
    ]


def test_a_new_record_is_taken_whole() -> None:
    """The batch says from where to where it brings the origin."""
    batch = Writer().take([1, 2, 3])

    assert numbers_in(batch) == [1, 2, 3]
    assert (batch.duplicates, batch.skipped) == (0, {})
    assert batch.rises() == [Rise(AT, NONE_STORED, 3)]


def test_copies_within_a_batch_are_found() -> None:
    """Before anything is committed."""
    writer = Writer()
    writer.take([1, 2, 3])

    batch = writer.take([2, 3, 4])

    assert numbers_in(batch) == [1, 2, 3, 4]
    assert (batch.duplicates, batch.skipped) == (2, {1: frozenset({0, 1})})


def test_what_was_only_decoded_is_not_taken_for_stored() -> None:
    """A batch that came to nothing leaves no trace."""
    writer = Writer()
    writer.take([1, 2, 3])
    writer.batch = Batch(DAY_US)

    assert numbers_in(writer.take([1, 2, 3])) == [1, 2, 3]


def test_a_batch_of_copies_only_moves_nothing() -> None:
    """Its records are part of it all the same."""
    writer = Writer()
    writer.take([5, 6])
    writer.commit()

    batch = writer.take([5, 6])

    assert (numbers_in(batch), batch.rises(), len(batch.records)) == ([], [], 1)


def test_numbers_that_the_database_cannot_hold_number_nothing() -> None:
    """Such packets are stored as they come."""
    writer = Writer()
    for own in (False, True):
        for _ in range(2):
            writer.take([SEQ_MAX + 1], own=own)

    assert len(numbers_in(writer.batch)) == 4
    assert writer.batch.rises() == []


def test_packets_without_a_number_among_numbered_ones_are_stored() -> None:
    """A record whose header promises chunk 17, without it."""
    writer = Writer()
    plain = encode3(HepPacket(time_us=BASE_US, protocol_type=100, payload=b"<0>"))
    record = Record(
        "t", 0, 0, packet(3) + plain + packet(4), 3, headers_of(Numbering(ORIGIN, None))
    )
    decoder = Decoder(
        now_us=lambda: BASE_US, expiry=Expiry(), with_calls=False, origins=writer.known
    )
    for _ in range(2):
        decoder.add(writer.batch, record)

    assert sorted(numbers_in(writer.batch)) == [0, 0, 3, 4]


def test_the_broken_end_of_a_copy_is_no_second_dead_letter() -> None:
    """It has a number like a packet."""
    writer = Writer()
    writer.take([1, 2], garbage=b"junk")
    writer.take([1, 2], garbage=b"junk")

    assert len(writer.batch.dead_letters) == 1
    assert writer.batch.duplicates == 3
    assert writer.batch.rises() == [Rise(AT, NONE_STORED, 3)]


def test_packets_left_out_count_as_dealt_with() -> None:
    """Those that the database refuses do not come back with the next copy."""
    for own in (False, True):
        writer = Writer()
        numbering = Numbering(ORIGIN, None if own else 1)
        value = packet(1) + packet(2)
        record = Record("t", 0, 0, value, 2, headers_of(numbering))
        decoder = Decoder(
            now_us=lambda: BASE_US, expiry=Expiry(), with_calls=False, origins=writer.known
        )
        decoder.add(writer.batch, record, leave_out={1})
        writer.commit()

        assert writer.stored == [1]
        assert writer.known.stored(AT) == 2


@given(st.data(), st.booleans())
def test_every_number_is_stored_once_however_often_it_is_sent(
    data: st.DataObject, own: bool
) -> None:
    """A producer that goes back to any point not yet acknowledged, batches that fail or not."""
    writer = Writer()
    sent = confirmed = 0
    for _ in range(data.draw(st.integers(1, 12))):
        first = data.draw(st.integers(confirmed + 1, sent + 1))
        last = data.draw(st.integers(first, first + 6))
        writer.take(range(first, last + 1), own=own)
        sent = max(sent, last)
        if data.draw(st.booleans()):
            writer.commit()
            confirmed = data.draw(st.integers(confirmed, sent))
    writer.commit()

    assert writer.stored == list(range(1, sent + 1))
