"""The expressions of HOMER's own dashboards and alert rules, as they are shipped, by dashboard.

Grafana's variables are set as a user's are: every target, an interval of a minute.
"""

TARGETS = ".*"
INTERVAL = "1m"

INV = 'method="INVITE"'
REG = 'method="REGISTER"'
AUTH = (
    'sum(increase(heplify_method_response{{target_name=~"$tn", method="INVITE", '
    'response=~"3.*|401|407"}}[{w}])) or sum(up) * 0'
)


def m(labels: str) -> str:
    """heplify_method_response of the targets chosen."""
    return f'heplify_method_response{{target_name=~"$tn", {labels}}}'


def h(labels: str) -> str:
    """heplify_method_response of all targets."""
    return f"heplify_method_response{{{labels}}}"


def auth(window: str) -> str:
    """Redirected and challenged INVITEs."""
    return f"({AUTH.format(w=window)})"


def increase(selector: str, window: str) -> str:
    """Sum of the growth of series."""
    return f"sum(increase({selector}[{window}]))"


def _above(metric: str, window: str, least: int) -> str:
    return f"avg_over_time({metric}[{window}]) > {least} and changes({metric}[1m]) > 0"


def _error_rate(response: str, least: float) -> str:
    rate = 'sum by(target_name) (rate(heplify_method_response{{method="INVITE", {0}}}[10m]))'
    some, every = rate.format(response), rate.format('response="INVITE"')
    return f"({some} / {every} * 100 and {every} > 0.2) > {least}"


def _horaclifix(direction: str) -> list[str]:
    where = f'{{direction="{direction}"}}'
    mos = f"horaclifix_rtp_mos{where}"
    lost = "1h" if direction == "inc" else "30m"
    return [
        f"avg_over_time({mos}[1h]) < 5 and changes({mos}[1m]) > 0 and {mos} > 0",
        _above(f"horaclifix_rtp_avg_jitter{where}", "1h", 20),
        _above(f"horaclifix_rtp_lost_packets{where}", lost, 20),
        _above(f"horaclifix_rtcp_avg_lat{where}", "30m", 20),
    ]


def _ser(window: str) -> str:
    inv, ok = m(f'{INV}, response="INVITE"'), m(f'{INV}, response="200"')
    return (
        f"clamp_max(({increase(ok, window)} * 100) / "
        f"({increase(inv, window)} - {auth(window)}), 100)"
    )


def _seer(window: str) -> str:
    good = m(f'{INV}, response=~"200|480|486|600|603"')
    inv = m(f'{INV}, response="INVITE"')
    return (
        f"clamp_max(({increase(good, window)} * 100) / "
        f"({increase(inv, window)} - {auth(window)}), 100)"
    )


def _ira(window: str) -> str:
    bad = increase(m(f'{REG}, response=~"4.*|5.*|6.*"'), window)
    challenged = increase(m(f'{REG}, response=~"401|402|407"'), window)
    all_of_them = increase(m(f'{REG}, response="REGISTER"'), window)
    return f"clamp_max((({bad} - {challenged}) * 100) / ({all_of_them}), 100)"


_INVITES, _ANSWERS = m(f'{INV}, response="INVITE"'), m(f'{INV}, response="200"')
_BYES = m('method="BYE", response="200"')
_INEFFECTIVE = m(f'{INV}, response=~"408|500|503|504"')
_BOTH = 'method=~"INVITE|REGISTER"'
_REGISTERED, _REGISTERS = m(f'{REG}, response="200"'), m(f'{REG}, response="REGISTER"')
_OTHERS = m('method!~"REGISTER|INVITE"')
_FAILURES = m(f'{_BOTH}, response=~"403|404|408|480|482"')
_SERVER_ERRORS = m(f'{_BOTH}, response=~"50.*"')
_ALERT = h(f'{_BOTH}, response=~"50.*"')
_ALL_INVITE, _ALL_REGISTER = m(INV), m(REG)
_BY_TARGET = "sum without(direction,node_id) "

