"""Which name an address has."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_common.names import NameEntry, NamesError, parse_names
from hepscope_common.names.table import MAX_CACHED, NameTable

LIST = """
[[name]]
name = "lan"
address = "192.0.2.0/24"
[[name]]
name = "sbc"
address = "192.0.2.7"
[[name]]
name = "sbc-tls"
address = "192.0.2.7"
port = 5061
[[name]]
name = "sbc-inside"
address = "192.0.2.7"
node = "edge"
[[name]]
name = "six"
address = "2001:db8::/32"
"""


@pytest.fixture(scope="module")
def table() -> NameTable:
    """The list above."""
    return NameTable(parse_names(LIST))


@pytest.mark.parametrize(
    ("address", "port", "node", "name"),
    [
        ("192.0.2.8", 5060, "", "lan"),
        ("192.0.2.7", 5061, "edge", "sbc-tls"),
        ("192.0.2.7", 5060, "edge", "sbc-inside"),
        ("192.0.2.7", 5060, "core", "sbc"),
        ("198.51.100.1", 5060, "", None),
        ("2001:db8:1::1", 5060, "", "six"),
        ("::ffff:192.0.2.8", 5060, "", "lan"),
        ("[2001:db8::2]", 0, "", "six"),
        ("no address", 0, "", None),
    ],
)
def test_the_nearest_entry_wins(
    table: NameTable, address: str, port: int, node: str, name: str | None
) -> None:
    """Longest prefix, then port, then node; written and packed addresses alike."""
    assert table.lookup(address, port, node) == name
    assert table.lookup(address, port, node) == name
    if name is not None:
        assert table.lookup(ip_address(address.strip("[]")).packed, port, node) == name


def test_a_prefix_whose_port_differs_leaves_the_address_to_a_shorter_one() -> None:
    """An entry that does not fit hides nothing."""
    text = (
        '[[name]]\nname="a"\naddress="192.0.2.1"\nport=1\n[[name]]\nname="b"\naddress="0.0.0.0/0"'
    )
    assert NameTable(parse_names(text)).lookup("192.0.2.1", 2) == "b"


def test_where_the_node_is_unknown_any_will_do() -> None:
    """An attempt of all nodes together has none."""
    entry = NameEntry("x", ip_network("192.0.2.1"), node="edge")
    assert NameTable([entry]).lookup("192.0.2.1") == "x"
    assert NameTable([entry]).lookup("192.0.2.1", node="core") is None


def test_a_flood_of_addresses_is_forgotten_again() -> None:
    """What is remembered has a bound."""
    table = NameTable()
    for number in range(MAX_CACHED + 10):
        table.lookup(number.to_bytes(4, "big"))
    assert len(table._cache) <= MAX_CACHED


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[name", "Expected"),
        ('[[name]]\nname="a"\naddress="192.0.2"', "name 1: '192.0.2' is neither"),
        ('[[name]]\naddress="192.0.2.1"', "name 1: name must be"),
        ('[[name]]\nname="a"', "name 1: address must be"),
        ('[[name]]\nname="a"\naddress="192.0.2.1"\nport=70000', "name 1: port"),
        ('[[name]]\nname="a"\naddress="192.0.2.1"\nport=true', "name 1: port"),
        ('[[name]]\nname="a"\naddress="192.0.2.1"\nnode=3', "name 1: node"),
        ('[[name]]\nname="a"\naddress="192.0.2.1"\nports=3', "unknown key 'ports'"),
        ('name = "a"', "under"),
        ("[other]", "unknown key 'other'"),
        (f'[[name]]\nname="{"a" * 65}"\naddress="192.0.2.1"', "more than 64"),
        ('[[name]]\nname="a\\u0007b"\naddress="192.0.2.1"', "printable"),
    ],
)
def test_a_broken_list_says_where(text: str, said: str) -> None:
    """A mistake is named by its place."""
    with pytest.raises(NamesError, match=said):
        parse_names(text)


@given(
    st.lists(
        st.tuples(st.ip_addresses(v=4), st.integers(0, 32), st.sampled_from([None, 1, 2])),
        max_size=8,
    ),
    st.ip_addresses(v=4),
    st.sampled_from([1, 2, 3]),
)
def test_the_index_agrees_with_looking_at_every_entry(
    rows: list[tuple[object, int, int | None]], address: object, port: int
) -> None:
    """The rule, written down once more without an index."""
    entries = [
        NameEntry(str(number), ip_network(f"{base}/{length}", strict=False), at)
        for number, (base, length, at) in enumerate(rows)
    ]
    fitting = [
        entry for entry in entries if address in entry.network and entry.port in (None, port)
    ]
    fitting.sort(key=lambda entry: (-entry.network.prefixlen, entry.port is None))
    wanted = fitting[0].name if fitting else None
    assert NameTable(entries).lookup(str(address), port) == wanted
