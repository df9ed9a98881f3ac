"""What data say: scores, turning points, fits, backtests, the ledger (method §9)."""
