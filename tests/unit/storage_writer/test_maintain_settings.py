"""Retention settings."""

import pytest
from pydantic import ValidationError

from hepscope_storage_writer.maintain_settings import CLASSES, RetentionSettings, class_of_root


def test_defaults_keep_calls_and_media_for_30_days_and_the_rest_for_7() -> None:
    """What is promised to users holds without any setting."""
    assert RetentionSettings().keep_days() == {
        "call": 30,
        "sip_call": 30,
        "attempt": 30,
        "kpi_minute": 30,
        "packet_media": 30,
        "media": 30,
        "media_address": 30,
        "media_minute": 30,
        "registration": 7,
        "sip_registration": 7,
        "sip_other": 7,
        "packet_other": 7,
        "packet_log": 7,
    }


def test_width_changes_messages_only() -> None:
    """Calls stay a day wide, since looking one up walks their leaves."""
    settings = RetentionSettings(partition_hours=1)

    assert settings.width_hours("sip_call") == 1
    assert settings.width_hours("call") == 24
    assert settings.width_hours("registration") == 24


def test_each_class_may_have_a_width_of_its_own() -> None:
    """Hours for calls' messages and days for log lines, say; the rest follows the common one."""
    settings = RetentionSettings(
        partition_hours=6, calls_partition_hours=1, logs_partition_hours=24
    )

    assert {root: settings.width_hours(root) for root in settings.keep_days()} == {
        "call": 24,
        "sip_call": 1,
        "attempt": 24,
        "kpi_minute": 24,
        "packet_media": 6,
        "media": 6,
        "media_address": 24,
        "media_minute": 24,
        "registration": 24,
        "sip_registration": 6,
        "sip_other": 6,
        "packet_other": 6,
        "packet_log": 24,
    }


def test_every_table_belongs_to_one_class() -> None:
    """Its settings are named after it."""
    for name, roots in CLASSES.items():
        for root in roots:
            assert class_of_root(root) == name
        assert {f"{name}_days", f"{name}_partition_hours"} <= set(RetentionSettings.model_fields)


@pytest.mark.parametrize(
    "key",
    ["calls_days", "logs_days", "partition_hours", "calls_partition_hours", "interval_seconds"],
)
def test_nonsense_is_refused(key: str) -> None:
    """Zero days would drop everything, which nobody means."""
    with pytest.raises(ValidationError):
        RetentionSettings.model_validate({key: 0})
