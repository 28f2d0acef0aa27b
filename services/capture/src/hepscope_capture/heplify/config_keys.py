"""The keys of heplify 2.x's settings file: an unknown one is a mistake, not a wish to drop."""

from collections.abc import Mapping
from typing import Any

from hepscope_capture.heplify.go_flags import FlagError

LISTS = {
    "socket": (
        *("name", "active", "socket_type", "device", "snap_len", "buffer_size_mb"),
        *("capture_mode", "transport_profile", "promisc", "promisc_interfaces", "vlan", "erspan"),
        *("bpf_filter", "pcap_file", "fanout_id", "fanout_workers", "read_timeout_ms"),
        *("tcp_reasm", "sip_reasm", "ipfragments", "vxlan", "cpu_limit", "sequential_processing"),
    ),
    "transport": (
        *("name", "active", "host", "port", "transport", "failover_only", "payload_zip"),
        *("skip_verify", "keepalive", "max_retries", "tls_enabled", "stream_name", "batch_size"),
        *("flush_interval_ms", "protocol", "password"),
    ),
    "protocol": ("name", "min_port", "max_port", "protocol", "filter"),
}
"""Sections that are lists of objects, and the keys of these."""

OBJECTS = {
    "sip_settings": (
        *("discard_methods", "discard_ips", "discard_src_ips", "discard_dst_ips", "deduplicate"),
    ),
    "hep_settings": ("deduplicate", "replace_token", "collect_only_sip"),
    "rtcp_settings": ("active",),
    "system_settings": ("node_name", "node_id", "node_pw", "uuid"),
    "prometheus_settings": (
        *("active", "host", "port", "auth", "carriers", "sip_methods", "prom_target_ip"),
        "prom_target_name",
    ),
    "api_settings": (
        *("active", "host", "port", "username", "password", "tls", "cert_file", "key_file"),
    ),
    "debug_settings": (
        *("disable_tcp_reassembly", "disable_ip_defrag", "print_out_bad_message"),
        *("debug_selectors", "filter_include", "filter_exclude"),
    ),
    "pcap_settings": (
        *("write_file", "rotate_minutes", "compress", "max_speed", "loop_count", "eof_exit"),
    ),
    "buffer_settings": ("enable", "file", "max_size", "debug"),
    "script_settings": ("active", "file", "hep_filter"),
    "collector_settings": ("active", "host", "port", "proto"),
    "log_settings": ("active", "level", "stdout", "json", "log_payload"),
}
"""Sections that are objects, and their keys."""


def check_keys(found: Mapping[str, Any]) -> None:
    """Raise FlagError for a section or a key that 2.x does not have."""
    for section, content in found.items():
        if section in LISTS:
            if not isinstance(content, list):
                raise FlagError(f"{section} is a list")
            for one in content:
                _check(section, one, LISTS[section])
        elif section in OBJECTS:
            _check(section, content, OBJECTS[section])
        else:
            raise FlagError(f"there is no section {section}")


def _check(section: str, content: object, keys: tuple[str, ...]) -> None:
    if not isinstance(content, dict):
        raise FlagError(f"{section} holds objects")
    for key in content:
        if key not in keys:
            raise FlagError(f"{section} has no key {key}")
