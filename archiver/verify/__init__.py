"""Offline checks of what others hand over: nothing in here reaches a network, or writes anything."""
