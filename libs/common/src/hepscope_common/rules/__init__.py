"""Rules on packets that more than one service has: what is told apart, refused or masked.

Each module holds one kind, pure: bytes and times in, a verdict or bytes out. Nothing here needs
more than the standard library and ``hep``.
"""
