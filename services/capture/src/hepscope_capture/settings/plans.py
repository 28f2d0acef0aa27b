"""What the parts of the agent are told: a plan of each concern, made of the settings."""

import os
from pathlib import Path

from hepscope_capture.delivery.plan import ServerPlan, parse_server
from hepscope_capture.delivery.spool_place import default_directory
from hepscope_capture.inputs.plans import LogPlan, RelayPlan
from hepscope_capture.packets import Labels
from hepscope_capture.rules.plan import Cover, MaskPlan, RulePlan
from hepscope_capture.senders.trust import Trust
from hepscope_capture.settings.settings import Settings


def labels(settings: Settings) -> Labels:
    """Return what each packet says about this node."""
    key = settings["auth_key"]
    return Labels(
        settings["node_id"], os.fsencode(settings["node"]), os.fsencode(key) if key else None
    )


def server_plans(settings: Settings) -> tuple[ServerPlan, ...]:
    """Return where packets go; raises ValueError with a line for the user."""
    trust = Trust(
        ca=settings["ca"],
        certificate=settings["cert"],
        key=settings["key"],
        server_name=settings["server_name"] or "",
        is_insecure=settings["insecure"],
    )
    return tuple(
        parse_server(text, acks=settings["acks"], trust=trust, is_compressed=settings["compress"])
        for text in settings.given["send"].texts
    )


def state_directory(settings: Settings) -> Path:
    """Return where the agent keeps what it needs after a restart: spools, notes on files."""
    given: Path | None = settings["spool_dir"]
    return given or default_directory(os.environ)


def spool_root(settings: Settings) -> Path | None:
    """Return the directory of all spools; None when there are to be none."""
    return state_directory(settings) if settings["spool_mb"] else None


def rtp_sample(settings: Settings) -> int:
    """Return of how many pairs of ports the RTP of one is counted; 0 = of none."""
    given: int | None = settings["rtp_sample"]
    if given is not None:
        return given
    # The kernel keeps RTP of interfaces out for next to nothing; that of files is read anyway.
    return 0 if settings["interface"] else 1


def rule_plan(settings: Settings) -> RulePlan:
    """Return filters, limits and masks."""
    return RulePlan(
        methods=frozenset(settings["methods"]),
        exclude_methods=frozenset(settings["exclude_methods"]),
        addresses=settings["addresses"],
        exclude_addresses=settings["exclude_addresses"],
        sources=settings["sources"],
        exclude_sources=settings["exclude_sources"],
        destinations=settings["destinations"],
        exclude_destinations=settings["exclude_destinations"],
        exclude_ports=frozenset(settings["exclude_ports"]),
        users=settings["users"],
        exclude_users=settings["exclude_users"],
        from_users=settings["from_users"],
        exclude_from_users=settings["exclude_from_users"],
        to_users=settings["to_users"],
        exclude_to_users=settings["exclude_to_users"],
        include_payload=settings["include_payload"],
        exclude_payload=settings["exclude_payload"],
        rate_limit=settings["rate_limit"],
        rate_limit_source=settings["rate_limit_source"],
        dedup_ms=settings["dedup_ms"],
        options_one_in=settings["options_one_in"],
        masks=_mask_plan(settings),
    )


def _mask_plan(settings: Settings) -> MaskPlan:
    return MaskPlan(
        numbers=Cover(settings["mask_numbers"] or ""),
        users=Cover(settings["mask_users"] or ""),
        keep_first=settings["mask_keep_first"],
        keep_last=settings["mask_keep_last"],
        least=settings["mask_from_digits"],
        key=os.fsencode(settings["mask_key"] or ""),
        media_keys=settings["mask_media_keys"],
        credentials=settings["mask_credentials"],
        bodies=frozenset(settings["mask_bodies"]),
        dtmf=settings["mask_dtmf"],
    )


def relay_plan(settings: Settings) -> RelayPlan:
    """Return what is taken from other agents."""
    return RelayPlan(
        listen=tuple(settings["relay"]),
        kinds=frozenset(settings["relay_kinds"]),
        is_key_replaced=settings["relay_replace_key"],
        accepted_keys=frozenset(settings["relay_keys"]),
        peers=settings["relay_peers"],
        connections=settings["relay_connections"],
        idle_seconds=settings["relay_idle_seconds"],
        certificate=settings["relay_cert"],
        key=settings["relay_cert_key"],
        client_ca=settings["relay_client_ca"],
    )


def log_plan(settings: Settings, state_dir: Path | None = None) -> LogPlan:
    """Return which log lines are taken; state_dir is where positions are kept by default."""
    positions = settings["logs_positions"]
    if positions is None and state_dir is not None:
        positions = state_dir / "log-positions.json"
    return LogPlan(
        listen=tuple(settings["logs_listen"]),
        sniffed_ports=frozenset(settings["sniff_logs"]),
        files=settings["logs_files"],
        is_from_start=settings["logs_from_start"],
        positions=positions,
        patterns=settings["logs_patterns"],
        has_default_patterns=settings["logs_default_patterns"],
        needs_call_id=settings["logs_need_call_id"],
        peers=settings["logs_peers"],
        connections=settings["logs_connections"],
        idle_seconds=settings["logs_idle_seconds"],
        line_bytes=settings["logs_line_bytes"],
        certificate=settings["logs_cert"],
        key=settings["logs_cert_key"],
        client_ca=settings["logs_client_ca"],
    )
