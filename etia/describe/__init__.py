"""Layer 1: what brought us here."""
