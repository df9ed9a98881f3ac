"""The page of the second layer: where trends are most likely to go."""
