"""The settings file of heplify 2.x (JSON) and its ``HEPLIFY_*`` variables, as flags.

The variables count with a file only, as there: ``HEPLIFY_<SECTION>_<FIELD>``, and for items of
lists ``HEPLIFY_TRANSPORT__0__HOST`` and ``HEPLIFY_SIP_SETTINGS_DISCARD_METHODS__0``. What 2.x reads
and never uses is left alone; what it does and we do not is an error.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hepscope_capture.heplify.config_keys import check_keys
from hepscope_capture.heplify.config_variables import apply_variables
from hepscope_capture.heplify.go_flags import FlagError


@dataclass(slots=True)
class Config:
    """What a file says: flags, and servers as URLs of ours (None = it names none)."""

    flags: dict[str, list[str]] = field(default_factory=dict)
    servers: list[str] | None = None
    has_logs: bool = False

    def set(self, flag: str, value: object) -> None:
        """Set a flag to what a key holds, unless the key is missing or empty."""
        if isinstance(value, bool):
            self.flags[flag] = [str(value).lower()]
        elif isinstance(value, list):
            if value:
                self.flags[flag] = [",".join(map(str, value))]
        elif value not in (None, ""):
            self.flags[flag] = [str(value)]


def read_config(path: str, environ: Mapping[str, str]) -> Config:
    """Return what a settings file and the variables say; raises FlagError."""
    try:
        found = json.loads(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FlagError(f"-config {path}: {reason}") from None
    if not isinstance(found, dict):
        raise FlagError(f"-config {path}: no JSON object")
    try:
        check_keys(found)
        apply_variables(found, environ)
        config = Config()
        for translate in _PARTS:
            translate(found, config)
    except FlagError as error:
        raise FlagError(f"-config {path}: {error}") from None
    except KeyError as error:
        raise FlagError(f"-config {path}: {error} is missing") from None
    except (AttributeError, TypeError, ValueError) as error:
        raise FlagError(f"-config {path}: a value of the wrong type ({error})") from None
    return config


def _active(found: Mapping[str, Any], section: str) -> list[dict[str, Any]]:
    return [one for one in found.get(section) or [] if one.get("active", True)]


def _sockets(found: Mapping[str, Any], config: Config) -> None:
    sockets = _active(found, "socket")
    if not sockets:
        return
    config.set("i", [one["device"] for one in sockets if one.get("device")])
    for key, flag in (("snap_len", "s"), ("buffer_size_mb", "b"), ("fanout_workers", "fw")):
        config.set(flag, max(int(one.get(key) or 0) for one in sockets) or None)
    for key, flag in (("promisc", "promisc"), ("vlan", "vlan"), ("erspan", "erspan")):
        config.set(flag, any(one.get(key) for one in sockets))
    for key, flag in (("bpf_filter", "bpf"), ("pcap_file", "rf")):
        texts = {one.get(key) for one in sockets} - {None, ""}
        if len(texts) > 1:
            raise FlagError(f"socket: {key} differs; run a process for each")
        config.set(flag, next(iter(texts), None))
    modes = {mode for one in sockets for mode in one.get("capture_mode") or []}
    if "DNS" in modes:
        raise FlagError("socket: capture_mode DNS: DNS is not captured")
    config.has_logs = "LOG" in modes
    config.set("pi", [name for one in sockets for name in one.get("promisc_interfaces") or []])
    active = {one.get("name") for one in _active(found, "transport")}
    if any(set(one.get("transport_profile") or active) != active for one in sockets):
        raise FlagError("socket: transport_profile: run a process for each set of servers")


def _protocols(found: Mapping[str, Any], config: Config) -> None:
    protocols = found.get("protocol") or []
    names = {str(one.get("name", "")).upper() for one in protocols}
    if unknown := names - {"SIP", "RTCP", "RTP"}:
        raise FlagError(f"protocol: {', '.join(sorted(unknown))} is not captured")
    ports = [
        f"{one['min_port']}-{one['max_port']}"
        for one in protocols
        if str(one.get("name", "")).upper() == "SIP"
    ]
    config.set("pr", ports)
    is_off = (found.get("rtcp_settings") or {}).get("active") is False
    if (protocols and "RTCP" not in names) or is_off:
        config.flags.setdefault("m", ["SIP"])


def _transports(found: Mapping[str, Any], config: Config) -> None:
    transports = _active(found, "transport")
    if not transports:
        return
    primary = [_url(one) for one in transports if not one.get("failover_only")]
    others = [_url(one) for one in transports if one.get("failover_only")]
    if others and len(primary) != 1:
        raise FlagError("transport: failover_only beside several servers: see hepscope's --send")
    options = "?insecure=1" if any(one.get("skip_verify") for one in transports) else ""
    secure = [url for url in (*primary, *others) if url.startswith("tls:")]
    config.servers = ["|".join((*primary, *others))] if others else primary
    if options and secure:
        config.servers = [
            server + (options if "tls:" in server else "") for server in config.servers
        ]


def _url(transport: Mapping[str, Any]) -> str:
    scheme = str(transport.get("transport") or "udp").lower()
    if scheme not in ("udp", "tcp", "tls"):
        raise FlagError(f"transport: {scheme}: udp, tcp and tls are there")
    host = str(transport.get("host") or "127.0.0.1")
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"{scheme}://{shown}:{transport.get('port') or 9060}"


def _simple(found: Mapping[str, Any], config: Config) -> None:
    for section, key, flag in _SIMPLE:
        config.set(flag, (found.get(section) or {}).get(key))


def _addresses(found: Mapping[str, Any], config: Config) -> None:
    """Translate what listens: Prometheus, the collector, the API."""
    prometheus = found.get("prometheus_settings") or {}
    is_told = prometheus.get("active", False)
    host, port = prometheus.get("host") or "0.0.0.0", prometheus.get("port") or 9096  # noqa: S104
    config.flags["prometheus"] = [f"{host}:{port}" if is_told else ""]
    collector = found.get("collector_settings") or {}
    if collector.get("active"):
        where = f"{collector.get('host') or '0.0.0.0'}:{collector.get('port') or 9060}"  # noqa: S104
        config.set("hin", f"{collector.get('proto') or 'udp'}:{where}")
    if (found.get("api_settings") or {}).get("active"):
        raise FlagError("api_settings: not there; prometheus_settings answers /readyz, too")


def _switched(found: Mapping[str, Any], config: Config) -> None:
    """Translate what has a switch of its own."""
    buffer = found.get("buffer_settings") or {}
    config.set("hep-buffer-activate", bool(buffer.get("enable")))
    if buffer.get("enable"):
        config.set("hep-buffer-file", buffer.get("file"))
        config.set("hep-buffer-max-size", buffer.get("max_size"))
    script = found.get("script_settings") or {}
    if script.get("active"):
        config.set("script-file", script.get("file"))
    if (found.get("pcap_settings") or {}).get("write_file"):
        config.set("wf", found["pcap_settings"]["write_file"])


_SIMPLE = (
    ("sip_settings", "discard_methods", "dim"),
    ("sip_settings", "discard_ips", "diip"),
    ("sip_settings", "discard_src_ips", "disip"),
    ("sip_settings", "discard_dst_ips", "didip"),
    ("hep_settings", "deduplicate", "dd"),
    ("hep_settings", "replace_token", "replacetoken"),
    ("hep_settings", "collect_only_sip", "collectonlysip"),
    ("system_settings", "node_name", "hn"),
    ("system_settings", "node_id", "hi"),
    ("system_settings", "node_pw", "hp"),
    ("debug_settings", "filter_include", "fi"),
    ("debug_settings", "filter_exclude", "di"),
    ("debug_settings", "disable_ip_defrag", "disable-defrag"),
    ("debug_settings", "disable_tcp_reassembly", "disable-tcp-reasm"),
    ("pcap_settings", "max_speed", "rs"),
    ("pcap_settings", "loop_count", "lp"),
    ("pcap_settings", "eof_exit", "eof-exit"),
    ("log_settings", "log_payload", "log-payload"),
)

_PARTS: tuple[Callable[[Mapping[str, Any], Config], None], ...] = (
    _sockets,
    _protocols,
    _transports,
    _simple,
    _addresses,
    _switched,
)
