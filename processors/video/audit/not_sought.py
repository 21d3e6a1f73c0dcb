"""What neither the audit nor the list of shots looks for, as pages and commands say it."""

DISSOLVES = "Cuts and fades are looked for; dissolves from one scene to another are not."
"""Said where motion may be measured: motion across a dissolve means nothing, and nobody would notice."""
