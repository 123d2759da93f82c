"""Jobs: captures that wait for their turn, host by host, and the workers that make them."""
