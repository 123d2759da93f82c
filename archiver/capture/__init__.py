"""Recording what a real browser receives, and what it shows."""
