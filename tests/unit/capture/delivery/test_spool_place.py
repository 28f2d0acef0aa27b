"""Where spools lie, and whose they are."""

from pathlib import Path

import pytest

from hepscope_capture.clock import SystemClock
from hepscope_capture.delivery.plan import parse_server
from hepscope_capture.delivery.router import make_router
from hepscope_capture.delivery.spool import Spool
from hepscope_capture.delivery.spool_place import (
    SpoolPlan,
    default_directory,
    directory_name,
    leftovers,
    open_spool,
)
from unit.capture.delivery.disks import MB, batch_of


def open_in(directory: Path) -> Spool:
    """A spool that could be opened."""
    spool = open_spool(SpoolPlan(directory, 100 * MB), lambda: 1)
    assert spool is not None
    return spool


def test_the_place_is_the_service_manager_s_or_the_user_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first directory that is given counts."""
    given = {"STATE_DIRECTORY": f"{tmp_path}:/elsewhere"}
    assert default_directory(given) == tmp_path / "spool"
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert default_directory({}) == Path("/var/lib/hepscope-capture/spool")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    found = default_directory({"XDG_STATE_HOME": str(tmp_path)})
    assert found == tmp_path / "hepscope-capture" / "spool"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_directory({}) == tmp_path / ".local/state/hepscope-capture/spool"


def test_a_name_is_of_one_destination_only() -> None:
    """However odd and long."""
    names = ["tcp://a:1", "tcp://a:1|tcp://b:2", "tls://[::1]:9061", "tcp://" + "x" * 300 + ":1"]
    found = {directory_name(name) for name in names}
    assert len(found) == len(names)
    assert all(len(name) < 100 and "/" not in name for name in found)


def test_a_second_process_has_a_directory_of_its_own(tmp_path: Path) -> None:
    """And what it leaves, the next one that starts takes over, whichever that is."""
    one, other = open_in(tmp_path / "a"), open_in(tmp_path / "a")
    assert one.directory.name == "a"
    assert other.directory.name == "a.2"
    one.append(batch_of(1))
    other.append(batch_of(1, origin=bytes(16)))
    # It goes on while the other one is alive.
    one.close()
    one = open_in(tmp_path / "a")
    assert one.recovered == 10
    other.close()
    one.close()
    one = open_in(tmp_path / "a")
    assert one.recovered == 20
    one.close()


def test_what_belongs_to_no_server_any_more_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody may have mistyped a name."""
    spool = open_in(tmp_path / directory_name("tcp://former:9060"))
    spool.append(batch_of(1))
    spool.close()
    assert leftovers(tmp_path, ["tcp://former:9060"]) == []
    found = leftovers(tmp_path, ["tcp://present:9060"])
    assert [name for name, _ in found] == [directory_name("tcp://former:9060")]
    make_router([parse_server("tcp://present")], SystemClock(), spool_directory=tmp_path).end(0)
    assert "wait for a server of before" in caplog.text
