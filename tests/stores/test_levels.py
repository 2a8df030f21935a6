"""One listing of everything, asked level by level, is what listings of levels would have been."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flowcheck.stores.levels import Entry, Levels

NAMES = st.lists(st.sampled_from(["a", "b", "c.d", ""]), min_size=1, max_size=4).map("/".join)


def level(paths: set[str], base: str) -> list[Entry]:
    inside = [path.removeprefix(f"{base}/") for path in paths if path.startswith(f"{base}/")]
    prefixes = {Entry(f"{base}/{name.partition('/')[0]}", True) for name in inside if "/" in name}
    return sorted(prefixes | {Entry(f"{base}/{name}", False, 7) for name in inside if "/" not in name})


@given(st.sets(NAMES, max_size=12), st.sampled_from(["root", "root/a", "root/a/b", "root/none"]))
def test_levels_are_those_of_listing_each(names: set[str], root: str) -> None:
    paths = {f"root/{name}" for name in names}
    asked = []

    def everything(base: str) -> list[Entry]:
        asked.append(base)
        return [Entry(path, False, 7) for path in paths if path.startswith(f"{base}/")]

    levels = Levels(everything)
    waiting = [root]
    while waiting:
        base = waiting.pop()
        found = levels.of(base)
        assert found == level(paths, base)
        waiting += [one.path for one in found if one.is_prefix]
    assert asked == [root]


def test_what_was_asked_is_asked_anew() -> None:
    paths = [Entry("root/a", False)]
    levels = Levels(lambda _: paths)
    assert levels.of("root") == paths
    paths.append(Entry("root/b", False))
    assert levels.of("root") == paths
