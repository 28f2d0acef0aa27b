"""Records on disk: what comes back, in which order, after which accidents."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_common.runtime import StartupError
from hepscope_ingest.delivery import Sealed
from hepscope_ingest.spool import Spool
from hepscope_ingest.spool_frame import FILE_HEAD, MAX_BODY_BYTES, encode_frame, read_frame
from hepscope_ingest.spool_segment import Place

SECOND = 1_000_000


def sealed(number: int, size: int = 10) -> Sealed:
    """Return a record that can be told from others."""
    headers = (("origin", bytes(16)), ("seq", number.to_bytes(8, "big")))
    return Sealed("hep.signalling.v1", 3, b"%d" % number + b"x" * size, 1, headers, None)


@contextmanager
def opened(
    directory: Path, *, max_bytes: int = 1 << 20, segment_bytes: int = 1 << 20, sync: bool = False
) -> Iterator[Spool]:
    """Open a spool, and let go of it as the end of a process does."""
    spool = Spool(
        directory,
        max_bytes=max_bytes,
        sync=sync,
        now_us=lambda: 5 * SECOND,
        segment_bytes=segment_bytes,
    )
    spool.open()
    try:
        yield spool
    finally:
        spool.close()


def read_all(spool: Spool) -> list[tuple[Place, Sealed]]:
    """Read to the end."""
    found: list[tuple[Place, Sealed]] = []
    while some := spool.read():
        found += some
    return found


def files(directory: Path) -> list[str]:
    """Return the names of its files beside the lock."""
    return sorted(path.name for path in directory.iterdir() if path.name != "lock")


@pytest.mark.parametrize("sync", [False, True])
def test_records_come_back_in_order(tmp_path: Path, *, sync: bool) -> None:
    """Topic, partition, count, headers and bytes, over several files."""
    records = [sealed(number) for number in range(50)]
    with opened(tmp_path, segment_bytes=300, sync=sync) as spool:
        spool.append(records[:20])
        spool.append(records[20:])
        assert [record for _, record in read_all(spool)] == records
        assert spool.is_read
        assert spool.records == 50
        assert len(files(tmp_path)) > 3


def test_a_file_goes_once_all_in_it_is_safe_and_none_before_it(tmp_path: Path) -> None:
    """What was read counts for nothing: only what the bus acknowledged."""
    with opened(tmp_path, segment_bytes=1) as spool:
        places = spool.append([sealed(1), sealed(2), sealed(3)])
        read_all(spool)
        spool.release(places[1:])
        assert len(files(tmp_path)) == 3
        spool.release(places[:1])
        assert files(tmp_path) == []
        assert (spool.is_empty, spool.records, spool.size_bytes) == (True, 0, 0)


def test_a_file_that_is_empty_of_news_goes_and_a_new_one_is_made(tmp_path: Path) -> None:
    """Also the one that was being written."""
    with opened(tmp_path) as spool:
        spool.release([place for place, _ in read_after(spool, sealed(1))])
        assert spool.is_empty
        assert read_after(spool, sealed(2))[0][1] == sealed(2)


def read_after(spool: Spool, record: Sealed) -> list[tuple[Place, Sealed]]:
    """Append one record and read."""
    spool.append([record])
    return read_all(spool)


def test_what_a_process_left_is_found_by_the_next(tmp_path: Path) -> None:
    """Whether it had been read or not; new records come behind, in a file of their own."""
    with opened(tmp_path) as spool:
        spool.append([sealed(1), sealed(2)])
        read_all(spool)
    with opened(tmp_path) as spool:
        was_recovering = spool.is_recovering
        assert spool.records == 2
        spool.append([sealed(3)])
        found = read_all(spool)
        assert [record for _, record in found] == [sealed(1), sealed(2), sealed(3)]
        assert (was_recovering, spool.is_recovering) == (True, False)
        assert found[2][0].segment > found[1][0].segment
        spool.release(place for place, _ in found)
        assert spool.is_empty


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 300))
def test_a_torn_end_costs_what_was_torn(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    """Every whole record in front of it comes back, and the file goes in the end."""
    directory = tmp_path_factory.mktemp("spool")
    records = [sealed(number) for number in range(4)]
    with opened(directory) as spool:
        spool.append(records)
    (path,) = [directory / name for name in files(directory)]
    size = max(0, path.stat().st_size - cut)
    with path.open("r+b") as file:
        file.truncate(size)
    whole = (size - FILE_HEAD.size) // len(encode_frame(records[0]))
    with opened(directory) as spool:
        found = read_all(spool)
        assert [record for _, record in found] == records[: max(0, whole)]
        spool.release(place for place, _ in found)
        assert spool.is_empty
        is_torn = size > FILE_HEAD.size and (size - FILE_HEAD.size) % len(encode_frame(records[0]))
        assert spool.damaged == bool(is_torn)
    assert files(directory) == []


def test_a_record_that_rotted_is_left_out_and_its_file_kept_aside(tmp_path: Path) -> None:
    """Others in the file come back."""
    with opened(tmp_path) as spool:
        places = spool.append([sealed(1), sealed(2), sealed(3)])
    (path,) = [tmp_path / name for name in files(tmp_path)]
    with path.open("r+b") as file:
        file.seek(places[2].offset - 1)
        file.write(b"!")
    with opened(tmp_path) as spool:
        found = read_all(spool)
        assert [record for _, record in found] == [sealed(1), sealed(3)]
        assert spool.damaged == 1
        spool.release(place for place, _ in found)
        assert spool.is_empty
    assert files(tmp_path) == [path.with_suffix(".damaged").name]
    with opened(tmp_path) as spool:
        spool.append([sealed(4)])
        assert len(files(tmp_path)) == 2


def test_what_is_kept_aside_counts_and_goes_when_room_is_needed(tmp_path: Path) -> None:
    """The disk holds no more than it was given, and sound records come first."""
    length = FILE_HEAD.size + len(encode_frame(sealed(1)))
    for number in (1, 2, 3):
        (tmp_path / f"{number:016d}.damaged").write_bytes(bytes(length))
    with opened(tmp_path, max_bytes=6 * length, segment_bytes=1) as spool:
        assert spool.size_bytes == 3 * length
        assert len(spool.append([sealed(number) for number in range(4)])) == 4
        assert files(tmp_path)[:2] == [f"{2:016d}.damaged", f"{3:016d}.damaged"]
        assert len(spool.append([sealed(number) for number in range(9)])) == 2
        assert spool.size_bytes == 6 * length
        assert [name for name in files(tmp_path) if name.endswith(".damaged")] == []


def test_a_file_that_turns_out_damaged_goes_on_to_count(tmp_path: Path) -> None:
    """Under its new name."""
    with opened(tmp_path, segment_bytes=1) as spool:
        places = spool.append([sealed(1), sealed(2)])
        (tmp_path / files(tmp_path)[0]).write_bytes(b"?" * 80)
        size = spool.size_bytes
        read_all(spool)
        assert [hole.holds(places[0]) for hole in spool.take_holes()] == [True]
        spool.release([])
        assert spool.size_bytes == 80 + size // 2
        spool.release(places[1:])
        assert (spool.is_empty, spool.size_bytes) == (True, 80)


def test_a_foreign_file_is_kept_aside(tmp_path: Path) -> None:
    """It may be dear to somebody."""
    (tmp_path / f"{7:016d}.spool").write_bytes(b"something else entirely")
    (tmp_path / "notes.txt").write_bytes(b"untouched")
    with opened(tmp_path) as spool:
        assert read_all(spool) == []
        spool.release([])
        assert spool.is_empty
    assert files(tmp_path) == [f"{7:016d}.damaged", "notes.txt"]


def test_a_full_spool_takes_what_fits_and_more_once_there_is_room(tmp_path: Path) -> None:
    """The rest stays with who offered it."""
    length = len(encode_frame(sealed(1)))
    with opened(tmp_path, max_bytes=4 * (length + FILE_HEAD.size), segment_bytes=1) as spool:
        places = spool.append([sealed(number) for number in range(1, 8)])
        assert len(places) == 4
        assert spool.append([sealed(5)]) == []
        assert spool.errors == 0
        read_all(spool)
        spool.release(places[:1])
        assert len(spool.append([sealed(5)])) == 1


def test_a_disk_that_refuses_is_counted_and_not_an_error(tmp_path: Path) -> None:
    """Nothing was taken then; once it can, it goes on in a new file."""
    with opened(tmp_path / "spool") as spool:
        spool.append([sealed(1)])
        spool.release(place for place, _ in read_all(spool))
        (tmp_path / "spool").rename(tmp_path / "away")
        assert spool.append([sealed(2)]) == []
        assert spool.errors == 1
        (tmp_path / "away").rename(tmp_path / "spool")
        assert len(spool.append([sealed(2)])) == 1


def test_a_file_that_vanished_costs_its_records_alone(tmp_path: Path) -> None:
    """Somebody cleaned up by hand."""
    with opened(tmp_path, segment_bytes=1) as spool:
        spool.append([sealed(1), sealed(2)])
        (tmp_path / files(tmp_path)[0]).unlink()
        found = read_all(spool)
        assert [record for _, record in found] == [sealed(2)]
        assert (spool.errors, spool.damaged) == (1, 1)
        spool.release(place for place, _ in found)
        assert spool.is_empty


def test_two_processes_cannot_share_a_directory(tmp_path: Path) -> None:
    """Each would drain and delete the other's records."""
    with (
        opened(tmp_path),
        pytest.raises(StartupError, match="another ingest uses it"),
        opened(tmp_path),
    ):
        pass
    with opened(tmp_path):
        pass


