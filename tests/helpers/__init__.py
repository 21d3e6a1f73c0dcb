"""Media with known answers, and the tools that tests share."""
