"""The page of the third layer: which strategies."""
