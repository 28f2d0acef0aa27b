"""All dashboards, by the folder and file that they are written to."""

from collections.abc import Callable, Mapping

from dashboards import (
    call_search,
    capture_agents,
    health,
    homer_media,
    homer_sip,
    hosts,
    log_lines,
    nodes_and_targets,
    qos_rtcp,
    qos_xrtp,
    sip_calls_registers,
    sip_error_rates,
    sip_kpi,
    sip_methods_responses,
    sip_overview,
    world_map,
)
from dashboards.board import Board

BOARDS: Mapping[str, Callable[[], Board]] = {
    "SIP_Overview": sip_overview.board,
    "SIP_KPI": sip_kpi.board,
    "SIP_Calls_Registers": sip_calls_registers.board,
    "SIP_Error_Rates": sip_error_rates.board,
    "SIP_Methods_Responses": sip_methods_responses.board,
    "QOS_RTCP": qos_rtcp.board,
    "QOS_XRTP": qos_xrtp.board,
    "call_search": call_search.board,
    "nodes_and_targets": nodes_and_targets.board,
    "logs": log_lines.board,
    "map": world_map.board,
    "health": health.board,
    "capture_agents": capture_agents.board,
    "hosts": hosts.board,
    "homer_sip": homer_sip.board,
    "homer_media": homer_media.board,
}
