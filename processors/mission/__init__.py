"""Time on Mars, dates, and mission profiles with a source for each fact. Above containers."""
