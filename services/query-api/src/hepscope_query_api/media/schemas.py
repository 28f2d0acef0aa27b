"""The shape of a call's media: streams, and their reports as points."""

from hepscope_query_api.schemas import Endpoint, Shape, Time


class MediaPoint(Shape):
    """One report; null is what it does not say. Points are never made up: a gap is a gap."""

    time: Time
    loss: float | None
    """Share of packets lost, 0 to 1, over the stream's `loss_window`."""
    discarded: float | None
    """Share received too late or too early to be played, 0 to 1."""
    packets_lost: int | None
    """Since the stream began; negative when duplicates came."""
    packets: int | None
    """Since the stream began."""
    jitter_ms: float | None
    """Interarrival jitter; null while the codec's clock is not known."""
    round_trip_ms: float | None
    """As said, else between capture point and reporter (`round_trip_said` false)."""
    round_trip_said: bool | None
    one_way_ms: float | None
    """Delay of the network one way, as said."""
    mos: float | None
    """Our estimate by the E-model; null where losses are not known or it is no speech."""
    r: float | None
    """Rating of that estimate; its scale is the last letter of `context`."""
    context: str | None
    """Name of the estimated MOS by ITU-T P.800.1, as `MOS-CQEN`: only like may be compared. LQ is
    listening, CQ conversation quality; N, W, F: narrowband (R to 100), wideband (129), fullband
    (148)."""
    mos_lq_said: float | None
    """Listening quality as the source says, also where it does not say which."""
    mos_cq_said: float | None
    """Conversation quality as the source says."""
    r_lq_said: float | None
    r_cq_said: float | None
    is_final: bool
    """Whether the source says that it is the last report of its stream."""


class Range(Shape):
    """A figure over all reports of a stream, those left out of `points` included."""

    mean: float | None
    """Null for a loss that is counted from the beginning: its reports overlap."""
    worst: float | None


class MediaSummary(Shape):
    """All reports of a stream."""

    reports: int
    first: Time
    last: Time
    loss: Range
    jitter_ms: Range
    round_trip_ms: Range
    mos: Range
    r: Range
    mos_said: Range
    """Conversation quality where it is said, else listening quality."""
    packets_lost: int | None
    """The most that a report counts."""


class MediaStream(Shape):
    """One stream as one kind of report at one node tells it."""

    ssrc: int | None
    source: Endpoint | None
    """Where the stream comes from: as the report says, else by the packet that carried it. RTCP
    has ports of its own, and a header of a SIP message has those of SIP."""
    destination: Endpoint | None
    """Where the stream goes to."""
    node: str | None
    """Node that captured the reports."""
    kind: str
    """What the reports are: `rtcp_json`, `rtcp_xr`, `vq_rtcpxr_session`, `x_rtp_stat` ..."""
    way: str | None
    """Whose report it is: `received` by the stream's receiver, `sent` by its sender; null where
    it is not said."""
    medium: str | None
    """`audio` or `video`, where the call's SDP tells."""
    codec: str | None
    codec_from: str | None
    """How the codec is known: `said` by the report, `sdp` of the call, or `assumed` G.711."""
    loss_window: str | None
    """What time `loss` is of: `interval`, since the report before (RTCP), or `cumulative`, since
    the stream began (XR, final reports)."""
    joined_by: str | None
    """How the call was found: by the `report`, by the `correlation` id of its packet, or by the
    `address` that SDP offered."""
    reporter: str | None
    """Name of the device or report, where said."""
    summary: MediaSummary
    points: list[MediaPoint]
    """In the order of time."""


class CallMedia(Shape):
    """The media of a call."""

    call_id: str
    streams: list[MediaStream]
    """In the order of their first reports."""
    is_thinned: bool
    """Whether there are more than 5000 reports: of adjacent ones the worst is shown. Summaries
    hold all."""
    streams_left_out: int
    """Streams over 200, those with the fewest reports."""
