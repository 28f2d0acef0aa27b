"""Tests of the rows of other packets; what reads back is tested on a database."""

import pytest

from hepscope_storage_writer.packet_rows import ROOTS, class_of


@pytest.mark.parametrize(
    ("protocol_type", "root"),
    [
        (5, "packet_media"),
        (34, "packet_media"),
        (99, "packet_media"),
        (100, "packet_log"),
        (86, "packet_log"),
        (0, "packet_other"),
        (53, "packet_other"),
        (255, "packet_other"),
    ],
)
def test_every_type_has_a_table(protocol_type: int, root: str) -> None:
    """Media and logs are kept apart, the unknown with the rest."""
    assert ROOTS[class_of(protocol_type)] == root
