"""Bundle a small made-up web that a newcomer can archive without internet access."""
