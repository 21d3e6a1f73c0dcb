"""What a run finds before any work: files, what changed, and what is due."""
