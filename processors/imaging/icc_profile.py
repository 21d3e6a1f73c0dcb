"""Name of an ICC profile."""

from __future__ import annotations

import io

from PIL import ImageCms


def profile_name(icc_profile: bytes | None) -> str | None:
    """Return the profile's name; `unreadable` for a broken one, None without one."""
    if not icc_profile:
        return None
    try:
        return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(icc_profile))).strip()
    except (ImageCms.PyCMSError, OSError):
        return "unreadable"
