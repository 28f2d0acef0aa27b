"""heplify's command lines as ours: what each flag becomes, and that our own parser takes it."""

import argparse
import socket
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_capture.arguments import add_arguments, contradiction, settle
from hepscope_capture.heplify.cli import values_of
from hepscope_capture.heplify.go_flags import FlagError, Kind
from hepscope_capture.heplify.sending import spool_mb
from hepscope_capture.heplify.table import FLAGS, KINDS, Flag
from hepscope_capture.heplify.translate import translate
from hepscope_capture.heplify.translation import Translation

ALWAYS = [
    *("--interface=any", "--ports=5060-5090", "--send=udp://127.0.0.1:9060"),
    *("--node-id=2002", "--log-level=info", "--log-format=text"),
]
"""What 1.x does without any flag."""


def translated(line: str | Sequence[str]) -> Translation:
    """The translation of a command line, once our own parser has taken it."""
    words = line.split() if isinstance(line, str) else line
    found = translate(values_of(words, {}))
    taken(found.words)
    return found


def taken(words: Sequence[str]) -> argparse.Namespace:
    """The arguments as our command understands them."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_arguments(parser)
    args = parser.parse_args(words)
    settle(args)
    assert contradiction(args) == ""
    return args


def test_without_any_flag() -> None:
    """The defaults of 1.x; its port for metrics is there though nobody asks."""
    found = translated("")
    assert found.words == ALWAYS
    assert (found.default_ops, found.notices) == ("0.0.0.0:8090", [])


def test_the_line_of_the_guide() -> None:
    """A unit file with nothing but the path changed."""
    args = taken(translated("-i eth1 -hs 10.0.0.5:9060 -m SIPRTCP").words)
    settings = args.settings
    assert settings["interface"] == ("eth1",)
    assert [str(target) for server in settings["send"] for target in server.targets] == [
        "udp://10.0.0.5:9060"
    ]
    assert (settings["rtcp"], settings["promiscuous"], settings["node_id"]) == (True, False, 2002)
    assert settings["ports"] == frozenset(range(5060, 5091))


CASES = {
    "-i eth0,eth1 -i lo": "--interface=eth0 --interface=eth1 --interface=lo",
    "-i eth0 -t pcap": "--promiscuous",
    "-i eth0 -promisc": "--promiscuous",
    "-i eth0 --compat 2": "--promiscuous",
    "-i eth0 -s 65535 -b 64": "--snaplen=65535 --ring-mb=64",
    "-i eth0 -s 0 -b 1": "--snaplen=262144 --ring-mb=2",
    "-fg 3 -fw 2": "--workers=2",
    "-compat=2 -fw 2": "--workers=2",
    "-m SIP": "--no-rtcp",
    "-m SIPLOG": "--no-rtcp --sniff-logs=514",
    "-m SIPLOG -compat 2": "--logs-listen=udp://0.0.0.0:514 --no-logs-need-call-id",
    "-pr 5060": "--ports=5060",
    "-pr 5060 -compat 2": "--ports=5060-5090",
    "-pr 5060,5080-5090": "--ports=5060,5080-5090",
    "-bpf port\t5060": "--filter=port\t5060",
    "-hs 10.0.0.1:9060,[2001:db8::1]:9061 -nt tcp": (
        "--send=tcp://10.0.0.1:9060 --send=tcp://[2001:db8::1]:9061"
    ),
    "-hs hep.example.org:9061 -nt tls -skipverify": (
        "--send=tls://hep.example.org:9061 --insecure"
    ),
    "-hi 0x7 -hn edge -hp -secret": "--node-id=7 --node=edge --auth-key=-secret",
    "-i eth0 -hin udp:0.0.0.0:9060 -compat 2": "--interface=eth0 --relay=udp://0.0.0.0:9060",
    "-hin both::9060 -collectonlysip -replacetoken -hp k": (
        "--relay=udp://0.0.0.0:9060 --relay=tcp://0.0.0.0:9060 --relay-kinds=sip"
        " --relay-replace-key"
    ),
    "-dd": "--dedup-ms=400",
    "-fi alice,bob": "--include-payload=alice --include-payload=bob",
    r"-di a\x41\\,\n": "--exclude-payload=aA\\ --exclude-payload=\n",
    r"-di a\x41, -compat 2": r"--exclude-payload=a\x41",
    "-dim OPTIONS,notify": "--exclude-methods=OPTIONS,NOTIFY",
    "-diip 10.0.0.1,2001:db8::/32": "--exclude-addresses=10.0.0.1,2001:db8::/32",
    "-disip 10.0.0.1": "--exclude-sources=10.0.0.1",
    "-didip 10.0.0.0/8": "--exclude-destinations=10.0.0.0/8",
    "-rf a.pcap": "--read=a.pcap --now",
    "-rf a.pcap -rs -lp 0": "--read=a.pcap --speed=max --loop=0",
    "-rf a.pcap -compat 2": "--read=a.pcap --speed=max",
    "-rf a.pcap -compat 2 -rs": "--read=a.pcap --speed=max --now",
    "-hep-buffer-activate -hep-buffer-file /x/b -hep-buffer-max-size 1GB": (
        "--spool-dir=/x/b.spool --spool-mb=1024"
    ),
    "-hep-buffer-activate -compat 2": "--spool-mb=100",
    "-prometheus 127.0.0.1:9090": "--ops=127.0.0.1:9090",
    "-l warning": "--log-level=warning",
    "-d rtcp,sdp": "--log-level=debug",
    "-log-format json": "--log-format=json",
    "-i eth0 -log-payload": "--print",
}


@pytest.mark.parametrize("line", CASES)
def test_what_a_flag_becomes(line: str) -> None:
    """Words of ours, in this order, among what is always there."""
    words = translated(line.split(" ")).words
    for word in CASES[line].split(" "):
        assert word in words


@pytest.mark.parametrize(
    "line",
    [
        "-keepalive 0 -tcpsendretries 64 -vlan -erspan -tcpassembly -sipassembly -ipfragment",
        "-print-out-bad-message -script-hep-filter 1,100 -hep-buffer-debug -e -S -fnum 3 -fsize 9",
        "-api-user u -api-pass p -api-tls -api-cert c -api-key k -no-config -rt 5 -zf -fw 4",
        "-assembly_debug_log -assembly_memuse_log -collectonlysip -replacetoken -fg 1",
        "-skipverify -hep-buffer-file x -hep-buffer-max-size 5MB -promisc=false -o=false",
    ],
)
def test_what_needs_no_switch_here_changes_nothing(line: str) -> None:
    """It is known, read, and nothing else."""
    assert translated(line).words == ALWAYS


REFUSED = {
    "-m SIPDNS": "DNS is not captured",
    "-m RTP": "none of SIP, SIPDNS",
    "-t xdp": "none of af_packet",
    "-nt grpc": "none of udp, tcp, tls",
    "-l verbose": "none of debug",
    "-d everything": "none of defrag",
    "-hs ::1:9060": "in brackets",
    "-hs host": "must be HOST:PORT",
    "-hs host:0": "must be HOST:PORT",
    "-pr sip": "neither ports",
    "-pr 5090-5060": "ends before it starts",
    "-hi 4294967296": "a number from 0",
    "-hin http2:0.0.0.0:9060": "udp, tcp or both",
    "-hin 9060": "PROTOCOL:HOST:PORT",
    "-dim SIP/2.0": "no method of SIP",
    "-diip 10.0.0.300": "does not appear to be",
    "-diip 10.0.0.1/8": "has host bits set",
    "-fw 0": "a number from 1",
    "-pi eth0": "name the interfaces",
    "-o -rf a": "no stepping",
    "-wf /tmp": "captures are not written",
    "-protobuf": "HEP3 is sent",
    "-script-file a.lua": "there is no Lua",
    "-api :9060": "not there",
    "-disable-defrag": "always joined",
    "-disable-tcp-reasm": "always put together",
    "-prometheus 8090": "HOST:PORT or :PORT",
    "-hep-buffer-max-size 100": "one of B, KB, MB",
    "-hep-buffer-max-size lots -compat 2": "one of B, KB, MB",
    "-compat 3": "a number from 1 to 2",
    "-hs= -compat 2": "everything would be dropped",
    "-rf a -bpf udp": "for interfaces",
    "-rf a -hs=": "only shown of interfaces",
    "-i any,eth0": "any is every interface",
    "-config /nowhere/heplify.json": "No such file",
}


@pytest.mark.parametrize("line", REFUSED)
def test_what_cannot_be_done_is_an_error(line: str) -> None:
    """Nothing falls back to something else."""
    with pytest.raises(FlagError) as caught:
        translated(line)
    assert REFUSED[line] in str(caught.value)


def test_without_a_server_1_x_only_shows() -> None:
    """It decodes and logs; here a line for each message."""
    found = translated("-hs=")
    assert "--print" in found.words
    assert not [word for word in found.words if word.startswith("--send")]
    assert found.notices == ['-hs "": nothing is sent, messages are only shown']


def test_a_relay_replaces_the_interface_in_1_x_alone() -> None:
    """2.x does both."""
    line = "-i eth0 -hin tcp:0.0.0.0:9060"
    one, two = translated(line).words, translated(f"{line} -compat 2").words
    assert [word for word in one if word.startswith(("--interface", "--relay"))] == [
        "--relay=tcp://0.0.0.0:9060"
    ]
    assert [word for word in two if word.startswith(("--interface", "--relay"))] == [
        "--relay=tcp://0.0.0.0:9060",
        "--interface=eth0",
    ]


def test_2_x_is_named_after_the_machine() -> None:
    """1.x has no name then."""
    assert f"--node={socket.gethostname()}" in translated("-compat 2").words
    assert not [word for word in translated("").words if word.startswith("--node=")]


def test_2_x_has_no_port_for_metrics_unless_asked() -> None:
    """1.x is asked for none by an empty text."""
    assert translated("-compat 2").default_ops == ""
    assert translated("-prometheus=").default_ops == ""


@pytest.mark.parametrize(
    ("line", "waits"),
    [("-rf a", True), ("-rf a -eof-exit", False), ("-rf a -compat 2", False), ("", False)],
)
def test_1_x_stays_behind_the_last_file(line: str, *, waits: bool) -> None:
    """So that a unit with Restart=always does not read it again and again."""
    assert translated(line).waits_at_end is waits


PASTED = {
    "5060-5090 and not port 9060": (["--ports=5060-5090", "--exclude-ports=9060"], ""),
    "5060-5090 && !port 9060 and not portrange 7000-7010": (
        ["--ports=5060-5090", "--exclude-ports=9060,7000-7010"],
        "",
    ),
    "5060-5070 and not host 10.0.0.1": ([], "portrange 5060-5070 and not host 10.0.0.1"),
    "5060 or port 7000": ([], "portrange 5060 or port 7000"),
}


@pytest.mark.parametrize("text", PASTED)
def test_conditions_pasted_behind_the_ports(text: str) -> None:
    """By ports if these can say it, else by an expression that still lets RTCP pass."""
    words, expression = PASTED[text]
    found = translated(["-i", "eth0", "-pr", text]).words
    by_ports = [word for word in found if word.startswith(("--ports", "--exclude-ports"))]
    assert by_ports == words
    filters = [word for word in found if word.startswith("--filter=")]
    assert len(filters) == bool(expression)
    if filters:
        assert filters[0].startswith(f"--filter=({expression}) or (udp[8]")
        sip_only = translated(["-i", "eth0", "-m", "SIP", "-pr", text]).words
        assert f"--filter={expression}" in sip_only


@pytest.mark.parametrize(
    ("text", "line", "size"),
    [("0", 1, 0), ("0", 2, 100), ("1B", 1, 1), ("1025 kb", 1, 2), ("2TB", 1, 1_000_000)],
)
def test_sizes_of_the_buffer(text: str, line: int, size: int) -> None:
    """In MB, never less than one."""
    assert spool_mb(text, line) == size


def test_the_table_is_sound() -> None:
    """Each name once, each default of its kind in both lines."""
    assert len(KINDS) == len(FLAGS)
    for flag in FLAGS:
        for line in (1, 2):
            default = flag.default(line)
            if flag.kind is Kind.BOOL:
                assert default in ("true", "false")
            elif flag.kind is Kind.NUMBER:
                assert default.isdigit()


def test_the_key_is_not_shown() -> None:
    """Nor is anything that a shell would take apart."""
    command = translated(["-hp", "se cret", "-hn", "a b"]).command()
    assert "cret" not in command
    assert "'--node=a b'" in command


_VALUES = st.one_of(
    st.sampled_from(["", "0", "1", "5060", "5060-5090", "a,b", "10.0.0.1", "tcp", "-x", "x:1"]),
    st.sampled_from(["5060 and not port 9", "udp:h:1", "[::1]:1", "10MB", "SIP", "debug", "any"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([flag for flag in FLAGS if flag.name != "config"]), _VALUES),
        max_size=6,
    )
)
def test_any_flags_are_refused_or_become_options_that_are_taken(
    given_flags: list[tuple[Flag, str]],
) -> None:
    """Whatever comes out is a command line that our own parser understands."""
    words = []
    for flag, value in given_flags:
        text = value if flag.kind is Kind.TEXT else "true" if flag.kind is Kind.BOOL else "3"
        words.append(f"-{flag.name}={text}")
    try:
        found = translate(values_of(words, {}))
    except FlagError:
        return
    taken(found.words)
