"""Tests of the archiver."""
