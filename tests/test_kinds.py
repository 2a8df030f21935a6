"""The table of kinds, and the readers that go by it."""

from __future__ import annotations

from flowcheck.dialects import READERS as POLICY_READERS
from flowcheck.kinds import KINDS, Role, language_of, read_kind, unread_kind
from flowcheck.objects.readers import READERS as OBJECT_READERS


def test_every_kind_has_a_reader_and_every_reader_a_kind() -> None:
    assert POLICY_READERS.keys() == {(one.group, one.kind) for one in KINDS if one.role is Role.POLICY}
    assert OBJECT_READERS.keys() == {(one.group, one.kind) for one in KINDS if one.role is not Role.POLICY}


def test_no_kind_is_read_and_not_read() -> None:
    assert not [one for one in KINDS if language_of(one.group, one.kind)]


def test_audit_logs_name_kinds_by_their_resources() -> None:
    assert {read_kind(one.group, one.plural) for one in KINDS} == {one.kind for one in KINDS}
    assert not [one for one in KINDS if unread_kind(one.group, one.plural)]
    assert read_kind("security.istio.io", "requestauthentications") == ""
