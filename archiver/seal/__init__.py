"""What proves a snapshot: so far its statement."""
