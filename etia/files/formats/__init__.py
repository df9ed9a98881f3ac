"""Import and export, a file a format."""
