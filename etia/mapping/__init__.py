"""Layer 2: the most likely future trends."""
