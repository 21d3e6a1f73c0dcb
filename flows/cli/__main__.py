"""`python -m flows.cli`: the command `marsmedia` if that is not installed."""

from __future__ import annotations

from flows.cli.main import main

if __name__ == "__main__":
    main(prog_name="marsmedia")
