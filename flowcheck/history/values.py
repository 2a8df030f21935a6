"""What documents say, whoever read them: an object or a policy."""

from __future__ import annotations

from flowcheck.model.policy import Policy
from flowcheck.objects.values import ObjectValue

Value = ObjectValue | Policy
