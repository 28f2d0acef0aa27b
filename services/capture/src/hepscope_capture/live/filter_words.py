"""What the filter's program keeps in the machine's scratch words."""

KIND, PROTOCOL, SIDES, WORD = range(4)
"""An EtherType; a transport's number; which addresses are servers'; what is at hand."""
