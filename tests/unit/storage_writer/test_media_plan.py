"""Sums of media by the minute: what they are kept apart by."""

from hepscope_common.store.media_minutes import MinuteSums
from hepscope_storage_writer.media_plan import count
from hepscope_storage_writer.media_row import MediaRow


def row(codec: str | None) -> MediaRow:
    """Return a report of a codec."""
    return MediaRow(0, 0, 1, 0, 5, "rtcp_json", "edge", loss=0.5, codec=codec)


def test_sums_are_kept_apart_by_codecs_that_are_known() -> None:
    """Whatever reports call theirs, there are no more rows than codecs."""
    sums = MinuteSums()
    for number in range(1000):
        count(sums, row(f"codec-{number}"))
    for codec in ("PCMU", "pcmu/8000", "opus/48000/2", None):
        count(sums, row(codec))

    assert {key.codec: changes[0] for key, changes in sums.changes().items()} == {
        "": 1001,
        "PCMU": 2,
        "opus": 1,
    }


def test_what_is_counted_out_leaves_nothing() -> None:
    """A row that is joined goes and comes under what it is called by then."""
    sums = MinuteSums()
    count(sums, row("something"))
    count(sums, row("something"), -1)

    assert sums.changes() == {}
