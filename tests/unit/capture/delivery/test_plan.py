"""Servers as the user says them: everything that is meant, and nothing that is not."""

import re
from pathlib import Path

import pytest

from hepscope_capture.delivery.plan import ServerPlan, make_server, parse_kinds, parse_server
from hepscope_capture.senders.acks import Acks
from hepscope_capture.senders.target import Scheme, Target
from hepscope_capture.senders.trust import Trust


def test_one_server_is_a_group_of_one() -> None:
    """Everything else as usual."""
    plan = parse_server("tcp://10.0.0.5")
    assert plan == ServerPlan((Target(Scheme.TCP, "10.0.0.5", 9060),))
    assert plan.name == "tcp://10.0.0.5:9060"


def test_a_group_keeps_its_order() -> None:
    """The first is the one that is used while it can be."""
    plan = parse_server("tcp://a:1 | tls://[2001:db8::1] | udp://c:3")
    assert [str(one) for one in plan.targets] == [
        "tcp://a:1",
        "tls://[2001:db8::1]:9061",
        "udp://c:3",
    ]
    assert plan.name == "tcp://a:1|tls://[2001:db8::1]:9061|udp://c:3"


def test_options_are_of_the_group_wherever_they_stand() -> None:
    """Behind one URL or the other."""
    plan = parse_server("tls://a?only=sip,LOG,53&ca=/etc/a+b.pem|tcp://b?compress=1&acks=require")
    assert plan.kinds == frozenset({1, 100, 53})
    assert plan.is_compressed
    assert plan.acks is Acks.REQUIRE
    assert plan.trust == Trust(ca=Path("/etc/a+b.pem"))


def test_what_is_not_said_is_as_given() -> None:
    """The options of the command line hold for every server, the query's for its own."""
    given = Trust(ca=Path("ca"), certificate=Path("c"), key=Path("k"))
    plan = parse_server("tls://a", acks=Acks.NEVER, trust=given, is_compressed=True)
    assert (plan.acks, plan.trust, plan.is_compressed) == (Acks.NEVER, given, True)
    plan = parse_server("tls://a?acks=auto&cert=d&compress=no", acks=Acks.NEVER, trust=given)
    assert plan.acks is Acks.AUTO
    assert plan.trust == Trust(ca=Path("ca"), certificate=Path("d"))
    assert not plan.is_compressed


def test_certificates_are_nothing_to_a_server_without_tls() -> None:
    """A mirror over TCP beside one over TLS is no mistake."""
    assert parse_server("tcp://a", trust=Trust(ca=Path("ca"))).trust == Trust()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "must start with"),
        ("tcp://a|", "must start with"),
        ("http://a", "must start with"),
        ("tcp://a|tcp://a:9060", "names a server twice"),
        ("tcp://a?what=1", "'what' is no option"),
        ("tcp://a?only", "options are"),
        ("tcp://a?only=sip,fax", "'fax' is no kind"),
        ("tcp://a?only=256", "'256' is no kind"),
        ("tcp://a?only=,", "names no kind"),
        ("tcp://a?acks=maybe", "'maybe'"),
        ("tcp://a?compress=2", "neither 1 nor 0"),
        ("tcp://a?ca=x", "needs tls://"),
        ("tcp://a?only=sip|tcp://b?only=log", "sets only twice"),
        ("udp://a?acks=require", "nothing is acknowledged over UDP"),
        ("tls://a?insecure=1&ca=x", "do nothing"),
        ("tls://a?key=x", "key needs cert"),
    ],
)
def test_mistakes_are_told(text: str, fault: str) -> None:
    """In a line that names them."""
    with pytest.raises(ValueError, match=re.escape(fault)):
        parse_server(text)


def test_a_table_of_the_settings_file() -> None:
    """The same options by the same names."""
    plan = make_server(["tcp://a", "tcp://b"], {"only": "rtcp", "compress": "true"})
    assert plan == parse_server("tcp://a|tcp://b?only=rtcp&compress=1")
    with pytest.raises(ValueError, match="a server has a URL"):
        make_server([], {})


def test_kinds_are_words_or_hep_types() -> None:
    """As HEP's chunk 11 has them."""
    assert parse_kinds("sip rtcp, 34") == {1, 5, 34}
