"""Rules of admission: what is refused, and what is masked, before anything reaches the bus.

Each module holds one kind of rule, pure: a packet and a time in, a verdict out.
"""
