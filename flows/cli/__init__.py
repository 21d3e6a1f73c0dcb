"""The command `marsmedia`. Above deployments."""
