"""What the commands of `marsmedia` do."""
