"""Mutants of what is made of verdicts: comparisons, worth of rules, suggestions, the matrix, the page."""

from __future__ import annotations

from tests.tools.mutant_list import Mutant

DIFF, RULES, SUGGEST, MATRIX, PAGE = "diff: ", "rules: ", "suggest: ", "matrix: ", "page: "
"""How their names begin."""
_KINDS, _TWICE, _GATHERED = "results/diff/kinds.py", "results/diff/twice.py", "results/diff/gathering.py"
_PAIRED, _TASK = "judging/paired.py", "runners/tasks/paired.py"
_WEIGHED, _INSTEAD, _TOLD = "kernels/without/weighing.py", "kernels/without/instead.py", "algebra/told.py"
_USAGE, _RULING = "results/ruling/usage.py", "results/ruling/together.py"
_EVIDENCE, _MADE, _BUILT = "suggesting/evidence.py", "suggesting/policies.py", "suggesting/build.py"
_EXISTING, _FOLDED, _BLOCKS = "suggesting/existing.py", "suggesting/folding.py", "suggesting/blocks.py"
_NEEDS = "suggesting/needs.py"
_CODES, _ASKED, _FOLDING = "reach/codes.py", "reach/asking.py", "reach/folding.py"
_COMPARED, _REACH = "reach/compared.py", "reach/matrix.py"
_MARKUP, _TALKS, _PAGE = (f"reports/audit/page/{name}.py" for name in ("markup", "talks", "html"))
_ESCAPE = "reports/parts/escape.py"

