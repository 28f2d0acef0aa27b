"""The demo: an hour of generated calls, sent through the real HEP port."""
