"""Feeds that are watched, and what is told of jobs."""