_OF_COMPARISONS = (
    (
        "what went through is denied now, not stopped",
        _KINDS,
        "kind[verdict, a.DENY] = _CODE[ChangeKind.WOULD_BE_STOPPED]",
        "kind[verdict, a.DENY] = _CODE[ChangeKind.DENIED_NOW]",
    ),
    (
        "what was stopped already would be stopped",
        _KINDS,
        "        kind[verdict, a.DENY, STOPPED] = _CODE[ChangeKind.DENIED_NOW]\n",
        "",
    ),
    (
        "unknown to deny of what went through stops nothing",
        _KINDS,
        "    kind[a.UNKNOWN, a.DENY, WENT_THROUGH] = _CODE[ChangeKind.WOULD_BE_STOPPED]\n",
        "",
    ),
    (
        "what was dropped for another cause would go through",
        _KINDS,
        "[*WENT_THROUGH, a.OBSERVED_DROPPED]",
        "WENT_THROUGH",
    ),
    (
        "a verdict that becomes unknown is none that changes",
        _KINDS,
        "for verdict in (*_THROUGH, a.DENY):",
        "for verdict in _THROUGH:",
    ),
    (
        "both sides have the decisions of the first",
        _TWICE,
        "seconds[:, a.KEY_DECISIONS] = pairs[number, AFTER]",
        "seconds[:, a.KEY_DECISIONS] = pairs[number, BEFORE]",
    ),
    (
        "ends are called what the first program calls them",
        _TWICE,
        "return np.where(ends == SAME_ENDS, alike, ends - 1)",
        "return alike",
    ),
    (
        "another rule at ingress is none",
        _TWICE,
        'for side in ("egress", "ingress", "mesh"):\n        differs',
        'for side in ("egress", "mesh"):\n        differs',
    ),
    (
        "the reason is that of the first side",
        _TWICE,
        "reasons(after, edges[1], now)",
        "reasons(before, edges[0], was)",
    ),
    (
        "before and after are swapped in what is told of verdicts",
        _TWICE,
        "chosen = (was == before) & (now == after)",
        "chosen = (was == after) & (now == before)",
    ),
    (
        "an endpoint is to the second program who it was first",
        _PAIRED,
        "found: npt.NDArray[np.bool_] = known != after",
        "found: npt.NDArray[np.bool_] = known < 0",
    ),
    (
        "a port that only the second tells otherwise is none",
        _PAIRED,
        "(before.port != after.port) | (before.judge != after.judge)",
        "before.judge != after.judge",
    ),
    (
        "an initiator that only the second tells otherwise is none",
        _PAIRED,
        "(before.port != after.port) | (before.judge != after.judge)",
        "before.port != after.port",
    ),
    (
        "a key is judged twice by the same rows",
        _PAIRED,
        "zip(self._programs, (before, after), (firsts, seconds), self._judged, strict=True)",
        "zip(self._programs, (before, after), (firsts, firsts), self._judged, strict=True)",
    ),
    (
        "ends are the same where one of them is",
        _TASK,
        "same = (self._same[groups >> a.HALF] == src) & (self._same[groups & a.LOW_WORD] == dst)",
        "same = (self._same[groups >> a.HALF] == src) | (self._same[groups & a.LOW_WORD] == dst)",
    ),
    (
        "examples are of what stays as it was",
        _TASK,
        "at = np.flatnonzero(KIND[was.verdict, now.verdict, firsts.observed])",
        "at = np.flatnonzero(KIND[was.verdict, was.verdict, firsts.observed])",
    ),
    (
        "changes of two causes are one",
        _GATHERED,
        "words = cause << 8 | edges.protocol[rows]",
        "words = edges.protocol[rows].astype(np.int64)",
    ),
    (
        "the gravest changes come last",
        _GATHERED,
        "key=lambda place: (kinds[place], -records[place], gathering.name(place))",
        "key=lambda place: (-kinds[place], -records[place], gathering.name(place))",
    ),
    (
        "a policy that says something else at another time is the same",
        "results/diff/policies.py",
        "if was[name] != now[name]",
        "if not was[name] & now[name]",
    ),
    (
        "policies that are applied beside a cluster leave all of its own",
        "reading/both.py",
        "gives_way = named_as(dated.document for dated in applied)",
        "gives_way = lambda _: False  # noqa: E731",
    ),
    (
        "what one side complains of the other does, too",
        "reading/both.py",
        "other.read_all([_afresh(dated) for dated in own], gives_way)",
        "other.read_all(own, gives_way)",
    ),
    (
        "what has a time is read as if it had none",
        "reading/both.py",
        "if dated.when is not None or dated.kept is not None or (is_own",
        "if dated.kept is not None or (is_own",
    ),
)
_OF_RULES = (
    (
        "a rule that decides the same verdict is needed",
        _WEIGHED,
        "if verdict[other] != verdict[decision]:",
        "if other != decision:",
    ),
    (
        "rules that pass on are never left out",
        _WEIGHED,
        "rows.action[row] != a.ACTION_PASS\n",
        "rows.action[row] == a.ACTION_PASS\n",
    ),
    (
        "a rule that is needed in one way of answering surely is",
        _WEIGHED,
        "if changed == ways and same:",
        "if changed:",
    ),
    (
        "a contradiction is also what says the same",
        _WEIGHED,
        "later != a.NO_POLICY and verdict[later] + verdict[decision] == a.ALLOW + a.DENY",
        "later != a.NO_POLICY",
    ),
    (
        "later tiers begin with the rule's own",
        _WEIGHED,
        "if rows.stage[chosen[i]] > stage:",
        "if rows.stage[chosen[i]] >= stage:",
    ),
    (
        "a rule is reached though another decides before it",
        _INSTEAD,
        "if rows.action[row] != a.ACTION_PASS:\n                return decision",
        "if rows.action[row] != a.ACTION_PASS:\n                passed = -1",
    ),
    (
        "a default of an earlier tier decides nothing before a rule",
        _INSTEAD,
        "if default != -1 and passed < 0:",
        "if default == -2 and passed < 0:",
    ),
    (
        "an unreachable rule is redundant",
        _TOLD,
        "if not found & REACHED and not all(self._is_equal(rule, one) for one in before):",
        "if not found and not all(self._is_equal(rule, one) for one in before):",
    ),
    (
        "a rule about what no flow tells is redundant",
        _TOLD,
        'return ("unknown", open_for, ()) if open_for else ("redundant", (), instead)',
        'return "redundant", (), instead',
    ),
    (
        "another identity is never proved",
        _TOLD,
        "if any(map(_asks_who, parts)):",
        "if not parts:",
    ),
    (
        "what the default of a rule's own kind denies is overridden",
        _TOLD,
        "return self._numbered.infos[rule].tier not in self._decisions[decision].tiers",
        "return True",
    ),
    (
        "a pod meets itself",
        "algebra/real.py",
        "    if same_pod:\n        traits[:, POD] = -1\n",
        "    traits[:, POD] = -1\n",
    ),
    (
        "a selector that takes somebody takes nobody",
        "algebra/nobody.py",
        "return bool(found.surely.any()) or any(",
        "return any(",
    ),
    (
        "what some policy isolates is protected by nothing",
        "algebra/protection.py",
        "if counts[0] < len(pods):",
        "if counts[0] <= len(pods):",
    ),
    (
        "records that another rule would deny are alike",
        _USAGE,
        "elif verdict[made.without] == verdict[decision]:",
        "elif verdict[made.without] != a.UNKNOWN:",
    ),
    (
        "what may be another at each backend is alike",
        _USAGE,
        "open_ = int(to_one_of_several[decision])",
        "open_ = 0",
    ),
    (
        "what is let in counts where policies decide, too",
        _USAGE,
        "places = np.flatnonzero(allowed & (decided == a.NO_POLICY))",
        "places = np.flatnonzero(allowed)",
    ),
    (
        "what comes in is let in by who sends it",
        _USAGE,
        '("ingress", edges.ingress, edges.destination, edges.source),',
        '("ingress", edges.ingress, edges.source, edges.destination),',
    ),
    (
        "a rule is needed as soon as it was hit",
        _RULING,
        "if hits.records > hits.alike + hits.open:",
        "if hits.records:",
    ),
    (
        "a rule that flows may have hit was never hit",
        _RULING,
        'return "perhaps_hit" if hits.unknown else "never_hit"',
        'return "never_hit"',
    ),
)
_OF_SUGGESTIONS = (
    (
        "ingress is allowed to the source",
        _EVIDENCE,
        "(Direction.INGRESS, target.dst, target.ingress),",
        "(Direction.INGRESS, target.contact.src, target.ingress),",
    ),
    (
        "who is allowed is the subject itself",
        _EVIDENCE,
        "if direction is Direction.EGRESS else (target.dst, contact.src)",
        "if direction is Direction.EGRESS else (target.dst, target.dst)",
    ),
    (
        "what the network refused is allowed",
        _EVIDENCE,
        "        if contact.refused:\n            self._found.refused[key]",
        "        if not key:\n            self._found.refused[key]",
    ),
    (
        "what a policy allows is suggested again",
        _EVIDENCE,
        "if state is State.ALLOWED and not self._everything:",
        "if state is State.NEVER and not self._everything:",
    ),
    (
        "with all policies replaced, what they allow is left out",
        _EVIDENCE,
        "if state is State.ALLOWED and not self._everything:",
        "if state is State.ALLOWED:",
    ),
    (
        "what is denied today is allowed though that was not wanted",
        _EVIDENCE,
        "if state in (State.DENIED, State.FORBIDDEN) and not self._denied_too:",
        "if state is State.NEVER and not self._denied_too:",
    ),
    (
        "whose names are doubtful is told before who began",
        _EVIDENCE,
        "if contact.egress == a.UNKNOWN_DECISION + a.REASON_UNKNOWN_INITIATOR:",
        "if not contact:",
    ),
    (
        "a Service's port is allowed instead of its pods'",
        _EVIDENCE,
        "found.append(_Target(contact, dst, port, int(egress), int(ingress), True))",
        "found.append(_Target(contact, dst, contact.port, int(egress), int(ingress), True))",
    ),
    (
        "only the first backend of a Service is allowed",
        _EVIDENCE,
        "for dst, port in led.ends:",
        "for dst, port in led.ends[:1]:",
    ),
    (
        "no recorded port is every port",
        _EVIDENCE,
        "if protocol in WITH_PORTS and port < 1:",
        "if protocol in WITH_PORTS and port < -1:",
    ),
    (
        "two that report one connection count twice",
        _FOLDED,
        "np.maximum.reduceat(by_point, np.searchsorted(reports, firsts))",
        "np.add.reduceat(by_point, np.searchsorted(reports, firsts))",
    ),
    (
        "last seen is first seen",
        _FOLDED,
        "np.maximum.reduceat(rows[:, c.LAST], firsts)",
        "np.minimum.reduceat(rows[:, c.LAST], firsts)",
    ),
    (
        "a need goes though nothing else allows it",
        _MADE,
        "if all(times[known] > 1 for known in allowed[id(need)]):",
        "if any(times[known] > 1 for known in allowed[id(need)]):",
    ),
    (
        "two needs for one contact both go",
        _MADE,
        "            times.subtract(allowed[id(need)])\n",
        "            times.subtract(())\n",
    ),
    (
        "nothing is ever said twice",
        _MADE,
        "if all(times[known] > 1 for known in allowed[id(need)]):",
        "if not need.atoms:",
    ),
    (
        "peers with some of the same ports are one",
        _MADE,
        "asked = frozenset((need.protocol, need.port) for need in those)",
        "asked = frozenset(need.protocol for need in those)",
    ),
    (
        "a block takes addresses of the cluster",
        _BLOCKS,
        "blocks += _collapsed(group) if self._holds_taken(whole) else [whole]",
        "blocks += [whole]",
    ),
    (
        "a block is one bit wider than what it is for",
        _BLOCKS,
        "length = group[0].max_prefixlen - (first ^ last).bit_length()",
        "length = group[0].max_prefixlen - (first ^ last).bit_length() - 1",
    ),
    (
        "two ports with a gap are a stretch",
        _NEEDS,
        "last.last + 1 == port:",
        "last.last + 2 >= port:",
    ),
    (
        "what a rule of an earlier tier denies can be undone",
        _EXISTING,
        "return State.DENIED if self._is_behind(rule.tier) else State.FORBIDDEN",
        "return State.DENIED",
    ),
    (
        "what a later tier allows stays allowed",
        _EXISTING,
        "if verdict == a.ALLOW and rule is not None and not self._is_behind(rule.tier):",
        "if verdict == a.ALLOW and rule is not None:",
    ),
    (
        "workloads of other namespaces get policies",
        _BUILT,
        "return not self.namespaces or unit.namespace in self.namespaces",
        "return True",
    ),
    (
        "what was seen as often as was asked is seldom",
        _BUILT,
        "if max(need.tally.connections, 1) < wanted.min_connections",
        "if max(need.tally.connections, 1) <= wanted.min_connections",
    ),
    (
        "a workload is isolated where no contact was seen",
        _BUILT,
        "(name in evidence.seen or wanted.unseen)",
        "(name in evidence.seen or not wanted.unseen)",
    ),
)
_OF_MATRICES = (
    (
        "an unknown verdict is a denial",
        _CODES,
        "np.where(verdicts == a.UNKNOWN, unknown, by_verdict)",
        "np.where(verdicts == a.UNKNOWN, DENY, by_verdict)",
    ),
    (
        "where pods differ is what any of them may",
        _CODES,
        "if sum(map(bool, kinds)) > 1:",
        "if sum(map(bool, kinds)) > 2:",
    ),
    (
        "what comes in is asked of the source",
        _ASKED,
        "into = tables.ingress.row[source][ends[:, a.INGRESS_SUBJECT]]",
        "into = tables.ingress.row[source][ends[:, a.INGRESS_PEER]]",
    ),
    (
        "rows and columns of ingress are swapped",
        _ASKED,
        "coming.T.astype(np.int64)",
        "coming.astype(np.int64)",
    ),
    (
        "ingress needs not allow",
        _ASKED,
        "joint = a.VERDICT[a.VERDICT[verdicts[0], verdicts[1]], verdicts[2]]",
        "joint = a.VERDICT[verdicts[0], verdicts[2]]",
    ),
    (
        "the first pod of a workload speaks for all",
        _FOLDING,
        "for one in several[1:]:",
        "for one in several[:1]:",
    ),
    (
        "a pod alone is told what it may send itself",
        _FOLDING,
        "if source.replicas or len(of_one | of_other) > 1:",
        "if source.replicas or of_one:",
    ),
    (
        "what became reachable no longer is",
        _COMPARED,
        "if opened == [False, True] and not unknown[0]:\n        return REACHABLE",
        "if opened == [False, True] and not unknown[0]:\n        return UNREACHABLE",
    ),
    (
        "what was unknown and is allowed became reachable",
        _COMPARED,
        "if opened == [False, True] and not unknown[0]:",
        "if opened == [False, True]:",
    ),
    (
        "a pair that is gone is a change though it was denied",
        _COMPARED,
        "if was != now and {was, now} != {0, int(DENY)}:",
        "if was != now:",
    ),
    (
        "exposed is only what is surely allowed to nobody",
        _REACH,
        'outside = [place for place, one in enumerate(self.sources) if one.kind == "block"]',
        'outside = [place for place, one in enumerate(self.sources) if one.kind != "block"]',
    ),
    (
        "a workload that reaches itself alone is not isolated",
        _REACH,
        "                opens[rows[one.name], place] = False\n",
        "                opens[rows[one.name], place] |= False\n",
    ),
)
_OF_THE_PAGE = (
    (
        "names are markup",
        _MARKUP,
        "        autoescape=True,\n",
        "        autoescape=False,\n",
    ),
    (
        "what is not for eyes stays in names",
        _MARKUP,
        "        finalize=shown,\n",
        "        finalize=lambda value: value,\n",
    ),
    (
        "a long text is as long as it is",
        _MARKUP,
        "more = len(value) - LONGEST",
        "more = 0",
    ),
    (
        "a part takes more room than it has",
        _MARKUP,
        "if self._left < 0:\n                return",
        "if self._left < -1_000_000:\n                return",
    ),
    (
        "any script may run",
        _PAGE,
        "script-src '{_hash(_script())}'",
        "script-src 'unsafe-inline'",
    ),
    (
        "anything may be loaded",
        _PAGE,
        "default-src 'none'",
        "default-src *",
    ),
    (
        "an incomplete run is no bad one",
        _PAGE,
        "bad=bool(summary.failing) or not summary.complete or summary.nothing is not None,",
        "bad=bool(summary.failing),",
    ),
    (
        "pairs that are not shown are not told of",
        _TALKS,
        "hidden = sum(one.pairs for one in states.values()) - len(talks)",
        "hidden = 0",
    ),
    (
        "a square is of the other way round",
        _TALKS,
        "into = sums[shown[source], shown[destination]]",
        "into = sums[shown[destination], shown[source]]",
    ),
    (
        "a control character is shown as it is",
        _ESCAPE,
        'return "".join(c if _shows(c) else _code(c) for c in text)',
        "return text",
    ),
    (
        "a cell may be a formula",
        _ESCAPE,
        """return "'" + escape(text) if text.startswith(_FORMULA) else escape(text)""",
        "return escape(text)",
    ),
    (
        "Markdown may call a person",
        _ESCAPE,
        '("@", "&commat;"), ',
        "",
    ),
)

ANSWER_MUTANTS = tuple(
    Mutant(prefix + name, file, old, new)
    for prefix, those in (
        (DIFF, _OF_COMPARISONS),
        (RULES, _OF_RULES),
        (SUGGEST, _OF_SUGGESTIONS),
        (MATRIX, _OF_MATRICES),
        (PAGE, _OF_THE_PAGE),
    )
    for name, file, old, new in those
)
