"""Random meshes: the verdict explained is the reference's, with whatever a record tells of the connection."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from flowcheck.compile import compile_program
from flowcheck.errors import RunError
from flowcheck.explaining import explain
from flowcheck.reference import Reference
from tests.agreement.agree import World, drawn
from tests.agreement.meshes import mesh_worlds
from tests.explaining.test_worlds import asked


@drawn(60)
@given(mesh_worlds())
def test_what_a_mesh_does_is_explained(world: World) -> None:
    cluster, options, flows = world
    program, reference = compile_program(cluster, options), Reference(cluster, options)
    for flow in flows:
        flow = replace(flow, outer_port=None, icmp_type=None, icmp_code=None)
        ends = asked(cluster, flow)
        if ends is None or flow.at:
            continue
        if flow.by_waypoint and program.mesh is None:
            continue
        if flow.by_waypoint:  # the port that is asked about is the one that was dialled
            flow = replace(flow, service_port=flow.port)
        try:
            answer = explain(
                program,
                src=ends[0],
                dst=ends[1],
                port=flow.port,
                protocol=flow.protocol,
                principal=flow.src_principal,
                method=flow.http_method,
                path=flow.http_path,
                host=flow.http_host,
                sni=flow.tls_server_name,
                waypoint=flow.by_waypoint,
            )
        except RunError:  # the Service has no such port
            continue
        judged = reference.judge(flow)
        assert (answer.verdict, answer.reason) == (judged.verdict, judged.reason)
        if len(answer.cases) == 1 and answer.verdict == answer.cases[0].verdict:
            case = answer.cases[0]
            assert (case.mesh is None) == (program.mesh is None)
            sides = (case.egress, case.ingress, case.mesh)
            expected = (judged.egress, judged.ingress, judged.mesh)
            assert [(side.verdict, side.reason, side.decided_by) for side in sides if side] == [
                (side.verdict, side.reason, side.decided_by) for side in expected[: 2 + bool(program.mesh)]
            ]
