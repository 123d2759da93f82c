"""Feeds: fetched behind the guard, and read into the addresses of the articles that they name."""
