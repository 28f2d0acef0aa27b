"""Label sets stay few and harmless, whatever packets say."""

from hepscope_storage_writer.loki.settings import LokiSettings, TrafficLabel
from hepscope_storage_writer.loki.streams import Streams, selector
from support.loki_push import parse_labels


def make(**values: object) -> Streams:
    """Return streams of some settings."""
    return Streams(LokiSettings.model_validate({"url": "http://loki", **values}))


def test_a_stream_has_job_type_node_partition_and_static_labels() -> None:
    """And is the same for the same values."""
    streams = make(job="heplify-server", labels="site=berlin,rack=7")
    found = streams.find("sip", b"edge", 3, ())
    assert found.labels == {
        "job": "heplify-server",
        "site": "berlin",
        "rack": "7",
        "type": "sip",
        "node": "edge",
        "partition": "3",
    }
    assert streams.find("sip", b"edge", 3, ()) is found
    assert streams.find("rtcp", b"edge", 3, ()) is not found


def test_nodes_beyond_the_bound_are_other() -> None:
    """A flood of forged names makes one stream more."""
    streams = make(max_nodes=2)
    names = [streams.find("sip", b"n%d" % n, 0, ()).labels["node"] for n in range(50)]
    assert names == ["n0", "n1", *["other"] * 48]
    assert streams.find("sip", b"n1", 0, ()).labels["node"] == "n1"
    assert len(streams) == 3


def test_combinations_are_bounded_too() -> None:
    """What is too much goes where everything is other."""
    streams = make(max_streams=10, traffic_labels="src_ip,dst_ip")
    for n in range(100):
        streams.find("sip", b"a", 0, (b"10.0.0.%d" % n, b"10.1.0.%d" % n))
    assert len(streams) == 11
    last = streams.find("sip", b"a", 0, (b"9.9.9.9", b"10.0.0.1"))
    assert (last.labels["node"], last.labels["src_ip"]) == ("other", "other")


def test_a_label_without_value_is_left_out() -> None:
    """Loki has no empty labels."""
    streams = make(traffic_labels=(TrafficLabel.METHOD, TrafficLabel.RESPONSE))
    assert "method" not in streams.find("log", b"a", 0, (b"", b"")).labels


def test_any_name_is_a_valid_selector() -> None:
    """Quotes, line ends, backslashes and bytes that are no UTF-8."""
    name = b'a"}\n\\ \x00 \xff'
    found = make().find("sip", name, 0, ())
    assert parse_labels(found.text) == found.labels
    assert found.labels["node"] == 'a"}\n\\ \x00 ?'


def test_labels_are_sorted() -> None:
    """As Loki writes them."""
    assert selector({"b": "2", "a": "1"}) == '{a="1", b="2"}'


def test_no_label_has_the_character_that_loki_takes_for_broken_utf_8() -> None:
    """It would refuse the push, and with it the lines of everybody else."""
    streams = make(job="j\ufffd", labels="site=\ufffd")
    found = streams.find("sip", "n\ufffd".encode(), 0, ())
    assert found.labels["node"] == "n?"
    assert "\ufffd" not in found.text
    assert streams.find("sip", b"n\xff", 0, ()) is found
