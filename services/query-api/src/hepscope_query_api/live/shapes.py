"""The data of the events of a live stream."""

from typing import Literal

from pydantic import ConfigDict, Field

from hepscope_common.calls.facts import CallFacts
from hepscope_common.calls.state import CallState
from hepscope_query_api.calls.schemas import WORST_DIGITS
from hepscope_query_api.messages.schemas import Message
from hepscope_query_api.schemas import Shape, Time, text_or_none
from hepscope_query_api.timestamps import format_time, from_us


class Hello(Shape):
    """Event ``hello``: from here on nothing that is committed is left out without a word."""

    time: Time
    """The server's clock."""
    limit_per_s: int
    """Messages sent in a second at most; of more, one of so many."""


class Messages(Shape):
    """Event ``messages``, about each second, also when there are none."""

    items: list[Message]
    """Committed since the event before; newest first, late ones are late."""
    skipped: int
    """Further ones, left out because they are too many."""
    one_of: int
    """Of how many calls the messages of one are sent; 1 = of all."""
    rate: float
    """Messages a second that the filters let through, over the last seconds."""


class LiveCall(Shape):
    """A call under way."""

    call_id: str
    state: CallState
    """`setup`, `ringing` or `answered`."""
    status: int | None
    started_at: Time
    answered_at: Time | None
    from_user: str | None
    from_domain: str | None
    to_user: str | None
    to_domain: str | None
    nodes: list[str]
    worst_mos: float | None


class Failures(Shape):
    """Calls that failed, by outcome, in a minute."""

    fault: int
    rejected: int
    no_reply: int
    """Of the minute that began 92 s ago: it takes 32 s to know."""


class Step(Shape):
    """The calls at a time of the last minutes, as ``calls`` told or would have told them then."""

    time: Time
    now: int
    starting_per_s: float
    failures: Failures


class History(Shape):
    """Event ``history``, once: the last minutes, oldest first."""

    step_s: int
    items: list[Step]


class Calls(Shape):
    """Event ``calls``, about every 2 s: the calls, through those filters that calls have."""

    now: int
    """Calls under way: being set up, ringing, answered without a BYE for less than a day."""
    is_at_least: bool
    """Whether there are so many calls that only the newest were counted."""
    starting_per_s: float
    """Calls that began in a second, over the last 10."""
    failures: Failures
    """Of the calls that began in the last minute."""
    items: list[LiveCall]
    """Those under way that began last, newest first."""


class Lost(Shape):
    """Event ``lost``: messages that were committed and not sent."""

    model_config = ConfigDict(validate_by_name=True, serialize_by_alias=True)

    from_: Time = Field(alias="from")
    to: Time
    reason: Literal["slow", "gap"]
    """`slow`: this reader took too long. `gap`: for too long there was no database, or no
    connection, to go on where it ended."""
    messages: int | None
    """How many, where it is known."""


class Trouble(Shape):
    """Event ``trouble``: nothing can be told now; what is committed meanwhile comes later."""

    title: str
    detail: str
    since: Time


def live_call(facts: CallFacts, now_us: int) -> LiveCall:
    """Return the item of a call under way."""
    mos = facts.worst and facts.worst.mos
    return LiveCall(
        call_id=facts.call_id,
        state=facts.state(now_us),
        status=facts.status,
        started_at=format_time(from_us(facts.started_us)),
        answered_at=None if facts.answered_us is None else format_time(from_us(facts.answered_us)),
        from_user=text_or_none(facts.from_user),
        from_domain=text_or_none(facts.from_domain),
        to_user=text_or_none(facts.to_user),
        to_domain=text_or_none(facts.to_domain),
        nodes=list(facts.nodes),
        worst_mos=None if mos is None else round(mos, WORST_DIGITS["worst_mos"]),
    )