SER, SEER, IRA = _ser("30m"), _seer("30m"), _ira("30m")
SCR = f"clamp_max(({increase(_BYES, '30m')} * 100) / ({increase(_INVITES, '30m')}), 100)"
ISA = f"clamp_max(({increase(_INEFFECTIVE, '30m')} * 100) / ({increase(_INVITES, '30m')}), 100)"

DASHBOARDS = {
    "QOS_RTCP": [
        _above("heplify_rtcp_jitter", "30m", 10),
        _above("heplify_rtcpxr_round_trip_delay", "30m", 4),
        _above("heplify_rtcp_packets_lost", "30m", 10),
        _above("heplify_rtcp_fraction_lost", "30m", 10),
        _above("heplify_rtcpxr_fraction_lost", "30m", 10),
    ],
    "QOS_XRTP": [
        "avg(heplify_xrtp_mos)",
        "avg(heplify_xrtp_dle) > 0",
        "avg(heplify_xrtp_plr)",
        "avg(heplify_xrtp_pls)",
        "avg(heplify_xrtp_jir)",
        "avg(heplify_xrtp_jis)",
        "avg(heplify_xrtp_cs) < 3600",
    ],
    "QOS_Horaclifix": [*_horaclifix("inc"), *_horaclifix("out")],
    "SIP_Calls_Registers": [
        (
            f"({increase(_ANSWERS, '5m')}) / ({increase(_INVITES, '5m')} - {auth('5m')})"
            f" * 160 * sum(rate({_INVITES}[5m]))"
        ),
        f"sum(rate({_ANSWERS}[5m]))",
        f"sum(rate({_INVITES}[5m]))",
        f"sum(rate({_REGISTERED}[5m]))",
        f"sum(rate({_REGISTERS}[5m]))",
    ],
    "SIP_Error_Rates": [
        _error_rate('response=~"50.*"', 1),
        _error_rate('response=~"50*"', 1),
        _error_rate('response="403"', 0.05),
        _error_rate('response="404"', 1),
        _error_rate('response=~"482"', 0.2),
    ],
    "SIP_KPIs": [SER, SEER, SCR, IRA, ISA],
    "SIP_Methods_Responses": [
        f"{_BY_TARGET}(rate({_ALL_INVITE}[10m]))",
        f"{_BY_TARGET}(rate({_ALL_REGISTER}[2m]))",
        f"{_BY_TARGET}(rate({_OTHERS}[10m]))",
        f"{_BY_TARGET}(rate({_ALL_INVITE}[$__interval]))",
    ],
    "SIP_Overview": [
        _ser("15m"),
        _ser("$__interval"),
        _seer("15m"),
        _ira("15m"),
        f"{_BY_TARGET}(rate({_ANSWERS}[1m]))",
        f"{_BY_TARGET}(rate({_REGISTERED}[1m]))",
        f"{_BY_TARGET}(rate({_FAILURES}[2m]))",
        f"{_BY_TARGET}(rate({_SERVER_ERRORS}[2m]))",
    ],
    "SIP_Stats": [
        "avg(stddev_over_time(heplify_method_response[$__interval])) by (method, response)",
        "avg_over_time(heplify_rtcp_jitter[$__interval])",
        "avg_over_time(heplify_rtcp_fraction_lost[$__interval])",
        "avg_over_time(heplify_rtcp_packets_lost[$__interval])",
        "avg_over_time(heplify_rtcp_dlsr[$__interval])",
        "avg_over_time(heplify_rtcpxr_fraction_lost[30m])",
    ],
    "HEP_Stats": [
        "sum(stddev_over_time(heplify_packets_total[$__interval])) by (type)",
        "sum(stddev_over_time(heplify_packets_size[$__interval])) by (type)",
    ],
    "heplify_metrics": ["heplify_kpi_srd", "heplify_kpi_rrd"],
    "alerts": [
        f"rate({_ALERT}[1m]) > 0",
        "sum(rate(heplify_packets_total[1m])) < 1000000",
        "label_replace(heplify_method_response, 'tn', '$1', 'target_name', '(.*)')",
    ],
}
"""The last alert expression stands for Grafana's label_values() of the variable."""


def resolved(expression: str) -> str:
    """Return an expression with Grafana's variables set."""
    return expression.replace("$tn", TARGETS).replace("$__interval", INTERVAL)
