"""Layer 3: which strategies."""
