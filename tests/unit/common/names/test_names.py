"""The list that is in force follows its file."""

import asyncio
from pathlib import Path

import pytest
from pydantic import ValidationError

from hepscope_common.names import Names, NamesSettings
from hepscope_common.runtime import Supervisor

ONE = '[[name]]\nname = "one"\naddress = "192.0.2.1"\n'
TWO = '[[name]]\nname = "two-two"\naddress = "192.0.2.1"\n'


def write(file: Path, text: str) -> None:
    """Replace a file as editors do."""
    fresh = file.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(file)


def test_no_file_is_an_empty_list_until_it_comes(tmp_path: Path) -> None:
    """It may be written later, changed and taken away."""
    file = tmp_path / "names.toml"
    names = Names(NamesSettings(file=file))
    assert names.lookup("192.0.2.1") is None
    for text, name in ((ONE, "one"), (TWO, "two-two")):
        write(file, text)
        assert names.refresh()
        assert names.lookup("192.0.2.1") == name
    assert not names.refresh()
    file.unlink()
    assert names.refresh()
    assert names.lookup("192.0.2.1") is None
    assert names.errors == 0


@pytest.mark.parametrize("broken", [b"[[name", b"\xff\xfe", b"#" * (4 * 1024 * 1024 + 1)])
def test_a_broken_file_leaves_the_names_as_they_were(tmp_path: Path, broken: bytes) -> None:
    """Counted once for each state of the file."""
    file = tmp_path / "names.toml"
    write(file, ONE)
    names = Names(NamesSettings(file=file))
    file.write_bytes(broken)
    assert not names.refresh()
    assert not names.refresh()
    assert names.lookup("192.0.2.1") == "one"
    assert names.errors == 1


def test_a_file_that_cannot_be_read_is_tried_again(tmp_path: Path) -> None:
    """Who mends the right to read it does not change it."""
    file = tmp_path / "names.toml"
    file.mkdir()
    names = Names(NamesSettings(file=file))
    assert not names.refresh()
    assert names.errors == 2


def test_targets_of_heplify_are_names_too() -> None:
    """PromTargetIP and PromTargetName move over as they are."""
    settings = NamesSettings.model_validate(
        {"target_ip": "192.0.2.1, 198.51.100.0/24", "target_name": "sbc, carrier"}
    )
    names = Names(settings)
    assert names.lookup("192.0.2.1", 5060) == "sbc"
    assert names.lookup("198.51.100.77") == "carrier"
    assert len(names.entries) == 2


@pytest.mark.parametrize(
    ("addresses", "called"), [("192.0.2.1", "a,b"), ("192.0.2.300", "a"), ("192.0.2.1", "")]
)
def test_targets_must_fit_together(addresses: str, called: str) -> None:
    """Lists of unequal length, and what is no address, are refused at the start."""
    with pytest.raises(ValidationError):
        NamesSettings.model_validate({"target_ip": addresses, "target_name": called})


async def test_the_file_is_followed_while_running(tmp_path: Path) -> None:
    """Nobody has to send a signal or to start anew."""
    file = tmp_path / "names.toml"
    write(file, ONE)
    async with Names(NamesSettings(file=file), Supervisor()) as names:
        write(file, TWO)
        async with asyncio.timeout(60):
            while names.lookup("192.0.2.1") != "two-two":
                await asyncio.sleep(0.05)
