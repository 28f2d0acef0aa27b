"""Exports of a call: PCAP, text and JSON, streamed."""
