"""heplify's flags, of both lines together: name, kind, defaults, and what becomes of each.

Taken from the documentation of 1.67 and 2.0.25. Where a default differs, that of the line that is
asked for counts; a flag that only one line has is taken in both.
"""

from dataclasses import dataclass

from hepscope_capture.heplify.go_flags import Kind


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag; a default of None is that of the other line."""

    name: str
    kind: Kind
    ours: str
    """What it becomes, for the user."""
    default1: str = ""
    default2: str | None = None

    def default(self, line: int) -> str:
        """Return the default of 1.x or 2.x."""
        return self.default1 if line == 1 or self.default2 is None else self.default2


_T, _N, _B = Kind.TEXT, Kind.NUMBER, Kind.BOOL

NOTHING = "nothing: needs no switch here"

FLAGS = (
    Flag("i", _T, "--interface; several, and lists with commas", "any"),
    Flag("t", _T, "nothing: one way to capture, the kernel's ring", "af_packet", "afpacket"),
    Flag("s", _N, "--snaplen", "8192"),
    Flag("b", _N, "--ring-mb", "32"),
    Flag("promisc", _B, "--promiscuous", "false", "true"),
    Flag("pi", _T, "an error: name the interfaces with -i"),
    Flag("m", _T, "SIP: --no-rtcp; SIPLOG: --sniff-logs 514, 2.x: --logs-listen", "SIPRTCP"),
    Flag("pr", _T, "--ports; pasted conditions become --exclude-ports or --filter", "5060-5090"),
    Flag("bpf", _T, "--filter"),
    Flag("vlan", _B, NOTHING, "false"),
    Flag("erspan", _B, NOTHING, "false"),
    Flag("fg", _N, "with -fw: --workers", "0"),
    Flag("fw", _N, "--workers, where heplify shares the interface between workers", "4"),
    Flag("hs", _T, "--send, one for each", "127.0.0.1:9060"),
    Flag("nt", _T, "the scheme of --send", "udp"),
    Flag("skipverify", _B, "--insecure", "false"),
    Flag("keepalive", _N, "nothing: TCP is kept alive", "5"),
    Flag("tcpsendretries", _N, "nothing: a server that is away is tried for ever", "0"),
    Flag("hi", _N, "--node-id", "2002"),
    Flag("hn", _T, "--node"),
    Flag("hp", _T, "--auth-key"),
    Flag("hin", _T, "--relay; 1.x: instead of an interface"),
    Flag("collectonlysip", _B, "--relay-kinds sip", "false"),
    Flag("replacetoken", _B, "--relay-replace-key", "false"),
    Flag("dd", _B, "--dedup-ms 400", "false"),
    Flag("fi", _T, "--include-payload"),
    Flag("di", _T, "--exclude-payload"),
    Flag("dim", _T, "--exclude-methods: requests, and by CSeq their answers"),
    Flag("diip", _T, "--exclude-addresses; networks, too"),
    Flag("disip", _T, "--exclude-sources; networks, too"),
    Flag("didip", _T, "--exclude-destinations; networks, too"),
    Flag("rf", _T, "--read"),
    Flag("rs", _B, "1.x: --speed max, else --now; 2.x: --now, always --speed max", "false"),
    Flag("lp", _N, "--loop", "1"),
    Flag("eof-exit", _B, "end behind the last file; 1.x without it waits for a signal", "false"),
    Flag("o", _B, "an error: there is no stepping by Enter", "false"),
    Flag("wf", _T, "an error: captures are not written"),
    Flag("rt", _N, "nothing without -wf", "60"),
    Flag("zf", _B, "nothing without -wf", "false"),
    Flag("tcpassembly", _B, "nothing: TCP is always put together", "false"),
    Flag("sipassembly", _B, "nothing: TCP is always put together", "false"),
    Flag("ipfragment", _B, "nothing: fragments are always joined", "false"),
    Flag("disable-defrag", _B, "an error: fragments are always joined", "false"),
    Flag("disable-tcp-reasm", _B, "an error: TCP is always put together", "false"),
    Flag("print-out-bad-message", _B, "nothing: what is too large is counted", "false"),
    Flag("protobuf", _B, "an error: HEP3 is sent, nothing else", "false"),
    Flag("script-file", _T, "an error: there is no Lua; filters and masks are settings"),
    Flag("script-hep-filter", _T, "nothing without -script-file", "1"),
    Flag("hep-buffer-activate", _B, "the spool, which is on anyway", "false"),
    Flag("hep-buffer-file", _T, "--spool-dir FILE.spool", "HEP-Buffer.dump"),
    Flag("hep-buffer-max-size", _T, "--spool-mb, rounded up; 1.x: 0 = our default", "0", "100MB"),
    Flag("hep-buffer-debug", _B, "nothing: payloads are never logged", "false"),
    Flag("prometheus", _T, "--ops", ":8090", ""),
    Flag("api", _T, "an error: -prometheus answers /readyz and /metrics"),
    Flag("api-user", _T, "nothing without -api"),
    Flag("api-pass", _T, "nothing without -api"),
    Flag("api-tls", _B, "nothing without -api", "false"),
    Flag("api-cert", _T, "nothing without -api"),
    Flag("api-key", _T, "nothing without -api"),
    Flag("config", _T, "settings of 2.x in JSON, read as if they were flags"),
    Flag("no-config", _B, "HEPLIFY_CONFIG is left alone", "false"),
    Flag("l", _T, "--log-level", "info"),
    Flag("d", _T, "--log-level debug"),
    Flag("e", _B, "nothing: logs go to standard error", "false", "true"),
    Flag("S", _B, "nothing: logs go to standard error", "false"),
    Flag("log-format", _T, "--log-format", "text"),
    Flag("log-payload", _B, "--print: a line for each message, on standard output", "false"),
    Flag("sl", _B, "nothing: logs go to standard error, and from there to the journal", "false"),
    Flag("p", _T, "nothing: no log file is written", "./"),
    Flag("n", _T, "nothing: no log file is written", "heplify.log"),
    Flag("fnum", _N, "nothing: no log file is written", "7"),
    Flag("fsize", _N, "nothing: no log file is written", "10485760"),
    Flag("assembly_debug_log", _B, "nothing", "false"),
    Flag("assembly_memuse_log", _B, "nothing", "false"),
    Flag("version", _B, "the version", "false"),
    Flag("h", _B, "this list", "false"),
    Flag("help", _B, "this list", "false"),
    Flag("compat", _N, "ours: 1 or 2, whose meaning counts where 1.x and 2.x differ", "1"),
    Flag("translate", _B, "ours: print the command that this becomes, and end", "false"),
)

BY_NAME = {flag.name: flag for flag in FLAGS}
KINDS = {flag.name: flag.kind for flag in FLAGS}
