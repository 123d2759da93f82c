"""The local web that the tests archive: a server with a log, and the sites on it."""
