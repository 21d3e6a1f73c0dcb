"""Prefect: its server, tasks, schedules and forms."""
