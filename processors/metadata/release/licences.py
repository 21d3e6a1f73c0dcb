"""Licences by name with their standard URIs, from the freest to the strictest."""

from __future__ import annotations

import re

RIGHTS_ADDRESSES = (
    (r"public domain", "http://creativecommons.org/publicdomain/mark/1.0/"),
    (r"CC0([- ]1\.0)?", "http://creativecommons.org/publicdomain/zero/1.0/"),
    (r"CC[- ]BY[- ](?P<version>[234]\.0)", "http://creativecommons.org/licenses/by/{version}/"),
    (r"CC[- ]BY-SA[- ](?P<version>[234]\.0)", "http://creativecommons.org/licenses/by-sa/{version}/"),
    (r"CC[- ]BY-NC[- ](?P<version>[234]\.0)", "http://creativecommons.org/licenses/by-nc/{version}/"),
    (r"CC[- ]BY-NC-SA[- ](?P<version>[234]\.0)", "http://creativecommons.org/licenses/by-nc-sa/{version}/"),
    (r"unresolved", "http://rightsstatements.org/vocab/UND/1.0/"),
)
"""URIs that IIIF Presentation 3 allows as `rights`: Creative Commons and rightsstatements.org."""
NOT_EVALUATED = "http://rightsstatements.org/vocab/CNE/1.0/"


def rights_address_of(words: str | None) -> str | None:
    """Return the standard URI of these rights; None if they are stated and no standard covers them."""
    if words is None:
        return NOT_EVALUATED
    for pattern, address in RIGHTS_ADDRESSES:
        if found := re.fullmatch(pattern, words.strip(), re.IGNORECASE):
            return address.format(**found.groupdict())
    return None


def is_open_licence(words: str) -> bool:
    """Return whether these rights are the public domain, CC0, or a licence of Creative Commons for all purposes."""
    address = rights_address_of(words) or ""
    return any(part in address for part in ("/publicdomain/", "/licenses/by/", "/licenses/by-sa/"))


def strictness_of(words: str | None) -> int:
    """Return a number that is higher for stricter rights; words that no standard covers are nearly the strictest."""
    if words is None:
        return 0
    patterns = [pattern for pattern, _ in RIGHTS_ADDRESSES]
    for number, pattern in enumerate(patterns[:-1], start=1):
        if re.fullmatch(pattern, words.strip(), re.IGNORECASE):
            return number
    return len(patterns) + bool(re.fullmatch(patterns[-1], words.strip(), re.IGNORECASE))
