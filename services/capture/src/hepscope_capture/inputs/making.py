"""The inputs that plans ask for."""

from collections.abc import Callable

from hepscope_capture.inputs.file_tail import FileTail
from hepscope_capture.inputs.input import Input
from hepscope_capture.inputs.passage import Ruling
from hepscope_capture.inputs.plans import LogPlan, RelayPlan
from hepscope_capture.inputs.relay import Relay
from hepscope_capture.inputs.syslog_input import SyslogInput


def make_inputs(
    relay: RelayPlan, logs: LogPlan, *, auth_key: bytes | None, rules: Callable[[], Ruling]
) -> list[Input]:
    """Return them, inert; none when nothing is asked for.

    ``auth_key`` is ours, ``rules`` gives those in force for the relay's thread.
    """
    inputs: list[Input] = []
    if relay.listen:
        inputs.append(Relay(relay, auth_key=auth_key, rules=rules))
    if logs.listen:
        inputs.append(SyslogInput(logs))
    if logs.files:
        inputs.append(FileTail(logs))
    return inputs
