"""The packet and its quirks."""

from hep.packet import MEANINGS, HepPacket, Quirk


def test_every_quirk_is_explained() -> None:
    """Each tolerated deviation has a line on the reference page."""
    assert set(MEANINGS) == set(Quirk)


def test_quirk_numbers_are_those_on_the_bus() -> None:
    """Quirks travel in stored records, so a number keeps its meaning for ever."""
    assert [quirk.name for quirk in Quirk] == [
        "TRUNCATED",
        "TRAILING_BYTES",
        "ODD_WIDTH",
        "NODE_ID_SWAPPED",
        "BIG_ENDIAN_TIME",
        "TIME_CARRY",
        "NO_TIME",
        "TRAILING_NULS",
        "JSON_UNWRAPPED",
        "TYPE_GUESSED",
        "FAMILY_GUESSED",
        "GZIPPED_FRAME",
        "INFLATED",
        "HEADER_LENGTH",
        "SHORT_TIME_HEADER",
    ]
    assert [quirk.value for quirk in Quirk] == [1 << bit for bit in range(15)]


def test_a_new_packet_is_sip_over_udp_of_version_3() -> None:
    """The defaults are what an agent sends most."""
    packet = HepPacket()

    assert (packet.version, packet.ip_protocol, packet.protocol_type) == (3, 17, 1)
    assert packet.auth_key is None
