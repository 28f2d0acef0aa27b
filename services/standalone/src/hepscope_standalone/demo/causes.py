"""Why a call ended, as the public network says it: Q.850 causes in Reason headers (RFC 3326)."""

from hepscope_standalone.demo.sip_text import Header

# ITU-T Q.850, table 1; the texts as gateways write them.
Q850 = {
    1: "Unallocated (unassigned) number",
    3: "No route to destination",
    16: "Normal call clearing",
    17: "User busy",
    18: "No user responding",
    19: "No answer from user",
    21: "Call rejected",
    28: "Invalid number format",
    34: "No circuit/channel available",
    38: "Network out of order",
    41: "Temporary failure",
    57: "Bearer capability not authorized",
    65: "Bearer capability not implemented",
    88: "Incompatible destination",
    102: "Recovery on timer expiry",
}

ELSEWHERE: Header = ("Reason", 'SIP;cause=200;text="Call completed elsewhere"')


def q850(cause: int) -> Header:
    """Return the header of a cause."""
    return ("Reason", f'Q.850;cause={cause};text="{Q850[cause]}"')


def because(status: int, text: str) -> Header:
    """Return the header of a SIP status."""
    return ("Reason", f'SIP;cause={status};text="{text}"')
