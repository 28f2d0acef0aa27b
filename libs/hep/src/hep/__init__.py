"""Pure codecs of VoIP monitoring: HEP 1, 2 and 3, SIP and SDP."""
