"""What happens now: stored messages as they are committed, and the calls under way."""
