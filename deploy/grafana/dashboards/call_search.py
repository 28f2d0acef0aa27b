"""hepscope: call search: calls in PostgreSQL, each a click away from its flow on the page.

Read as ``grafanareader``. Partitions are by ``key_time``, the time of a call's first stored
message, which is about that of its start: a day around is enough.
"""

from typing import Final

from dashboards.board import Board, Row
from dashboards.panels import graph, rows
from dashboards.queries import Sql
from dashboards.variables import choice, database, text

_PERIOD: Final = """\
$__timeFilter(started_at)
  and key_time >= $__timeFrom()::timestamptz - interval '1 day'
  and key_time < $__timeTo()::timestamptz + interval '1 day'"""

_LIKE: Final = (
    r"replace(replace(replace(replace({text}, '\', '\\'), '_', '\_'), '%', '\%'), '*', '%')"
)


def _matches(column: str, variable: str) -> str:
    """Return the condition that a column is what was typed, ``*`` standing for anything."""
    typed = f"${{{variable}:sqlstring}}"
    return f"({typed} = '' or {column} like {_LIKE.format(text=typed)})"


def _is_address(variable: str) -> str:
    """Return the condition that an end of the call is in an address or network that was typed."""
    typed = f"${{{variable}:sqlstring}}"
    network = f"nullif({typed}, '')::inet"
    return f"({typed} = '' or source <<= {network} or destination <<= {network})"


_FILTER: Final = f"""\
{_PERIOD}
  and method = 'INVITE'
  and {_matches("from_user", "caller")}
  and {_matches("to_user", "callee")}
  and {_matches("call_id", "call_id")}
  and {_matches("user_agent", "agent")}
  and {_is_address("address")}
  and (${{outcome:sqlstring}} = 'all' or ${{outcome:sqlstring}} = case
    when status < 300 then 'answered' when status = 487 then 'cancelled'
    when status >= 300 then 'failed' else 'unanswered' end)"""

_CALLS: Final = f"""\
select started_at as "Start", from_user as "From", to_user as "To", status as "Status",
  reason as "Reason", extract(epoch from answered_at - started_at)::float8 as "Setup",
  extract(epoch from bye_at - answered_at)::float8 as "Duration", worst_mos as "MOS",
  host(source) as "Source", host(destination) as "Destination", user_agent as "User-Agent",
  array_to_string(nodes, ', ') as "Nodes", message_count as "Messages", call_id as "Call-ID"
from hepscope.call
where {_FILTER}
order by started_at desc
limit 500"""

_COUNTS: Final = f"""\
select $__timeGroupAlias(started_at, $__interval),
  case when status is null then 'no final' when status < 300 then 'answered'
    when status = 487 then 'cancelled' else status / 100 || 'xx' end as metric,
  count(*) as value
from hepscope.call
where {_FILTER}
group by 1, 2
order by 1"""

_PAIRS: Final = f"""\
select host(source) as "Source", host(destination) as "Destination", status as "Status",
  count(*) as "Calls", count(distinct to_user) as "Numbers", max(started_at) as "Last"
from hepscope.call
where {_FILTER}
  and (status >= 300 or status is null)
group by 1, 2, 3
order by 4 desc
limit 100"""

_AGENTS: Final = f"""\
select coalesce(user_agent, '') as "User-Agent", count(*) as "Attempts",
  avg(case when status between 200 and 299 then 1.0 else 0.0 end)::float8 as "ASR",
  avg(case when status between 200 and 299 or status in (480, 486, 487, 600, 603) then 1.0
    else 0.0 end)::float8 as "NER",
  percentile_cont(0.5) within group (order by srd_us) filter (where status < 300) / 1e6
    as "SRD, median",
  avg(duration_us) / 1e6 as "ACD"
from hepscope.attempt
where $__timeFilter(started_at)
  and method = 'INVITE' and is_overall and is_settled
  and {_matches("user_agent", "agent")}
  and {_is_address("address")}
group by 1
order by 2 desc
limit 100"""

