"""Reading the settings again: what counts at once, what waits, what stays after a mistake."""

from pathlib import Path

import pytest

from hepscope_capture.settings.given import Given
from hepscope_capture.settings.reload import reload
from hepscope_capture.settings.settings import load

BEFORE = "[capture]\nnode_id = 7\nports = 5060\n[capture.filters]\nmethods = 'INVITE'\n"
AFTER = "[capture]\nnode_id = 8\nports = 5070\n[capture.filters]\nexclude_methods = 'OPTIONS'\n"


def test_what_reloads(tmp_path: Path) -> None:
    """New filters and ports count, a new node number waits; nothing else has changed."""
    path = tmp_path / "hepscope.toml"
    path.write_text(BEFORE)
    settings = load({}, path, {})
    path.write_text(AFTER)
    now, taken, waiting = reload(settings, {})
    assert (now["node_id"], now["ports"]) == (7, {5070})
    assert (now["methods"], now["exclude_methods"]) == ((), ("OPTIONS",))
    assert (taken, waiting) == (("ports", "methods", "exclude_methods"), ("node_id",))
    assert reload(now, {}).taken == ()


def test_the_command_line_stays_the_last_word(tmp_path: Path) -> None:
    """As at the start."""
    path = tmp_path / "hepscope.toml"
    path.write_text(BEFORE)
    settings = load({"ports": Given(("5090",), "--ports")}, path, {})
    path.write_text(AFTER)
    assert reload(settings, {}).settings["ports"] == {5090}


def test_what_does_not_go_together_is_a_mistake(tmp_path: Path) -> None:
    """Although each value by itself could be."""
    path = tmp_path / "hepscope.toml"
    path.write_text(BEFORE)
    settings = load({}, path, {})
    path.write_text("[capture.masks]\nusers = 'hash'\n")
    with pytest.raises(ValueError, match="need a key"):
        reload(settings, {})


@pytest.mark.parametrize("text", [None, "[capture]\nports = 'x'", "[capture", "[capture]\nx = 1"])
def test_a_mistake_changes_nothing(tmp_path: Path, text: str | None) -> None:
    """One line, and the former settings are as they were."""
    path = tmp_path / "hepscope.toml"
    path.write_text(BEFORE)
    settings = load({}, path, {})
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(ValueError, match="settings file"):
        reload(settings, {})
    assert settings["ports"] == {5060}
