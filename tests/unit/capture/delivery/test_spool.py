"""The disk: order and numbers kept, bounds held, damage passed and counted."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_capture.delivery.batch import Batch
from hepscope_capture.delivery.spool import Spool
from hepscope_capture.delivery.spool_claim import SpoolBusyError
from hepscope_capture.delivery.spool_frame import (
    FILE_HEAD,
    FRAME_MAGIC,
    encode_frame,
    read_head,
    read_packets,
)
from unit.capture.delivery.disks import ORIGIN, batch_of, full_disk, opened


def read_all(spool: Spool) -> list[Batch]:
    """Every batch that is left to be read."""
    batches = []
    while (batch := spool.read()) is not None:
        batches.append(batch)
    return batches


def numbers(batches: list[Batch]) -> list[int]:
    """The numbers of all packets, which the packets tell too."""
    found = []
    for batch in batches:
        for seq, packet in enumerate(batch.packets, batch.first_seq):
            assert int(packet[:8]) == seq
            found.append(seq)
    return found


def files(directory: Path) -> list[Path]:
    """The spool's files, oldest first."""
    return sorted(directory.glob("*.spool"))


@given(
    st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=50), st.integers(1, 2**63)
)
def test_a_frame_gives_back_what_it_was_given(packets: list[bytes], seq: int) -> None:
    """Lengths, number and bytes."""
    frame = encode_frame(packets, seq)
    head = read_head(frame)
    assert head is not None
    assert (head.first_seq, head.packets, head.frame_bytes) == (seq, len(packets), len(frame))
    assert read_packets(frame, head) == packets


@given(st.integers(0, 10_000), st.integers(1, 255))
@settings(max_examples=200)
def test_a_frame_with_a_changed_byte_is_none(at: int, change: int) -> None:
    """Wherever it is changed."""
    frame = bytearray(encode_frame([b"one", b"another" * 30], 7))
    frame[at % len(frame)] ^= change
    head = read_head(bytes(frame))
    assert head is None or read_packets(bytes(frame), head) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_a_frame_or_none(data: bytes) -> None:
    """Nothing is raised."""
    head = read_head(data)
    assert head is None or read_packets(data, head) is None


def test_what_is_written_is_read_in_order_and_forgotten(tmp_path: Path) -> None:
    """Files go with the last of their packets."""
    with opened(tmp_path, segment_bytes=4096) as spool:
        for first in range(1, 200, 10):
            spool.append(batch_of(first))
        assert len(files(tmp_path)) > 3
        batches = read_all(spool)
        assert numbers(batches) == list(range(1, 201))
        assert spool.is_read
        for batch in batches:
            assert batch.place is not None
            spool.release(batch.place, len(batch))
        assert (spool.packets, spool.size_bytes) == (0, 0)
        assert not files(tmp_path)


def test_the_next_process_goes_on_where_the_last_one_was(tmp_path: Path) -> None:
    """Behind what was released, under the same origin."""
    with opened(tmp_path, segment_bytes=4096) as spool:
        for first in range(1, 200, 10):
            spool.append(batch_of(first))
        for _ in range(7):
            batch = spool.read()
            assert batch is not None
            assert batch.place is not None
            spool.release(batch.place, len(batch))
        spool.note_position()
    with opened(tmp_path) as spool:
        assert spool.recovered == spool.packets == 130
        spool.append(batch_of(1, origin=bytes(16)))
        batches = read_all(spool)
        assert numbers(batches[:-1]) == list(range(71, 201))
        assert {batch.origin for batch in batches[:-1]} == {ORIGIN}
        assert (batches[-1].origin, batches[-1].first_seq) == (bytes(16), 1)


@pytest.mark.parametrize(("cut", "lost"), [(1, 10), (30, 10), (1100, 10), (1110, 0)])
def test_a_torn_end_is_passed_and_counted(tmp_path: Path, cut: int, lost: int) -> None:
    """As a kill in the middle of writing leaves it: by the head, where that is whole."""
    with opened(tmp_path) as spool:
        for first in range(1, 50, 10):
            spool.append(batch_of(first))
    (file,) = files(tmp_path)
    os.truncate(file, file.stat().st_size - cut)
    with opened(tmp_path) as spool:
        assert (spool.recovered, spool.damaged, spool.damaged_packets) == (40 + lost, 1, lost)
        assert numbers(read_all(spool)) == list(range(1, 41))


def test_a_damaged_middle_costs_one_batch(tmp_path: Path) -> None:
    """What follows is found again; what is lost is counted once all else has left."""
    with opened(tmp_path) as spool:
        places = []
        for first in range(1, 50, 10):
            batch = batch_of(first)
            spool.append(batch)
            places.append(batch.place)
    (file,) = files(tmp_path)
    assert places[2] is not None
    with file.open("r+b") as damaged:
        damaged.seek(places[2].offset + 40)
        damaged.write(b"\0" * 8)
    with opened(tmp_path) as spool:
        batches = read_all(spool)
        assert numbers(batches) == [*range(1, 21), *range(31, 51)]
        for batch in batches:
            assert batch.place is not None
            spool.release(batch.place, len(batch))
        assert (spool.damaged, spool.damaged_packets, spool.packets) == (1, 10, 0)
        assert not files(tmp_path)


