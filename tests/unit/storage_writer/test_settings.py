"""Tests of the settings."""

import pytest
from pydantic import ValidationError

from hepscope_storage_writer.settings import SynchronousCommit, WriterSettings


def test_the_defaults_are_valid_and_survive_a_round_trip() -> None:
    """What is dumped can be loaded again."""
    defaults = WriterSettings()

    assert WriterSettings(**defaults.model_dump()) == defaults
    assert defaults.synchronous_commit is SynchronousCommit.ON


def test_every_setting_is_described() -> None:
    """The reference page is made of these texts."""
    assert [
        name for name, field in WriterSettings.model_fields.items() if not field.description
    ] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("connections", 0), ("batch_packets", 0), ("silence_hours", 0), ("unknown", 1)],
)
def test_senseless_values_are_refused(name: str, value: int) -> None:
    """The error names the setting."""
    with pytest.raises(ValidationError, match=name):
        WriterSettings.model_validate({name: value})


@pytest.mark.parametrize(("days", "hours", "kept"), [(14, 72, 14), (1, 72, 11), (14, 720, 38)])
def test_origins_are_kept_longer_than_what_was_sent_twice(
    days: float, hours: float, kept: float
) -> None:
    """However short the setting is: a forgotten origin would let the second copy in."""
    settings = WriterSettings(origin_days=days)

    assert settings.outlasting(hours) == settings.model_copy(update={"origin_days": kept})
