"""What a store says went wrong, in words of ours: its own may hold anything, and are not repeated."""

from __future__ import annotations

import re
from typing import NamedTuple

from flowcheck.errors import RunError

_AWS = re.compile(r"AWS Error (\[code \d{1,4}\]|[A-Z_]{2,60})(?: \(HTTP status (\d{3})\))? during \w{2,60}")
_NAMED = re.compile(r"ExceptionName: (\w{2,60})")
_STATUS = re.compile(r"\b(?:HTTP status(?: code)?|Status|status_code|HTTP)[ :=]{1,2}(\d{3})\b")
_GOOGLE = re.compile(r"google::cloud::Status\((\w{2,60})")
_AZURE = re.compile(r"Azure Error: \[(\w{2,60})\]")
_CREDENTIALS = "check the credentials that the cloud's own tools find here (docs/stores.md)"


class Trouble(NamedTuple):
    """``code``: the store's own word for it, where it is one of letters."""

    message: str
    hint: str
    code: str = ""

    def error(self, where: str) -> RunError:
        return RunError(self.message, where=where, hint=self.hint)

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


_TOLD = {
    "no_bucket": ("there is no such bucket", "check its name, and --endpoint or --region"),
    "missing": ("there is no such object or prefix", "check the key; a store knows no ~ and no case"),
    "denied": (
        "access is denied",
        'what is needed is in docs/stores.md, "Permissions"; --anonymous is for public buckets',
    ),
    "key": ("the access key is not known to the store", _CREDENTIALS),
    "signature": ("the secret key is not the one of the access key", _CREDENTIALS),
    "expired": ("the credentials are no longer valid", "get new ones, and go on with --resume"),
    "none": ("no credentials were found", f"{_CREDENTIALS}, or say --anonymous for a public bucket"),
    "clock": ("this machine's clock is too far off for the store", "set the clock (NTP), then run again"),
    "slow": ("the store asks to slow down, and still did after several tries", "try again later (--resume)"),
    "down": (
        "the store has a fault of its own, and still had after several tries",
        "try again later (--resume)",
    ),
    "region": ("the bucket is in another region", "name it: --region, or AWS_REGION"),
    "archived": ("the object is archived", "restore it first"),
    "network": ("the store cannot be reached", "check --endpoint, the network and the proxy"),
    "cut": ("the connection ended before all bytes had come", "try again (--resume)"),
    "tls": ("the store's certificate is not trusted", "add its authority to this machine's, or use http://"),
}
_CODES = {
    "no_bucket": "NO_SUCH_BUCKET NoSuchBucket ContainerNotFound",
    "missing": "NO_SUCH_KEY NoSuchKey BlobNotFound PathNotFound NOT_FOUND RESOURCE_NOT_FOUND",
    "denied": "ACCESS_DENIED AccessDenied AuthorizationFailure AuthorizationPermissionMismatch "
    "PERMISSION_DENIED AllAccessDisabled InsufficientAccountPermissions",
    "key": "INVALID_ACCESS_KEY_ID InvalidAccessKeyId UNRECOGNIZED_CLIENT INVALID_CLIENT_TOKEN_ID "
    "INVALID_SIGNATURE UNAUTHENTICATED",
    "signature": "SIGNATURE_DOES_NOT_MATCH SignatureDoesNotMatch AuthenticationFailed",
    "expired": "EXPIRED_TOKEN ExpiredToken InvalidToken INVALID_TOKEN REQUEST_EXPIRED RequestExpired "
    "TokenRefreshRequired",
    "none": "MISSING_AUTHENTICATION_TOKEN NoAuthenticationInformation",
    "clock": "REQUEST_TIME_TOO_SKEWED RequestTimeTooSkewed",
    "slow": "SLOW_DOWN SlowDown THROTTLING ServerBusy TooManyRequests RESOURCE_EXHAUSTED",
    "down": "SERVICE_UNAVAILABLE INTERNAL_FAILURE InternalError UNAVAILABLE INTERNAL",
    "region": "PermanentRedirect AuthorizationHeaderMalformed IllegalLocationConstraintException",
    "archived": "InvalidObjectState BlobArchived",
    "network": "NETWORK_CONNECTION",
}
_BY_CODE = {code: kind for kind, codes in _CODES.items() for code in codes.split()}
_BY_CODE["[code 136]"] = "archived"  # as pyarrow 26 has S3's InvalidObjectState, which it has no word for
_BY_STATUS = {"301": "region", "403": "denied", "401": "key", "404": "missing", "429": "slow", "503": "slow"}
_BY_WORDS = (
    ("curlCode: 60", "tls"),
    ("curlCode: 35", "tls"),
    ("curlCode: 18", "cut"),
    ("end of file", "cut"),
    ("credential", "none"),
    ("resolve host", "network"),
    ("onnection", "network"),
)


def trouble_of(error: BaseException) -> Trouble:
    """What it was. Nothing of the error's text is told but codes."""
    text = str(error)
    found = _AWS.search(text)
    codes = [one[1] for one in (_NAMED.search(text), _GOOGLE.search(text), _AZURE.search(text), found) if one]
    status = (found[2] if found and found[2] else None) or next(iter(_STATUS.findall(text)), "")
    kinds = [_BY_CODE[code] for code in codes if code in _BY_CODE]
    kinds += [kind for words, kind in _BY_WORDS[:3] if words in text and kinds[:1] in ([], ["network"])][:1]
    if len(kinds) > 1 and kinds[0] == "network":
        kinds = kinds[1:]
    if not kinds and isinstance(error, FileNotFoundError):
        kinds = ["missing"]
    if not kinds and status in _BY_STATUS:
        kinds = [_BY_STATUS[status]]
    if not kinds:
        kinds = [kind for words, kind in _BY_WORDS if words in text]
    if kinds:
        return Trouble(*_TOLD[kinds[0]], code=codes[0] if codes else "")
    code = codes[0] if codes else f"HTTP {status}" if status else type(error).__name__
    return Trouble(f"the store answers {code}", "its own documents say what that means", code)
