"""Keys: packing, precedence and range."""

from hypothesis import given
from hypothesis import strategies as st

from hepscope_common.calls.keys import (
    EPOCH_2000_US,
    OriginRank,
    final_key,
    final_time_us,
    latest_final_key,
    origin_key,
    origin_rank,
    status_of,
)

T = 1_795_423_618_000_000
times = st.integers(EPOCH_2000_US, EPOCH_2000_US + (1 << 51) - 1)
absurd_times = st.integers(-(1 << 70), 1 << 70)
statuses = st.integers(200, 999)


@given(times, statuses)
def test_final_key_gives_back_time_and_status(time_us: int, status: int) -> None:
    """Both parts can be read from the key."""
    key = final_key(time_us, status)

    assert (final_time_us(key), status_of(key)) == (time_us, status)


@given(st.sampled_from(OriginRank), times, st.integers(0, 1 << 20))
def test_origin_key_gives_back_its_rank(rank: OriginRank, time_us: int, check: int) -> None:
    """However large its checksum."""
    assert origin_rank(origin_key(rank, time_us, check)) is rank


@given(absurd_times, statuses, st.sampled_from(OriginRank))
def test_keys_are_positive_64_bit_integers(time_us: int, status: int, rank: OriginRank) -> None:
    """Whatever the time, a key fits a bigint and sorts as an unsigned number."""
    for key in (
        final_key(time_us, status),
        latest_final_key(time_us, status),
        origin_key(rank, time_us, 1023),
    ):
        assert 0 <= key < 1 << 63


def test_earliest_success_wins() -> None:
    """Of two 2xx the first is the answer."""
    assert final_key(T, 200) > final_key(T + 1, 200)


def test_latest_other_final_wins() -> None:
    """A proxy's upstream answer follows those of its branches."""
    assert final_key(T + 1, 503) > final_key(T, 486)


def test_success_beats_failure_beats_challenge() -> None:
    """Time does not matter between the ranks."""
    assert final_key(T, 200) > final_key(T + 9, 603) > final_key(T + 99, 407)
    assert final_key(T, 300) > final_key(T + 9, 401)


def test_latest_final_key_knows_no_rank() -> None:
    """Of a registration the latest answer counts, whatever it says."""
    assert latest_final_key(T + 1, 403) > latest_final_key(T, 200)


def test_initial_request_describes_a_call_best() -> None:
    """Rank goes before time."""
    initial = origin_key(OriginRank.INITIAL_REQUEST, T + 99, 0)
    request = origin_key(OriginRank.REQUEST, T + 9, 0)

    assert initial < request < origin_key(OriginRank.RESPONSE, T, 0)
