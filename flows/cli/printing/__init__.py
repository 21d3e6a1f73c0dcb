"""What commands print: plans, reports, evidence, links and tables."""