def test_a_directory_that_cannot_be_is_one_clear_line(tmp_path: Path) -> None:
    """It names the setting."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StartupError, match=r"ingest\.spool_dir .*Not a directory"):
        Spool(tmp_path / "file" / "spool", max_bytes=1, sync=False, now_us=lambda: 0).open()


def test_nothing_is_taken_once_it_is_closed(tmp_path: Path) -> None:
    """The directory may be another's by then."""
    with opened(tmp_path) as spool:
        pass
    assert spool.append([sealed(1)]) == []
    assert files(tmp_path) == []


def test_the_age_is_that_of_the_oldest_file(tmp_path: Path) -> None:
    """From when it was made; nothing has no age."""
    now = [10 * SECOND]
    spool = Spool(tmp_path, max_bytes=1000, sync=False, now_us=lambda: now[0], segment_bytes=1)
    spool.open()
    assert spool.oldest_seconds() == 0
    spool.append([sealed(1)])
    now[0] += 3 * SECOND
    spool.append([sealed(2)])
    assert spool.oldest_seconds() == 3
    spool.close()


@given(st.binary(max_size=300), st.integers(0, 320))
def test_any_bytes_are_no_frame_or_one_that_goes_on(data: bytes, at: int) -> None:
    """Reading always advances, and never beyond what is there."""
    found = read_frame(data, at)
    assert found is None or at < found.end <= len(data)


@given(
    st.text(max_size=60).filter(lambda text: len(text.encode()) < 256),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=200),
    st.integers(0, 1024),
    st.lists(st.tuples(st.text(max_size=20), st.binary(max_size=40)), max_size=5),
)
def test_a_frame_gives_back_what_was_written(
    topic: str, partition: int, value: bytes, packets: int, headers: list[tuple[str, bytes]]
) -> None:
    """Whatever the record is."""
    record = Sealed(topic, partition, value, packets, tuple(headers), None)
    frame = encode_frame(record)
    found = read_frame(b"..." + frame + b"...", 3)
    assert found is not None
    assert found.record == record
    assert found.end == 3 + len(frame)


def test_a_length_that_cannot_be_is_no_frame() -> None:
    """Memory is bounded by the largest record."""
    head = (MAX_BODY_BYTES + 1).to_bytes(4, "big") + bytes(4)
    assert read_frame(head + bytes(MAX_BODY_BYTES + 1), 0) is None
