"""What a run leaves: its record, its report, and every problem with its reason."""
