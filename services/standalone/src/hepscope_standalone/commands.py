"""The subcommands of ``hepscope``: what an operator can do, and where each is found."""

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("hepscope_standalone.run", "start everything in one process"),
    "demo": ("hepscope_standalone.demo.cli", "send an hour of generated calls"),
    "capture": ("hepscope_capture.cli", "send SIP and RTCP off the wire or from files as HEP"),
    "migrate": ("hepscope_standalone.migrate", "bring a database to this release"),
    "partitions": ("hepscope_standalone.partitions", "see, drop and check partitions"),
    "positions": ("hepscope_standalone.positions", "see how far the bus is stored, accept gaps"),
    "dead-letters": ("hepscope_standalone.dead_letters", "see and offer again what was refused"),
    "replay": ("hepscope_standalone.replay", "feed a time range of the bus again"),
    "doctor": ("hepscope_standalone.doctor", "look for what is wrong, from listener to row"),
    "check-config": ("hepscope_standalone.check", "check the settings and exit"),
}
"""Module and summary of each; a module has ``add_arguments(parser)`` and ``run(options)``."""
