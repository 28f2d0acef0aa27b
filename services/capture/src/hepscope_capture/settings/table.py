"""Every option of ``hepscope capture``, in the order in which they are shown."""

from collections.abc import Mapping

from hepscope_capture.settings.option import Option
from hepscope_capture.settings.table_capture import DAEMON, LIVE, PACE, WHAT
from hepscope_capture.settings.table_delivery import WHERE, WHO
from hepscope_capture.settings.table_inputs import LOGS, RELAY
from hepscope_capture.settings.table_rules import FILTERS, MASKS

OPTIONS: tuple[Option, ...] = (
    *WHAT, *LIVE, *WHO, *WHERE, *FILTERS, *MASKS, *RELAY, *LOGS, *DAEMON, *PACE
)  # fmt: skip

BY_NAME: Mapping[str, Option] = {option.name: option for option in OPTIONS}
BY_PLACE: Mapping[tuple[str, str], Option] = {
    option.place: option for option in OPTIONS if option.is_lasting
}
BY_VARIABLE: Mapping[str, Option] = {option.env: option for option in OPTIONS if option.env}

SECTIONS = {section: None for section, _ in BY_PLACE if section}
"""Tables inside of [capture], in order."""
