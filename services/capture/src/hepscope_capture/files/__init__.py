"""Capture files: pcap and pcapng, plain or gzip, as a stream of frames."""