@given(data=st.binary(max_size=3000), keep=st.integers(0, 3000))
@settings(max_examples=60, deadline=None)
def test_any_file_can_be_recovered(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, keep: int
) -> None:
    """Whatever a machine's crash has made of it: nothing is raised, and what is read is sound."""
    directory = tmp_path_factory.mktemp("spool")
    with opened(directory) as spool:
        for first in range(1, 30, 10):
            spool.append(batch_of(first))
    (file,) = files(directory)
    written = file.read_bytes()
    file.write_bytes(written[:keep] + data)
    (directory / "position").write_bytes(data[:20])
    with opened(directory) as spool:
        for batch in read_all(spool):
            assert batch.packets == batch_of(batch.first_seq).packets
        spool.write_off()
        assert (spool.packets, spool.size_bytes) == (0, 0)


def test_the_oldest_file_makes_room(tmp_path: Path) -> None:
    """And what it held is counted."""
    with opened(tmp_path, limit_bytes=40_000) as spool:
        for first in range(1, 1001, 10):
            spool.append(batch_of(first))
            while spool.make_room() is not None:
                pass
            assert spool.size_bytes <= 40_000
        left = numbers(read_all(spool))
        assert left == list(range(left[0], 1001))
        assert spool.dropped == 1000 - len(left)
        assert spool.packets == len(left) > 200


def test_a_full_disk_takes_nothing_half(tmp_path: Path) -> None:
    """What is half written does not stand in front of what comes later."""
    with opened(tmp_path) as spool:
        spool.append(batch_of(1))
        with full_disk(FILE_HEAD.size + 2000), pytest.raises(OSError, match="large"):
            spool.append(batch_of(11))
        spool.append(batch_of(11))
        assert numbers(read_all(spool)) == list(range(1, 21))


def test_no_file_stays_of_one_that_could_not_be_begun(tmp_path: Path) -> None:
    """An empty one would be in the way of the next."""
    with opened(tmp_path) as spool:
        with full_disk(10), pytest.raises(OSError, match="large"):
            spool.append(batch_of(1))
        assert not files(tmp_path)
        spool.append(batch_of(1))
        assert numbers(read_all(spool)) == list(range(1, 11))


def test_a_directory_has_one_owner(tmp_path: Path) -> None:
    """Until it leaves, or dies."""
    with opened(tmp_path), pytest.raises(SpoolBusyError):
        Spool(tmp_path, 1, lambda: 0).open()
    with opened(tmp_path):
        pass


def test_files_of_another_directory_go_behind(tmp_path: Path) -> None:
    """As those of a worker that is not started any more."""
    with opened(tmp_path / "a") as one, opened(tmp_path / "b") as other:
        one.append(batch_of(1))
        other.append(batch_of(1, origin=bytes(16)))
    one, other = (Spool(tmp_path / name, 10**6, lambda: 0) for name in "ab")
    one.open()
    other.open()
    one.adopt(other)
    assert [(batch.origin, len(batch)) for batch in read_all(one)] == [
        (ORIGIN, 10),
        (bytes(16), 10),
    ]
    assert one.recovered == 20
    one.close()
    assert not files(tmp_path / "b")


def _damaged_spool(tmp_path: Path) -> list[Path]:
    """Files of 100 packets each, numbered from 1, the third without an end."""
    with opened(tmp_path, segment_bytes=100 * 108) as spool:
        for first in range(1, 501, 10):
            spool.append(batch_of(first))
    found = files(tmp_path)
    assert len(found) == 5
    os.truncate(found[2], found[2].stat().st_size // 2)
    return found


def test_what_a_torn_middle_held_is_counted_by_its_numbers(tmp_path: Path) -> None:
    """What should be in front of the next file and is not was lost."""
    _damaged_spool(tmp_path)
    with opened(tmp_path) as spool:
        kept = len(numbers(read_all(spool)))
        assert 400 < kept < 500
        assert (spool.recovered, spool.damaged, spool.damaged_packets) == (500, 1, 500 - kept)
        assert spool.packets == kept


@pytest.mark.parametrize("number", [3, 4])
def test_a_file_that_nobody_owns_is_counted(tmp_path: Path, number: int) -> None:
    """Without its head nobody can say whose its packets are."""
    with _damaged_spool(tmp_path)[number].open("r+b") as file:
        file.write(b"x")
    with opened(tmp_path) as spool:
        kept = len(numbers(read_all(spool)))
        assert 300 < kept < 400
        assert (spool.recovered, spool.damaged_packets) == (500, 500 - kept)


def test_a_damaged_number_is_not_believed(tmp_path: Path) -> None:
    """It would be a loss of billions."""
    with opened(tmp_path) as spool:
        for first in range(1, 50, 10):
            spool.append(batch_of(first))
    (file,) = files(tmp_path)
    data = bytearray(file.read_bytes())
    at = data.index(FRAME_MAGIC, data.index(FRAME_MAGIC) + 1)
    data[at + 12] ^= 0x40
    file.write_bytes(data)
    with opened(tmp_path) as spool:
        assert (spool.recovered, spool.damaged_packets) == (50, 0)
        batches = read_all(spool)
        assert numbers(batches) == [*range(1, 11), *range(21, 51)]
        for batch in batches:
            assert batch.place is not None
            spool.release(batch.place, len(batch))
        assert (spool.damaged_packets, spool.packets) == (10, 0)


def test_a_directory_that_was_deleted_is_made_again(tmp_path: Path) -> None:
    """What was in it is still read while this process lives; the next finds what came later."""
    place = tmp_path / "spool"
    with opened(place) as spool:
        spool.append(batch_of(1))
        shutil.rmtree(place)
        spool.append(batch_of(11))
        spool.append(batch_of(21))
        spool.note_position()
        assert numbers(read_all(spool)) == list(range(1, 31))
        with pytest.raises(SpoolBusyError), opened(place):
            pass
    with opened(place) as spool:
        assert numbers(read_all(spool)) == list(range(11, 31))
