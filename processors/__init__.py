"""What can be made of a file: importable and testable without Prefect."""
