"""Changes of recipes by an operator, and names of results with other parameters."""
