from __future__ import annotations

import pytest
from grpc_health.v1 import health_pb2

from limner_registry.contracts import STYLIZER
from limner_registry.routes import Routes
from limner_server.health import HERE, NOT_SERVING, SERVING, Health

SERVICE = "limner.v1.StylizeService"


async def said(health, name):
    request = health_pb2.HealthCheckRequest(service=name)
    return (await health.servicer.Check(request, None)).status


async def test_a_service_serves_while_its_models_do():
    health = Health({SERVICE: (STYLIZER,)}, lambda: True)
    for routes, status in (
        (Routes(), NOT_SERVING),
        (Routes(1, {STYLIZER.model: 1}), SERVING),
        (Routes(2), NOT_SERVING),
    ):
        await health.routed(routes)
        assert [await said(health, name) for name in (SERVICE, "")] == [status] * 2


@pytest.mark.parametrize("models", [{}, {STYLIZER.model: 1}])
async def test_the_server_is_here_from_when_all_was_tried_until_it_leaves(models):
    tried = False
    health = Health({SERVICE: (STYLIZER,)}, lambda: tried)
    await health.routed(Routes(1, models))
    assert await said(health, HERE) == NOT_SERVING

    for tried in (True, False):  # noqa: B007 - the server asks for it
        await health.routed(Routes(2, models))
        assert await said(health, HERE) == SERVING

    await health.leave()
    assert await said(health, HERE) == NOT_SERVING
