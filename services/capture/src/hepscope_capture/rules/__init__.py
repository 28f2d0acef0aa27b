"""Rules of the agent: what is not sent, and what is masked before it leaves the machine.

Each module holds one kind of rule, pure: a message with its own time in, a verdict out.
"""
