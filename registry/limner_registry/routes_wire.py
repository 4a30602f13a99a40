"""Routing tables as the messages that carry them from the controller to the servers."""

from __future__ import annotations

from limner.v1 import routing_pb2
from limner_registry.routes import Canary, Routes


def to_message(routes: Routes) -> routing_pb2.RoutingTable:
    """Return a table as it travels."""
    table = routing_pb2.RoutingTable(generation=routes.generation, frozen=routes.frozen)
    models = {*routes.stable, *routes.previous, *routes.canaries}
    for model in sorted(models):
        route = table.routes.add(
            model=model,
            stable=routes.stable.get(model, 0),
            previous=routes.previous.get(model, 0),
        )
        canary = routes.canaries.get(model)
        if canary:
            route.canary.CopyFrom(_canary(canary))
    return table


def from_message(table: routing_pb2.RoutingTable) -> Routes:
    """Return the table that a message carries."""
    routes = table.routes
    return Routes(
        generation=table.generation,
        stable={route.model: route.stable for route in routes if route.stable},
        previous={route.model: route.previous for route in routes if route.previous},
        canaries={
            route.model: Canary(
                version=route.canary.version,
                rollout=route.canary.rollout,
                salt=route.canary.salt,
                weight_bps=route.canary.weight_bps,
                shadow_bps=route.canary.shadow_bps,
                rules=tuple((rule.header, rule.value) for rule in route.canary.rules),
                slow_seconds=route.canary.slow_seconds,
            )
            for route in routes
            if route.HasField("canary")
        },
        frozen=table.frozen,
    )


def _canary(canary: Canary) -> routing_pb2.Canary:
    rules = [routing_pb2.HeaderRule(header=header, value=value) for header, value in canary.rules]
    return routing_pb2.Canary(
        version=canary.version,
        rollout=canary.rollout,
        salt=canary.salt,
        weight_bps=canary.weight_bps,
        shadow_bps=canary.shadow_bps,
        rules=rules,
        slow_seconds=canary.slow_seconds,
    )
