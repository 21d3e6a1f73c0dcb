"""Errors of an S3 server, which obstore returns as one text, in words for users."""

from __future__ import annotations

import os
import re

IN_WORDS = {
    "NoSuchBucket": "no such bucket; create it, or choose another one",
    "RequestTimeTooSkewed": "the clocks of server and machine differ by more than 15 minutes; set this machine's",
    "InvalidAccessKeyId": "the server does not know the credentials; check AWS_ACCESS_KEY_ID",
    "SignatureDoesNotMatch": "the server does not accept the credentials; check AWS_SECRET_ACCESS_KEY and AWS_REGION",
    "ExpiredToken": "the credentials have expired; get new ones, and run again",
    "QuotaExceeded": "the bucket is full; free some space, and run again",
}
"""Meaning of S3's error codes, and what to do."""
NO_ADDRESS = "not an address of a bucket; write s3://bucket/folder"
NO_CREDENTIALS = (
    "no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, in the environment, or write a "
    "profile [default] in ~/.aws/credentials; they are never options"
)
CREDENTIALS_IN_ADDRESS = (
    "credentials do not belong in an address; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, in the "
    "environment"
)
MORE_IN_ADDRESS = "an address has only a bucket and a folder in it; leave out what begins with ? or #"
BAD_SERVER = (
    "the server overwrites an object that was to be created only once (it ignores If-None-Match), so that two runs "
    "could lose each other's results; use another server, or a newer version of it"
)
VERSIONED = (
    "the server overwrites an object that was to be created only once (it ignores If-None-Match), so that two runs "
    "could lose each other's results; the bucket is versioned, and some servers ignore it only there: use a bucket "
    "that never had versions, another server, or a newer version of it"
)
DELETED_VERSION = (
    "the server says that the object exists, and that it is missing, as some do in a bucket whose versioning is or was "
    "switched on; use a bucket that never had versions"
)
CHECK_PROFILE = "check AWS_PROFILE, and the files of credentials and settings"
CHECK_FILES = "check the files of credentials and settings"
ONE_KEY_OF_TWO = {
    "Missing AccessKeyId": "AWS_SECRET_ACCESS_KEY is set, but not AWS_ACCESS_KEY_ID; set both",
    "Missing SecretAccessKey": "AWS_ACCESS_KEY_ID is set, but not AWS_SECRET_ACCESS_KEY; set both",
}
OF_PROFILE = "External AWS credential provider: "
METADATA_ADDRESS = "169.254."
"""Start of the address of a cloud's metadata service; in an error it means that no credentials were found."""


def code_of(text: str) -> str:
    """Return the server's error code in the text of an error, such as `NoSuchBucket`; empty without one."""
    return next(iter(re.findall(r"<Code>(\w+)</Code>", text)), "")


def why_not_opened(text: str) -> str:
    """Return what is wrong and what to do, from the text of an error at opening, before any request."""
    if "Unable to recognise URL" in text:
        return NO_ADDRESS
    found = next((words for missing, words in ONE_KEY_OF_TWO.items() if missing in text), None)
    return found or f"{_first_line(text)}; check the address and the variables of the server in the environment"


def _first_line(text: str) -> str:
    return text.splitlines()[0][:300] if text else "unknown error"


def in_words(text: str, code: str) -> str:
    """Return what is wrong and what to do, from the text of an error and its `code_of`."""
    if code in IN_WORDS:
        return IN_WORDS[code]
    status = next(iter(re.findall(r"status code: (\d+)", text)), "")
    if METADATA_ADDRESS in text:
        return NO_CREDENTIALS
    if status in ("401", "403"):
        what = re.findall(r"performing (GET|HEAD|PUT|POST|DELETE|list)", text)
        act = {"GET": "read", "HEAD": "read", "list": "list"}.get(what[0] if what else "", "write")
        return f"not allowed to {act} there ({code or status}); check the credentials and their permissions"
    if status.startswith("5"):
        return f"the server returned an internal error ({status}); run again later"
    if "error sending request" in text or "HTTP error" in text:
        endpoint = os.environ.get("AWS_ENDPOINT_URL", "the server")
        return f"{endpoint} does not answer; check AWS_ENDPOINT_URL and the network"
    if OF_PROFILE in text:
        return f"{_first_line(text).partition(OF_PROFILE)[2]}; {CHECK_PROFILE}"
    return f"{_first_line(text)}; check the address and the server"