_WORST: Final = f"""\
select worst_mos as "MOS", worst_loss as "Loss", worst_jitter as "Jitter", started_at as "Start",
  from_user as "From", to_user as "To", host(source) as "Source",
  host(destination) as "Destination", user_agent as "User-Agent", call_id as "Call-ID"
from hepscope.call
where {_FILTER}
  and worst_mos is not null
order by worst_mos
limit 100"""

_REGISTRATIONS: Final = """\
select last_at as "Last", aor_user as "User", aor_domain as "Domain", status as "Status",
  reason as "Reason", expires as "Expires", contact as "Contact", host(source) as "Source",
  user_agent as "User-Agent", message_count as "Messages", call_id as "Call-ID"
from hepscope.registration
where day >= date_trunc('day', $__timeFrom()::timestamptz at time zone 'UTC') at time zone 'UTC'
  and day < $__timeTo()::timestamptz
  and $__timeFilter(last_at)
  and {user}
  and {agent}
order by last_at desc
limit 500"""

_LOGS: Final = (
    "Log lines in Loki",
    '/d/hepscope-logs?var-call_id=${__data.fields["Call-ID"]:percentencode}&${__url_time_range}',
)
_OPEN: Final = ("Open on the page", '${page}/calls/${__data.fields["Call-ID"]:percentencode}')


def board() -> Board:
    """Return the dashboard."""
    registrations = _REGISTRATIONS.format(
        user=_matches("aor_user", "caller"), agent=_matches("user_agent", "agent")
    )
    return Board(
        uid="hepscope-call-search",
        title="hepscope: call search",
        description="Calls and registrations in PostgreSQL; a click on a Call-ID opens its flow on"
        " the page. Read as grafanareader.",
        variables=[
            database(),
            text("caller", "from", "user part of From; * for anything: 4930*"),
            text("callee", "to", "user part of To; * for anything"),
            text("call_id", "Call-ID", "whole, or with *"),
            text("agent", "User-Agent", "of the caller, with *"),
            text("address", "address", "of either end: an address or a network, 192.0.2.0/24"),
            choice("outcome", "outcome",
                   ("all", "answered", "cancelled", "failed", "unanswered"), "all"),
            text("page", "page", "address of hepscope's page, for links", "http://localhost:9080"),
        ],
        rows=[
            Row(
                "Calls",
                [
                    graph("Calls", "By how they ended so far.", "short", Sql(_COUNTS, True),
                          span=24, is_stacked=True),
                    rows("Calls, newest first", "At most 500. Setup: INVITE to answer; MOS: the"
                         " worst that a report said. Click a Call-ID for the flow, the number of"
                         " messages for log lines in Loki.",
                         Sql(_CALLS), height=14,
                         units={"Setup": "s", "Duration": "dtdurations"},
                         links={"Call-ID": _OPEN, "Messages": _LOGS}),
                ],
            ),
            Row(
                "What fails, and for whom",
                [
                    rows("Failures by addresses", "Many numbers and few calls each, all failed: a"
                         " dialler, or fraud. One number: a user with a wrong entry.", Sql(_PAIRS),
                         span=12),
                    rows("By User-Agent", "Ratios of call attempts, each counted once. An agent"
                         " that stands out after an upgrade is the upgrade's fault.", Sql(_AGENTS),
                         span=12, units={"ASR": "percentunit", "NER": "percentunit",
                                         "SRD, median": "s", "ACD": "dtdurations"}),
                    rows("Calls that sounded worst", "By the worst MOS that a report said or that"
                         " follows from it. What their addresses share is the cause.", Sql(_WORST),
                         units={"Loss": "percentunit", "Jitter": "ms"},
                         links={"Call-ID": _OPEN}),
                ],
            ),
            Row(
                "Registrations",
                [
                    rows("Registrations, newest first", "At most 500; the fields from and"
                         " User-Agent above apply.", Sql(registrations), height=12,
                         links={"Call-ID": _OPEN}),
                ],
            ),
        ],
        since="now-3h",
        refresh="",
    )  # fmt: skip
