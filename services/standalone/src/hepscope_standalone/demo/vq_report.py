"""What a phone publishes of a call it has measured itself: vq-rtcpxr (RFC 6035)."""

from datetime import UTC, datetime

from hepscope_standalone.demo.calls import Call
from hepscope_standalone.demo.dialog import Dialog
from hepscope_standalone.demo.network import CORE, DOMAIN
from hepscope_standalone.demo.people import Party
from hepscope_standalone.demo.sip_text import Body, Header

COLLECTOR = Party("vq-collector", CORE)
VQ_TYPE = "application/vq-rtcpxr"


def publish(call: Call, began_us: int, ended_us: int, *, is_bad: bool) -> None:
    """Let the callee publish its report to the core after the call."""
    scene, phone = call.scene, call.dialog.callee
    scene.pause(0.5, 2.0)
    dialog = Dialog(scene, (phone.host, CORE), phone, COLLECTOR)
    event: Header = ("Event", "vq-rtcpxr")
    body = Body(_report(call, began_us, ended_us, is_bad=is_bad), VQ_TYPE)
    sent = dialog.request(
        "PUBLISH", headers=[event, ("Expires", "3600")], body=body, uri=f"sip:{DOMAIN}"
    )
    dialog.respond(sent, 200, headers=[("Expires", "3600"), ("SIP-ETag", scene.token())])
    scene.plan(dialog.call_id, "quality report", "PUBLISH", 200, "other")


def _report(call: Call, began_us: int, ended_us: int, *, is_bad: bool) -> str:
    random, codec = call.scene.random, call.media.codec
    caller, callee = call.media.caller, call.media.callee
    loss = random.uniform(2.5, 5.5) if is_bad else random.uniform(0.0, 0.3)
    discarded = random.uniform(1.0, 3.0) if is_bad else 0.0
    jitter = random.uniform(24.0, 48.0) if is_bad else random.uniform(2.0, 7.0)
    rating = random.randrange(52, 66) if is_bad else random.randrange(88, 93)
    mos = f"{random.uniform(2.7, 3.4) if is_bad else random.uniform(4.1, 4.4):.1f}"
    name = codec.encoding.partition("/")[0]
    described = f"PT={codec.number} PD={name} SR={codec.clock_hz}"
    lines = [
        "VQSessionReport: CallTerm",
        f"CallID: {call.call_id}",
        f"LocalID: {call.dialog.callee.name_addr}",
        f"RemoteID: {call.dialog.caller.name_addr}",
        f"OrigID: {call.dialog.caller.name_addr}",
        f"LocalAddr: IP={callee.host.address} PORT={callee.host.port} SSRC=0x{callee.ssrc:08X}",
        f"RemoteAddr: IP={callee.relay.address} PORT={callee.relay.port} SSRC=0x{caller.ssrc:08X}",
        "LocalMetrics:",
        f"Timestamps: START={_time(began_us)} STOP={_time(ended_us)}",
        f"SessionDesc: {described} FD=20 FPP=1 PPS=50 PLC=3 SSUP=off",
        "JitterBuffer: JBA=3 JBR=2 JBN=40 JBM=80 JBX=160",
        f"PacketLoss: NLR={loss:.1f} JDR={discarded:.1f}",
        f"Delay: RTD={random.randrange(24, 90)} ESD={random.randrange(60, 90)} IAJ={jitter:.0f}",
        f"QualityEst: RLQ={rating} RCQ={rating - 2} MOSLQ={mos} MOSCQ={mos}",
    ]
    return "".join([f"{line}\r\n" for line in lines])


def _time(time_us: int) -> str:
    moment = datetime.fromtimestamp(time_us // 1_000_000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
