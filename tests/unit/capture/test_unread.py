"""What may be unread: as much as buffers hold, and not a packet more."""

from hepscope_capture.senders.unread import UNREAD_BYTES, Unread


def test_it_grows_up_to_what_buffers_hold() -> None:
    """The packet that just reaches the limit counts whole: it may be unread in part."""
    unread = Unread()
    for _ in range(3 * UNREAD_BYTES // 1000):
        unread.add(1000)
    assert unread.size - 1000 < UNREAD_BYTES <= unread.size
    assert unread.size == 1000 * len(unread)


def test_cleared_is_empty() -> None:
    """A new connection begins with nothing."""
    unread = Unread()
    unread.add(500)
    unread.clear()
    assert (len(unread), unread.size) == (0, 0)
