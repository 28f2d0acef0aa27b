"""The balance of plain lanes tells one missing packet, and what counts as accounted for."""

from pathlib import Path

from chaos.balance import Balance, Reading, Span, drops_in, kernel_drops, read_counters
from chaos.numbers import LaneName
from support.service import Metrics

BEGIN = Reading(life=2, sent=100, accepted=90, refused=4, dropped=6)

TABLE = """\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
 1: 0100007F:5BA0 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 11 2 00 12
 2: 0100007F:5BA0 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 12 2 00 30
 3: 0100007F:5BA1 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 13 2 00 7
"""
HEADER_OF_METRICS = "# TYPE hepscope_ingest_peer_accepted_packets gauge\n"


def span(**changes: int) -> Span:
    """A span of 50 packets, 47 accepted, 2 refused, 1 dropped, with some of it replaced."""
    end = {"life": 2, "sent": 150, "accepted": 137, "refused": 6, "dropped": 7} | changes
    return Span(LaneName.UDP, BEGIN, Reading(**end))


def test_a_balanced_span_holds() -> None:
    """50 = 47 + 2 + 1."""
    assert span().holds
    assert str(span()) == "udp: sent 50 = accepted 47 + refused 2 + dropped 1"


def test_one_missing_packet_is_found() -> None:
    """Sent, and nobody accounts for it."""
    wrong = span(sent=151)
    assert not wrong.holds
    assert str(wrong).endswith("+1 MISSING")


def test_one_packet_too_many_is_found() -> None:
    """Accepted twice."""
    wrong = span(accepted=138)
    assert not wrong.holds
    assert "-1 MISSING" in str(wrong)


def test_a_span_over_an_end_of_ingest_is_void() -> None:
    """Counters of another process say nothing, right or wrong."""
    void = span(life=3)
    assert void.is_void
    assert "void" in str(void)


def test_a_balance_has_one_open_span() -> None:
    """Closing without an open span adds nothing."""
    balance = Balance(LaneName.TCP)
    balance.close(BEGIN)
    assert balance.spans == []
    balance.open(BEGIN)
    balance.close(BEGIN)
    balance.close(BEGIN)
    assert balance.spans == [Span(LaneName.TCP, BEGIN, BEGIN)]


def test_drops_are_those_of_the_port() -> None:
    """Several sockets of a port add up, other ports do not count."""
    assert drops_in(TABLE, 0x5BA0) == 42
    assert drops_in(TABLE, 0x5BA1) == 7
    assert drops_in(TABLE, 1) == 0


def test_both_families_are_read(tmp_path: Path) -> None:
    """A socket of IPv6 takes IPv4 too."""
    tables = (tmp_path / "udp", tmp_path / "udp6")
    for table in tables:
        table.write_text(TABLE)
    assert kernel_drops(0x5BA0, tables=(*tables, tmp_path / "absent")) == 84


def test_counters_are_those_of_the_address() -> None:
    """Other peers do not count; reasons add up."""
    text = (
        HEADER_OF_METRICS
        + 'hepscope_ingest_peer_accepted_packets{peer="127.0.0.11"} 5\n'
        + 'hepscope_ingest_peer_accepted_packets{peer="127.0.0.12"} 7\n'
        + "# TYPE hepscope_ingest_peer_refused_packets gauge\n"
        + 'hepscope_ingest_peer_refused_packets{peer="127.0.0.11",reason="not_hep"} 2\n'
        + 'hepscope_ingest_peer_refused_packets{peer="127.0.0.11",reason="truncated"} 1\n'
    )
    assert read_counters(Metrics(text), "127.0.0.11") == (5, 3)
