"""The page of the first layer: what brought us here, and how we know."""
