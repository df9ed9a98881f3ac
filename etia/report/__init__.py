"""Words, pages and the run folder, written from results; computes nothing new."""
