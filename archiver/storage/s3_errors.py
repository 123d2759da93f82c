"""What a failure of an S3 store means: whether it may pass, whether the request may have been carried out, and why.

Texts that come from the store are not shown: they may hold anything. Its error codes are, as far as they look like
such. Credentials are in none of what is shown.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from botocore import exceptions
from botocore.parsers import ResponseParserError

#: all that boto3 raises when it has been called rightly
FAILURES = (exceptions.BotoCoreError, exceptions.ClientError, ResponseParserError)
Failure = exceptions.BotoCoreError | exceptions.ClientError | ResponseParserError

_CODE = re.compile(r"[A-Za-z0-9.]{1,60}")
_PASSING_STATUS = (429, 500, 502, 503, 504)
#: of a conditional request that met another one: nothing was done (S3 API, PutObject and CompleteMultipartUpload)
_CONFLICTS = ("ConditionalRequestConflict", "OperationAborted")
#: what arrived was not what was sent: nothing was done
_DAMAGED = ("BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "IncompleteBody")
_PASSING = (*_CONFLICTS, *_DAMAGED, "RequestTimeout", "SlowDown", "Throttling", "ThrottlingException")

_BROKEN = (exceptions.HTTPClientError, exceptions.ConnectionError, exceptions.IncompleteReadError)

_DENIED = "access denied; these credentials need s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket there"
_REGION = "the bucket is in another region; set AWS_DEFAULT_REGION"
_CAUSES = {
    "NoSuchBucket": "there is no such bucket; make it, or correct the location",
    "InvalidBucketName": "no bucket can have this name",
    "AccessDenied": _DENIED,
    "AllAccessDisabled": _DENIED,
    "403": f"{_DENIED}, and must be right",  # HEAD has no body that says which
    "InvalidAccessKeyId": "the store does not know this access key; check AWS_ACCESS_KEY_ID and AWS_ENDPOINT_URL_S3",
    "SignatureDoesNotMatch": "the secret key does not belong to the access key; check AWS_SECRET_ACCESS_KEY",
    "RequestTimeTooSkewed": "this machine's clock and the store's differ too much; set the clock",
    "RequestExpired": "this machine's clock and the store's differ too much; set the clock",
    "ExpiredToken": "the session token has expired; get a new one",
    "InvalidToken": "the session token is not valid; check AWS_SESSION_TOKEN",
    "PermanentRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
    "InvalidObjectState": "it lies in cold storage; restore it first",
    "EntityTooLarge": "it is larger than the store takes",
    "BadDigest": "what arrives is not what was sent",
    "SlowDown": "the store is overloaded",
    "NotImplemented": "the store does not know this request",
}
_CREDENTIALS = "there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"


def code_of(error: Failure) -> str:
    """The store's error code, made harmless; empty when the store has not answered."""
    if not isinstance(error, exceptions.ClientError):
        return ""
    code = str(error.response.get("Error", {}).get("Code", ""))
    return code if _CODE.fullmatch(code) else "unknown"


def status_of(error: Failure) -> int:
    """The HTTP status; 0 when there was no answer."""
    if not isinstance(error, exceptions.ClientError):
        return 0
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def is_missing(error: Failure) -> bool:
    """Whether there is no such object. An answer to HEAD says the same of a bucket."""
    return code_of(error) in ("NoSuchKey", "NoSuchVersion", "404", "NotFound") and status_of(error) == 404


def is_refused(error: Failure) -> bool:
    """Whether the condition of the request did not hold."""
    return status_of(error) == 412


def is_passing(error: Failure) -> bool:
    """Whether the same request may succeed a little later."""
    if isinstance(error, exceptions.ClientError):
        return status_of(error) in _PASSING_STATUS or code_of(error) in _PASSING
    if isinstance(error, exceptions.SSLError):
        return False
    return isinstance(error, (*_BROKEN, ResponseParserError))


def may_have_happened(error: Failure) -> bool:
    """Whether the store may have done what it was asked, although it did not say so."""
    return is_passing(error) and code_of(error) not in (*_CONFLICTS, *_DAMAGED)


def is_answer(error: Failure) -> bool:
    """Whether the store has understood the request and will not do it."""
    return (
        code_of(error) in _DAMAGED
        or (400 <= status_of(error) < 500 and not is_passing(error))
        or (code_of(error) == "NotImplemented")
    )


def is_conflict(error: Failure) -> bool:
    """Whether the request met another one at the same key and was not carried out."""
    return code_of(error) in _CONFLICTS


def cause(error: Failure, endpoint: str) -> str:
    """Why it failed and what to do, for the end of a line."""
    if isinstance(error, exceptions.ClientError):
        code = code_of(error)
        if code not in _CAUSES and (code.isdigit() or code == "unknown"):
            return f"the store answered {status_of(error)} without an S3 error code; check AWS_ENDPOINT_URL_S3"
        return _CAUSES.get(code) or f"the store answered {status_of(error)} {code}".rstrip()
    return _cause_without_answer(error, place_of(endpoint))


def _cause_without_answer(error: Failure, place: str) -> str:
    match error:
        case exceptions.NoCredentialsError():
            return _CREDENTIALS
        case exceptions.PartialCredentialsError():
            return "the credentials are not complete; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        case exceptions.CredentialRetrievalError() | exceptions.TokenRetrievalError() | exceptions.SSOError():
            return "no credentials could be had; sign in again, or check AWS_PROFILE"
        case exceptions.SSLError():
            return f"the certificate of {place} is not trusted; name its authority in AWS_CA_BUNDLE"
        case exceptions.ReadTimeoutError():
            return f"{place} did not answer in time"
        case exceptions.ConnectionError():
            return f"there is no connection to {place}; check AWS_ENDPOINT_URL_S3 and the network"
        case exceptions.HTTPClientError() | exceptions.IncompleteReadError():
            return f"the connection to {place} broke"
        case ResponseParserError():
            return f"what {place} answered is not S3; check AWS_ENDPOINT_URL_S3"
    return f"boto3 gave up with {type(error).__name__}"


def cause_of_settings(error: exceptions.BotoCoreError | ValueError) -> str:
    """Why no client could be made. What is in the settings is not shown: it may be a password."""
    if isinstance(error, exceptions.PartialCredentialsError):
        return _cause_without_answer(error, "")
    return (
        f"boto3 cannot use its settings ({type(error).__name__}); check AWS_ENDPOINT_URL_S3, AWS_PROFILE, "
        "AWS_DEFAULT_REGION and the files in ~/.aws"
    )


def place_of(endpoint: str) -> str:
    """Host and port of an endpoint: its URL may hold a password."""
    parts = urlsplit(endpoint)
    return f"{parts.hostname}:{parts.port}" if parts.port else f"{parts.hostname}"
