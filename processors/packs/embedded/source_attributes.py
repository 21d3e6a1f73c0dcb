"""Where a source's results come from, for the attributes of tables and arrays in notebooks and packs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from processors.store.manifest import Manifest


@dataclass(frozen=True, kw_only=True)
class SourceAttributes:
    """One source as the current release and labels describe it; None is unknown."""

    name: str
    sha256: str
    release: str
    title: str | None
    credit: str | None
    rights: str | None
    mission: str | None
    published_at: str | None
    """URL given by the release."""
    start_utc: datetime | None
    """UTC at which the recording begins."""
    start_precision: str | None
    """`minute`, `second` or `subsecond`: how precisely the start is known."""
    start_seconds: float = 0.0
    """Presentation time at `start_utc`."""
    usage_terms: str | None = None
    instructions: str | None = None
    """Instructions to editors, such as an embargo."""
    inherited: Callable[[Manifest], str | None] = lambda manifest: None
    """Damage of the source reported by the results of which one is made, which itself names none; None for none."""
    difference: Callable[[Manifest], str | None] = lambda manifest: None
    """How a result differs from what today's release and recipes request; None if it does not."""

    def attributes(self, manifest: Manifest, what: str) -> dict[str, Any]:
        """Return plain values for `attrs`, with the processor of a result; unknown ones are left out.

        Parameters
        ----------
        what : title of the table or array.
        """
        told = {
            "title": f"{what} of {self.title or self.name}",
            "source": self.name,
            "source_sha256": self.sha256,
            "release": self.release,
            "credit": self.credit,
            "license": self.rights,
            "usage_terms": self.usage_terms,
            "instructions": self.instructions,
            "mission": self.mission,
            "references": self.published_at,
            "start_utc": self.start_utc and self.start_utc.isoformat().replace("+00:00", "Z"),
            "start_precision": self.start_precision if self.start_utc else None,
            **presentation_at_start(self.start_seconds if self.start_utc else 0.0),
            "processor": manifest.ref.processor,
            "processor_version": manifest.version,
            "processor_parameters": json.dumps(manifest.parameters, sort_keys=True, ensure_ascii=False),
            "software": _software(manifest),
            "key": manifest.ref.key,
            **_calibration(manifest.parameters),
            **warnings_of(manifest, manifest.reason or self.inherited(manifest)),
            "comment": self.difference(manifest),
        }
        return {name: value for name, value in told.items() if value is not None}


def presentation_at_start(start_seconds: float) -> dict[str, float]:
    """Return the attribute with the presentation time at which the recording begins; empty where it is 0.

    UTC is the start plus the presentation time less this.
    """
    return {"start_presentation_seconds": start_seconds} if start_seconds else {}


def warnings_of(manifest: Manifest, damage: str | None) -> dict[str, str]:
    """Return what a result says of its own numbers: `damage` of its source, and each `..._because` of its facts.

    Those of a shot have its number: `shot 2: in 83% of the steps fewer than half of the features agree ...`.

    Parameters
    ----------
    damage : that of its source, as the result names it or those of which it is made; None for none.
    """
    said: dict[str, dict[str, None]] = {"damage": {damage: None}} if damage else {}
    for item in manifest.items:
        is_picture = item.media_type.startswith("image/")  # what it says is of itself
        facts: Any = item.facts if isinstance(item.facts, dict) and not is_picture else {}
        shots = [one for one in facts.get("shots") or () if isinstance(one, dict) and "shot" in one]
        for where, record in (("", facts), *((f"shot {one['shot']}: ", one) for one in shots)):
            for name, reason in record.items():
                if name.endswith("_because") and reason:
                    reasons = [reason] if isinstance(reason, str) else reason
                    said.setdefault(name, {}).update(dict.fromkeys(f"{where}{one}" for one in reasons))
    return {name: "; ".join(reasons) for name, reasons in said.items()}


def _software(manifest: Manifest) -> str | None:
    """Return the version of marsmedia that made a result, and the commit of its checkout if there was one."""
    version, commit = manifest.software.get("marsmedia"), manifest.software.get("commit")
    return f"marsmedia {version}{f', commit {commit}' if commit else ''}" if version else None


def _calibration(parameters: Mapping[str, Any]) -> dict[str, str | float]:
    """Return the attributes that identify the calibration of a result, as in a netCDF file; empty without one."""
    from processors.audio.levels.calibration import Calibration
    from processors.json_records import from_json

    own = parameters.get("calibration")
    return from_json(Calibration, own).attributes if isinstance(own, dict) else {}
