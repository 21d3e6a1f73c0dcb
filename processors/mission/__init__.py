"""When and where on Mars: the planet's clock, and what is known of a mission, fact by fact with its source."""
