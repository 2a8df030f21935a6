"""What of SARIF 2.1.0 the report uses, as a JSON Schema of our own from the text of the standard (OASIS).

Narrower than the standard where GitHub is: a result has a rule, a message and a physical location. No other
property is there, so that a misspelt one is found.
"""

from __future__ import annotations

from typing import Any


def _object(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **optional},
        "additionalProperties": False,
    }


def _list(items: Any, least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least}


TEXT = {"type": "string", "minLength": 1}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
MESSAGE = _object({"text": TEXT})
URI = {
    "type": "string",
    "pattern": r"^(?!/)(?!.*(^|/)\.\.(/|$))([A-Za-z0-9\-._~!$&'()*+,;=@/]|%[0-9A-F]{2})+$",
}
"""A relative reference (RFC 3986, 4.2) without a colon, as the first segment could not have one."""
LOCATION = _object(
    {
        "physicalLocation": _object(
            {"artifactLocation": _object({"uri": URI})},
            region=_object({"startLine": {"type": "integer", "minimum": 1}}),
        )
    }
)
SUPPRESSION = _object(
    {"kind": {"enum": ["inSource", "external"]}},
    status={"enum": ["accepted", "underReview", "rejected"]},
    justification=TEXT,
)
RESULT = _object(
    {
        "ruleId": TEXT,
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": LEVEL,
        "message": MESSAGE,
        "locations": _list(LOCATION, 1),
        "partialFingerprints": {"type": "object", "additionalProperties": TEXT},
    },
    relatedLocations=_list(LOCATION),
    baselineState={"enum": ["new", "unchanged", "updated", "absent"]},
    suppressions=_list(SUPPRESSION),
    properties={"type": "object"},
)
RULE = _object(
    {
        "id": TEXT,
        "shortDescription": MESSAGE,
        "fullDescription": MESSAGE,
        "help": _object({"text": TEXT, "markdown": TEXT}),
        "defaultConfiguration": _object({"level": LEVEL}),
    },
    properties=_object({"tags": {**_list(TEXT), "uniqueItems": True}}),
)
NOTIFICATION = _object({"message": MESSAGE, "level": LEVEL}, locations=_list(LOCATION))
INVOCATION = _object(
    {"executionSuccessful": {"type": "boolean"}, "toolExecutionNotifications": _list(NOTIFICATION)}
)
RUN = _object(
    {
        "tool": _object({"driver": _object({"name": TEXT, "version": TEXT, "rules": _list(RULE)})}),
        "invocations": _list(INVOCATION, 1),
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "results": _list(RESULT),
    }
)
LOG = _object({"$schema": TEXT, "version": {"const": "2.1.0"}, "runs": _list(RUN, 1)})
