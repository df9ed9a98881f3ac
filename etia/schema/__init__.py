"""What an analyst may write, a file a chapter."""
