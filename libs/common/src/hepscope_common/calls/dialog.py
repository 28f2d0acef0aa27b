"""Dialogs of a call: id and state (RFC 3261 section 12).

A dialog is Call-ID and two tags. Seen from outside neither tag is "local", so the id says
which one is the caller's. Each To tag that answers an INVITE makes a dialog of its own: one
INVITE that forks can give several.

early = a provisional response with To tag, confirmed = 2xx, terminated = BYE, a final from 300
to the INVITE while early, or 199 (RFC 6228). Times are microseconds since the epoch.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from hepscope_common.calls.message import FlowMessage


class DialogState(StrEnum):
    """The states of RFC 3261 section 12."""

    EARLY = "early"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


@dataclass(frozen=True, slots=True)
class DialogId:
    """What tells a dialog from any other; the caller is who sent the first request."""

    call_id: str
    caller_tag: str
    callee_tag: str


Caller = tuple[str, str]  # Call-ID, tag of who sent the first request


@dataclass(slots=True)
class Dialog:
    """One dialog; ``ended_by_caller`` is None unless a BYE ended it."""

    id: DialogId
    state: DialogState
    started_us: int
    confirmed_us: int | None = None
    terminated_us: int | None = None
    ended_by_caller: bool | None = None


def dialogs_of(messages: Iterable[FlowMessage]) -> list[Dialog]:
    """Return the dialogs that INVITEs made, by start; messages may come in any order."""
    ordered = sorted(messages, key=_moment)
    dialogs: dict[DialogId, Dialog] = {}
    early: dict[Caller, list[Dialog]] = {}
    for message in ordered:
        if message.status and message.cseq_method == "INVITE":
            _on_response(dialogs, early, message)
    for message in ordered:
        if message.method == "BYE":
            _on_bye(dialogs, message)
    return sorted(dialogs.values(), key=lambda dialog: (dialog.started_us, dialog.id.callee_tag))


def _moment(message: FlowMessage) -> tuple[int, int, str, str]:
    return message.time_us, message.status, message.from_tag, message.to_tag


def _find(dialogs: dict[DialogId, Dialog], message: FlowMessage) -> tuple[Dialog | None, bool]:
    """Return the dialog of a message, and whether its From is the caller."""
    forward = DialogId(message.call_id, message.from_tag, message.to_tag)
    if forward in dialogs:
        return dialogs[forward], True
    return dialogs.get(DialogId(message.call_id, message.to_tag, message.from_tag)), False


def _on_response(
    dialogs: dict[DialogId, Dialog], early: dict[Caller, list[Dialog]], message: FlowMessage
) -> None:
    status = message.status
    dialog, _ = _find(dialogs, message)
    caller = (message.call_id, message.from_tag)
    if status >= 300:
        _end_early(early.pop(caller, []), message.time_us)
    elif dialog is not None:
        if status == 199 and dialog.state is DialogState.EARLY:
            _terminate(dialog, message.time_us)
        elif status >= 200 and dialog.confirmed_us is None:
            dialog.state = DialogState.CONFIRMED
            dialog.confirmed_us = message.time_us
            dialog.terminated_us = None
    elif message.to_tag and status > 100 and status != 199:
        identity = DialogId(message.call_id, message.from_tag, message.to_tag)
        dialog = dialogs[identity] = Dialog(identity, DialogState.EARLY, message.time_us)
        if status >= 200:
            dialog.state = DialogState.CONFIRMED
            dialog.confirmed_us = message.time_us
        else:
            early.setdefault(caller, []).append(dialog)


def _end_early(dialogs: list[Dialog], time_us: int) -> None:
    """End every early dialog of a failed INVITE: the final may carry another To tag."""
    for dialog in dialogs:
        if dialog.state is DialogState.EARLY:
            _terminate(dialog, time_us)


def _on_bye(dialogs: dict[DialogId, Dialog], message: FlowMessage) -> None:
    dialog, by_caller = _find(dialogs, message)
    if dialog is not None and dialog.ended_by_caller is None:
        _terminate(dialog, message.time_us)
        dialog.ended_by_caller = by_caller


def _terminate(dialog: Dialog, time_us: int) -> None:
    dialog.state = DialogState.TERMINATED
    dialog.terminated_us = time_us
