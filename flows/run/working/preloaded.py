"""Imported last by the server that workers are forked from: garbage collection leaves alone what is loaded by then.

Each worker would otherwise look through the objects of all libraries again and again, and write to, and so copy, the
memory that it shares with the server.
"""

from __future__ import annotations

import gc

gc.freeze()
