"""Whether credentials are those of a profile in the files of Amazon's tools, which boto3 reads and obstore does not."""

from __future__ import annotations

import configparser
import os
from pathlib import Path

FILES = {"AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials", "AWS_CONFIG_FILE": "~/.aws/config"}
"""Variable that names each file, and where it is otherwise."""
DEFAULT = "default"
"""Profile that is used if none is named."""
SOURCES = ("aws_access_key_id", "credential_process", "login_session", "role_arn", "sso_account_id", "sso_session")
"""Settings of a profile that give it credentials; one without them, as with a region alone, has none."""
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
BEFORE_FILES = (*KEYS, "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_SKIP_SIGNATURE")
"""Variables that are asked before the profile `[default]`."""


def is_profile_used() -> bool:
    """Return whether a profile is named in the environment, or is the default one, and no keys there come first.

    The order is that of Amazon's tools: keys in the environment, a named profile, a web identity, the profile
    `[default]`, and last the role of a container or a machine.
    """
    if os.environ.get("AWS_PROFILE"):
        return "AWS_ACCESS_KEY_ID" not in os.environ
    return not any(name in os.environ for name in BEFORE_FILES) and any(
        _has_default(Path(os.environ.get(variable) or usual).expanduser()) for variable, usual in FILES.items()
    )


def _has_default(path: Path) -> bool:
    """Return whether a file has credentials for `[default]`; False for one that cannot be read."""
    settings = configparser.RawConfigParser(default_section="", strict=False)
    try:
        settings.read(path, encoding="utf-8")
    except (OSError, UnicodeDecodeError, configparser.Error):
        return False
    return settings.has_section(DEFAULT) and any(settings.has_option(DEFAULT, name) for name in SOURCES)
