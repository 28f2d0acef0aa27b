"""Log lines of the servers as they send them: HEP type 100 with the Call-ID (hlog, syslog)."""

from hep.protocols import LOG
from hepscope_standalone.demo.network import Host
from hepscope_standalone.demo.scene import Scene

PROGRAMS = {"kam": "kamailio", "sbc": "kamailio", "fs-": "freeswitch", "rtp": "rtpengine"}


def log(scene: Scene, host: Host, call_id: str, level: str, text: str) -> None:
    """Record what a server that has a node writes of a call now."""
    if host.node is None:
        return
    program = PROGRAMS[host.node.name[:3]]
    line = f"{program}: {level}: {call_id}: {text}"
    scene.see(host.node, (host, host), call_id, line.encode(), protocol=LOG)
