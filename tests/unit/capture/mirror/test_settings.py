"""Whose RTP is counted when nobody said."""

import pytest

from hepscope_capture.settings import plans
from hepscope_capture.settings.given import Given
from hepscope_capture.settings.settings import load


@pytest.mark.parametrize(
    ("given", "sample"),
    [
        ({"interface": ("eth1",)}, 0),
        ({"interface": ("eth1",), "rtp_sample": ("100",)}, 100),
        ({"read": ("a.pcap",)}, 1),
        ({"watch": ("/var/spool",)}, 1),
        ({"read": ("a.pcap",), "rtp_sample": ("0",)}, 0),
    ],
)
def test_files_are_counted_and_interfaces_on_request(
    given: dict[str, tuple[str, ...]], sample: int
) -> None:
    """Of interfaces the kernel keeps it out."""
    settings = load({name: Given(texts, "here") for name, texts in given.items()}, None, {})
    assert plans.rtp_sample(settings) == sample
