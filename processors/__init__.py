"""What is made of a file, kept in a store and shared: importable and testable without Prefect."""
