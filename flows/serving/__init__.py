"""Prefect integration: server, tasks, schedules and forms. Above run."""
