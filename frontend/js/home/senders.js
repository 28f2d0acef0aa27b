/** The lines that make each sender send here, in its own language; checked against the real programs. */

/** @typedef {import("./place.js").Ports} Ports */
/** @typedef {{name: string, title: string, needs: keyof Ports, lines: (host: string, port: number) => string}} Sender */

/** @type {readonly Sender[]} */
export const SENDER_LIST = Object.freeze([
  { name: "kamailio", title: "Kamailio", needs: "udp", lines: (host, port) => `loadmodule "siptrace.so"
modparam("siptrace", "duplicate_uri", "sip:${host}:${port}")
modparam("siptrace", "hep_mode_on", 1)
modparam("siptrace", "hep_version", 3)
modparam("siptrace", "trace_to_database", 0)
modparam("siptrace", "trace_on", 1)
modparam("siptrace", "trace_mode", 1)` },
  { name: "opensips", title: "OpenSIPS", needs: "udp", lines: (host, port) => `socket=hep_udp:OWN_IP:6060
loadmodule "proto_hep.so"
modparam("proto_hep", "hep_id", "[hepscope] ${host}:${port}; transport=udp; version=3")
loadmodule "tracer.so"
modparam("tracer", "trace_on", 1)
modparam("tracer", "trace_id", "[t]uri=hep:hepscope")
# at the top of the main route:
trace("t", "d", "sip");` },
  { name: "freeswitch", title: "FreeSWITCH", needs: "udp", lines: (host, port) => `<!-- global_settings -->
<param name="capture-server" value="udp:${host}:${port};hep=3;capture_id=100"/>
<!-- settings of each profile -->
<param name="sip-capture" value="yes"/>` },
  { name: "asterisk", title: "Asterisk", needs: "udp", lines: (host, port) => `[general]
enabled = yes
capture_address = ${host}:${port}
capture_id = 1234
uuid_type = call-id` },
  { name: "rtpengine", title: "rtpengine", needs: "udp", lines: (host, port) => `homer = ${host}:${port}
homer-protocol = udp
homer-id = 1` },
  { name: "heplify", title: "heplify", needs: "udp", lines: (host, port) => `heplify -hs ${host}:${port} -i any -m SIPRTCP -nt udp` },
  { name: "capture", title: "hepscope capture", needs: "tcp", lines: (host, port) => `hepscope capture --interface eth0 --send tcp://${host}:${port}
hepscope capture --read calls.pcap --send tcp://${host}:${port} --speed max --now` },
  { name: "sngrep", title: "sngrep", needs: "udp", lines: (host, port) => `sngrep -H udp:${host}:${port}` },
  { name: "http", title: "curl", needs: "http", lines: (host, port) => `curl http://${host}:${port}/hep --json '{"payload": "worker restarted", "protocol_type": "log"}'` },
]);

/** @param {string} host @param {number} port @param {string} page where the page is, so that the demo can name what it filled */
export const demoLine = (host, port, page) => `make demo ARGS="--send tcp://${host}:${port} --page ${page}"`;
