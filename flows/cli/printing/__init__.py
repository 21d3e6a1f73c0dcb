"""Output of commands: plans, reports, evidence, links and tables."""
