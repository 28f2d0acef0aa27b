"""The JSON settings of heplify 2.x as our options."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_capture.heplify.cli import values_of
from hepscope_capture.heplify.config_keys import LISTS, OBJECTS
from hepscope_capture.heplify.go_flags import FlagError
from hepscope_capture.heplify.translate import translate

FULL: dict[str, Any] = {
    "socket": [
        {
            "name": "one",
            "active": True,
            "socket_type": "afpacket",
            "device": "eth0",
            "snap_len": 65535,
            "buffer_size_mb": 64,
            "capture_mode": ["SIP", "LOG"],
            "promisc": True,
            "transport_profile": ["a", "b"],
        },
        {"name": "two", "active": True, "device": "eth1"},
        {"name": "off", "active": False, "device": "eth2", "capture_mode": ["DNS"]},
    ],
    "transport": [
        {"name": "a", "active": True, "host": "10.0.0.1", "port": 9061, "transport": "tls",
         "skip_verify": True},
        {"name": "b", "active": True, "host": "2001:db8::1", "port": 9060, "transport": "tcp",
         "failover_only": True},
        {"name": "c", "active": False, "transport": "grpc-flight"},
    ],
    "protocol": [
        {"name": "SIP", "min_port": 5060, "max_port": 5061, "protocol": ["udp", "tcp"]},
        {"name": "SIP", "min_port": 5080, "max_port": 5080},
        {"name": "RTCP", "min_port": 1024, "max_port": 65535},
    ],
    "sip_settings": {"discard_methods": ["OPTIONS", "NOTIFY"], "discard_ips": ["10.9.9.9"]},
    "hep_settings": {"deduplicate": True},
    "system_settings": {"node_name": "edge", "node_id": 7, "node_pw": "k", "uuid": "u"},
    "prometheus_settings": {"active": True, "host": "127.0.0.1", "port": 9096},
    "buffer_settings": {"enable": True, "file": "/x/b.dump", "max_size": "10MB"},
    "collector_settings": {"active": True, "host": "0.0.0.0", "port": 9060, "proto": "both"},
    "debug_settings": {"filter_exclude": ["friendly-scanner"]},
}  # fmt: skip


def _keys(keys: tuple[str, ...]) -> st.SearchStrategy[dict[str, object]]:
    """Objects with some of the keys of a section."""
    values = st.sampled_from(["udp", "tls", "SIP", "h", "0", 1, 9060, True, None, ["a"], {"b": 1}])
    return st.dictionaries(st.sampled_from(keys), values, max_size=4)


def words_of(
    tmp_path: Path, config: object, *flags: str, environ: dict[str, str] | None = None
) -> list[str]:
    """Our words for a settings file, flags and variables."""
    path = tmp_path / "heplify.json"
    path.write_text(json.dumps(config))
    return translate(values_of(["-config", str(path), *flags], environ or {})).words


def test_a_whole_file(tmp_path: Path) -> None:
    """Everything that 2.x acts on; what it reads and never uses is left alone."""
    assert words_of(tmp_path, FULL) == [
        "--relay=udp://0.0.0.0:9060",
        "--relay=tcp://0.0.0.0:9060",
        "--interface=eth0",
        "--interface=eth1",
        "--promiscuous",
        "--snaplen=65535",
        "--ring-mb=64",
        "--logs-listen=udp://0.0.0.0:514",
        "--no-logs-need-call-id",
        "--ports=5060-5061,5080-5080",
        "--send=tls://10.0.0.1:9061|tcp://[2001:db8::1]:9060?insecure=1",
        "--node-id=7",
        "--node=edge",
        "--auth-key=k",
        "--exclude-methods=OPTIONS,NOTIFY",
        "--exclude-addresses=10.9.9.9",
        "--exclude-payload=friendly-scanner",
        "--dedup-ms=400",
        "--spool-dir=/x/b.dump.spool",
        "--spool-mb=10",
        "--ops=127.0.0.1:9096",
        "--log-level=info",
        "--log-format=text",
    ]


def test_flags_win_over_the_file(tmp_path: Path) -> None:
    """One flag changes what it names, and nothing else: TLS stays TLS."""
    words = words_of(tmp_path, FULL, "-i", "lo", "-hi", "9", "-skipverify", "-pr", "5060-5090")
    assert "--interface=lo" in words
    assert "--interface=eth0" not in words
    assert "--node-id=9" in words
    assert "--ports=5060-5090" in words
    assert [word for word in words if word.startswith("--send=tls://10.0.0.1:9061")]
    words = words_of(tmp_path, FULL, "-hs", "10.1.1.1:9060")
    assert [word for word in words if word.startswith("--send")] == ["--send=udp://10.1.1.1:9060"]


def test_variables_win_over_the_file(tmp_path: Path) -> None:
    """By section and key, items of lists by their number; one more is a new item."""
    environ = {
        "HEPLIFY_TRANSPORT__0__HOST": "10.2.2.2",
        "HEPLIFY_TRANSPORT__0__SKIP_VERIFY": "false",
        "HEPLIFY_SIP_SETTINGS_DISCARD_METHODS__0": "SUBSCRIBE",
        "HEPLIFY_SYSTEM_SETTINGS_NODE_ID": "11",
        "HEPLIFY_SOCKET__3__DEVICE": "eth3",
        "HEPLIFY_CONFIG": "elsewhere",
        "PATH": "/bin",
    }
    words = words_of(tmp_path, FULL, environ=environ)
    assert "--send=tls://10.2.2.2:9061|tcp://[2001:db8::1]:9060" in words
    assert "--exclude-methods=SUBSCRIBE,NOTIFY" in words
    assert "--node-id=11" in words
    assert "--interface=eth3" in words


def test_the_file_may_be_named_by_the_environment(tmp_path: Path) -> None:
    """A flag switches that off."""
    path = tmp_path / "h.json"
    path.write_text(json.dumps({"system_settings": {"node_id": 5}}))
    environ = {"HEPLIFY_CONFIG": str(path)}
    assert "--node-id=5" in translate(values_of([], environ)).words
    assert "--node-id=2002" in translate(values_of(["-no-config"], environ)).words


def test_variables_count_with_a_file_only() -> None:
    """As there."""
    assert (
        "--node-id=2002"
        in translate(values_of([], {"HEPLIFY_SYSTEM_SETTINGS_NODE_ID": "11"})).words
    )


def test_without_rtcp(tmp_path: Path) -> None:
    """Switched off, or not among the protocols."""
    for config in (
        {"rtcp_settings": {"active": False}},
        {"protocol": [{"name": "SIP", "min_port": 5060, "max_port": 5060}]},
    ):
        assert "--no-rtcp" in words_of(tmp_path, config)
    assert "--no-rtcp" not in words_of(tmp_path, {"rtcp_settings": {"active": True}})


REFUSED: dict[str, Any] = {
    "no JSON object": [],
    "there is no section sockets": {"sockets": []},
    "socket has no key dev": {"socket": [{"dev": "eth0"}]},
    "socket is a list": {"socket": {}},
    "hep_settings holds objects": {"hep_settings": []},
    "DNS is not captured": {"socket": [{"device": "a", "capture_mode": ["DNS"]}]},
    "bpf_filter differs": {
        "socket": [{"device": "a", "bpf_filter": "udp"}, {"device": "b", "bpf_filter": "tcp"}]
    },
    "run a process for each set of servers": {
        "socket": [{"device": "a", "transport_profile": ["x"]}],
        "transport": [{"name": "x"}, {"name": "y"}],
    },
    "DIAMETER is not captured": {"protocol": [{"name": "Diameter"}]},
    "grpc-flight: udp, tcp and tls": {"transport": [{"transport": "grpc-flight"}]},
    "failover_only beside several servers": {
        "transport": [{"host": "a"}, {"host": "b"}, {"host": "c", "failover_only": True}]
    },
    "api_settings: not there": {"api_settings": {"active": True}},
    "there is no Lua": {"script_settings": {"active": True, "file": "a.lua"}},
    "captures are not written": {"pcap_settings": {"write_file": "/tmp"}},
    "'min_port' is missing": {"protocol": [{"name": "SIP"}]},
    "a value of the wrong type": {"socket": [{"device": "a", "capture_mode": 5}]},
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_done_is_an_error(tmp_path: Path, text: str) -> None:
    """By its name in the file."""
    with pytest.raises(FlagError) as caught:
        words_of(tmp_path, REFUSED[text])
    assert text in str(caught.value)


@pytest.mark.parametrize("name", ["HEPLIFY_NODE_ID", "HEPLIFY_SOCKET__7__DEVICE"])
def test_a_variable_that_is_none_is_an_error(tmp_path: Path, name: str) -> None:
    """Also an item far behind the list's end."""
    with pytest.raises(FlagError):
        words_of(tmp_path, {}, environ={name: "x"})


def test_broken_json_is_an_error(tmp_path: Path) -> None:
    """With the place."""
    path = tmp_path / "h.json"
    path.write_text("{")
    with pytest.raises(FlagError, match="line 1"):
        values_of(["-config", str(path)], {})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 70_000) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
_SECTIONS = {
    **{name: st.lists(_keys(keys), max_size=2) | _JSON for name, keys in LISTS.items()},
    **{name: _keys(keys) | _JSON for name, keys in OBJECTS.items()},
}


@given(st.fixed_dictionaries({}, optional=_SECTIONS))
def test_any_values_are_refused_or_translated(
    tmp_path_factory: pytest.TempPathFactory, found: dict[str, object]
) -> None:
    """Of whatever type they are."""
    with contextlib.suppress(FlagError):
        assert words_of(tmp_path_factory.getbasetemp(), found)
