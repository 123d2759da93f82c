"""Schedules: what is to be captured when, and what became of each time it was due. No database and no network."""
