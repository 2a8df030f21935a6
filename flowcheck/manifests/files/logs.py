"""Logs that lie in a folder: those of Kubernetes objects, as audit logs and watches are, and all the others.

Many programs write JSON lines, in which words like ``kind`` and ``object`` mean what they please. So a log
counts by its first line alone; one that was named is read whatever is in it. Called by ``files``.
"""

from __future__ import annotations

import re

import msgspec

from flowcheck.manifests.envelopes import EMPTY_EVENTS, EVENTS
from flowcheck.manifests.identity import JsonHead, head_of_json
from flowcheck.manifests.text.json_items import JsonError, split_values

SUFFIX = ".log"
_BEGINS_JSON = re.compile(rb"\s*\{")
_NAMES_A_VERSION = re.compile(rb'.*?"apiVersion"\s*:')


def is_of_objects(log: bytes) -> bool:
    """Whether a log begins with an object or an event of a watch, or with a broken line meant as one."""
    if not (begin := _BEGINS_JSON.match(log)):
        return not log  # just rotated
    try:
        _, first, known = next(split_values(log, JsonHead))
        head, _ = head_of_json(first, known)
    except (JsonError, msgspec.ValidationError):
        return _NAMES_A_VERSION.match(log, begin.start()) is not None
    if head.is_event:
        return head.type in (*EVENTS, *EMPTY_EVENTS)
    return isinstance(head.kind, str) and isinstance(head.api_version, str)
