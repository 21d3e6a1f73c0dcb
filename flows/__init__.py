"""Prefect flows and the command line over the processors."""
