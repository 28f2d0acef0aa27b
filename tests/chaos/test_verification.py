"""The proof finds what is wrong: every doctored bus or database is told from a sound one."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from chaos.numbers import LaneName, Number, call_id_of, make_packet
from chaos.stored import StoredContent
from chaos.topic import TopicContent
from chaos.verification import Verdict, stretches, verify
from hep import decode3
from hepscope_common.bus.origins import Numbering, headers_of

NUMBERS = [Number(lane, n) for lane in LaneName for n in range(1, 6)]
ONE, OTHER = Number("hep", 3), Number("udp", 2)


def judge(
    *,
    topic: Counter[Number] | None = None,
    stored: Counter[Number] | None = None,
    acknowledged: frozenset[Number] | None = None,
    calls: Counter[Number] | None = None,
    garbled: int = 0,
) -> Verdict:
    """Judge a sound run in which some things are replaced."""
    rows = Counter(NUMBERS) if stored is None else stored
    return verify(
        topic=Counter(NUMBERS) if topic is None else topic,
        stored=rows,
        acknowledged=frozenset(n for n in NUMBERS if n.lane in ("hep", "http"))
        if acknowledged is None
        else acknowledged,
        calls=Counter(NUMBERS) if calls is None else calls,
        garbled=garbled,
    )


def without(number: Number) -> Counter[Number]:
    """Every number once, but for one."""
    return Counter(n for n in NUMBERS if n != number)


def test_a_sound_run_holds() -> None:
    """Nothing is found where everything is in place."""
    verdict = judge()
    assert verdict.holds
    assert len(verdict.accepted) == len(verdict.stored) == len(NUMBERS)
    assert not verdict.lost


def test_a_number_sent_twice_over_the_bus_and_stored_once_holds() -> None:
    """A producer may send a record again; the writer skips the copy."""
    assert judge(topic=Counter(NUMBERS) + Counter([ONE])).holds


def test_a_lost_number_is_found() -> None:
    """On the bus, in no row."""
    verdict = judge(stored=without(ONE), calls=without(ONE))
    assert verdict.not_stored == verdict.lost == {ONE}
    assert not verdict.holds


def test_a_doubled_number_is_found() -> None:
    """In two rows."""
    verdict = judge(stored=Counter(NUMBERS) + Counter([ONE]))
    assert verdict.doubled == {ONE}
    assert not verdict.holds


def test_a_lost_and_a_doubled_number_do_not_cancel_out() -> None:
    """The totals are equal, the verdict is not."""
    stored = without(ONE) + Counter([OTHER])
    assert stored.total() == len(NUMBERS)
    verdict = judge(stored=stored)
    assert (verdict.lost, verdict.doubled) == ({ONE}, {OTHER})


def test_an_acknowledged_number_that_never_reached_the_bus_is_found() -> None:
    """A promise that was broken is a loss, although bus and database agree."""
    verdict = judge(topic=without(ONE), stored=without(ONE), calls=without(ONE))
    assert verdict.broken_promises == {ONE}
    assert verdict.lost == {ONE}
    assert not verdict.holds


def test_an_unacknowledged_number_that_never_reached_the_bus_is_no_loss() -> None:
    """UDP promises nothing."""
    verdict = judge(topic=without(OTHER), stored=without(OTHER), calls=without(OTHER))
    assert verdict.holds


def test_a_broken_promise_is_found_even_if_it_is_stored() -> None:
    """The bus forgot what it had confirmed; a later reader would miss it."""
    verdict = judge(topic=without(ONE))
    assert verdict.broken_promises == verdict.unexplained == {ONE}
    assert not verdict.lost
    assert not verdict.holds


def test_a_miscounted_call_is_found() -> None:
    """Rows are right, the call record counts a message twice, or not at all."""
    assert judge(calls=Counter(NUMBERS) + Counter([ONE])).miscounted == {ONE}
    assert judge(calls=without(OTHER)).miscounted == {OTHER}


def test_a_garbled_row_is_found() -> None:
    """A payload under another call's id."""
    assert not judge(garbled=1).holds


@given(st.data())
def test_any_single_damage_is_found(data: st.DataObject) -> None:
    """Whatever one number suffers, the verdict is not that all is well."""
    number = data.draw(st.sampled_from(NUMBERS))
    copies = data.draw(st.sampled_from([0, 2, 3]))
    stored = Counter(NUMBERS)
    stored[number] = copies
    stored = +stored
    verdict = judge(stored=stored)
    assert not verdict.holds
    assert number in (verdict.doubled if copies else verdict.lost)


def test_a_topic_is_read_packet_by_packet() -> None:
    """Records of many packets, strangers, garbage and records without origin are told apart."""
    content = TopicContent()
    packets = [make_packet(LaneName.TCP, n, time_us=1_795_424_000_000_000) for n in (1, 2, 2)]
    content.add(b"".join(packets), headers_of(Numbering(b"o" * 16, 1)))
    content.add(b"no packet at all", ())
    content.add(packets[0], ())
    assert content.numbers == {Number("tcp", 1): 2, Number("tcp", 2): 2}
    assert (content.records, content.strangers, content.unnumbered_records) == (3, 1, 2)


def test_rows_are_read_by_payload_and_call_id() -> None:
    """A number counts only where both tell the same."""
    content = StoredContent()
    payload = decode3(make_packet(LaneName.UDP, 7, time_us=1)).payload
    content.add_row(call_id_of(Number("udp", 7)), payload)
    content.add_row(call_id_of(Number("udp", 8)), payload)
    content.add_row(call_id_of(Number("udp", 7)), b"")
    content.add_call(call_id_of(Number("udp", 7)), 1)
    content.add_call(call_id_of(Number("udp", 7)), 2)
    assert content.rows == {Number("udp", 7): 1}
    assert content.garbled == 2
    assert content.calls == {Number("udp", 7): 3}


def test_stretches_are_short() -> None:
    """Neighbours are one stretch; a long list is cut, and says by how much."""
    assert stretches({Number("udp", n) for n in (3, 4, 5, 9)}) == "udp 3-5, udp 9"
    assert stretches({Number("udp", 2 * n) for n in range(20)}).endswith(" and 8 more")
    assert stretches(set()) == ""
