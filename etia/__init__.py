"""Event-based trend impact analysis: dated events, trends and policies in one probability model."""
