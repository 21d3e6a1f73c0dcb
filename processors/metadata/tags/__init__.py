"""Tags as files carry them, format by format."""
