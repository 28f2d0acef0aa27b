"""Statistics: KPIs over a range of times, and their course by the minute."""
