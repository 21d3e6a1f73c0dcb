"""Everything that can be made from a file: importable and testable without Prefect."""
