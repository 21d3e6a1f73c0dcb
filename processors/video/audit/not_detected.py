"""Features that neither the audit nor the list of shots detects, as worded on pages and by commands."""

DISSOLVES = "Cuts and fades are looked for; dissolves from one scene to another are not."
"""Shown where motion may be measured: motion across a dissolve is meaningless, and would go unnoticed."""
