"""Which documents are policies, in whatever language, and which object each is."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from flowcheck.dialects import READERS
from flowcheck.kinds import called, language_of
from flowcheck.manifests.documents import Document
from flowcheck.manifests.validation import DEFAULT_NAMESPACE

GivesWay = Callable[[Document], bool]
"""Whether a document gives way to policies that are given beside it."""


def is_policy(document: Document) -> bool:
    key = (document.group, document.kind)
    return key in READERS or bool(language_of(*key))


def no_policy(_: Document) -> bool:
    """Said of every document where no policy is meant."""
    return False


def named_as(documents: Iterable[Document]) -> GivesWay:
    """Whether a document is a policy that is among these, by kind, namespace and name."""
    names = {_name_of(document) for document in documents if is_policy(document)}
    return lambda document: is_policy(document) and _name_of(document) in names


def _name_of(document: Document) -> tuple[str, str, str]:
    """``kubectl`` takes no namespace for the default one."""
    kind = called(document.group, document.kind)
    return kind, document.namespace or DEFAULT_NAMESPACE, document.name
