"""The kernel's pools: servers that several stations share, and who gets the next one."""

from __future__ import annotations

from typing import Any

from sim.engine.compiled.cache import long_rule, rule
from sim.engine.compiled.layout import NOWHERE, SERVICE_LISTS, party_in


@rule
def occupy(b: Any, s: int) -> None:
    """Occupy a server at a station; its pool, if it has one, has a server fewer, and its claim is met."""
    b.busy[s] += 1
    pool = b.pool[s]
    if pool != NOWHERE:
        b.pool_busy[pool] += 1
        b.pool_clock[pool] = b.pool_passed[s]
        b.pool_passed[s] += b.pool_stride[s]


@rule
def free_server(b: Any, s: int) -> None:
    """Let a server of a station be free again."""
    b.busy[s] -= 1
    if b.pool[s] != NOWHERE:
        b.pool_busy[b.pool[s]] -= 1


@rule
def begin_claim(b: Any, s: int) -> None:
    """Let a station claim its share from now on; where nobody waits or may be called, none is saved up."""
    if b.pool[s] != NOWHERE:
        b.pool_passed[s] = max(b.pool_passed[s], b.pool_clock[b.pool[s]])


@rule
def services_of(b: Any, s: int) -> int:
    """Return the list of the services of a station that may be interrupted; that of its pool if it has one."""
    return SERVICE_LISTS + (s if b.pool[s] == NOWHERE else b.pool[s])


@rule
def set_servers(b: Any, s: int, servers: int) -> None:
    """Set the servers of a station, or of all stations of its pool."""
    if b.pool[s] == NOWHERE:
        b.servers[s] = servers
        return
    b.pool_servers[b.pool[s]] = servers
    s = b.pool[s]
    while s != NOWHERE:
        b.servers[s] = min(servers, b.pool_limit[s])
        s = b.pool_next[s]


@rule
def busy_in_team(b: Any, s: int) -> int:
    """Return the servers occupied at a station, or at all stations of its pool."""
    return b.busy[s] if b.pool[s] == NOWHERE else b.pool_busy[b.pool[s]]


@rule
def servers_in_team(b: Any, s: int) -> int:
    """Return the servers of a station, or of its pool."""
    return b.servers[s] if b.pool[s] == NOWHERE else b.pool_servers[b.pool[s]]


@rule
def is_anywhere_active(b: Any, s: int) -> bool:
    """Return whether a station is active, or any station of its pool."""
    if b.pool[s] == NOWHERE:
        return b.active[s] != 0
    s = b.pool[s]
    while s != NOWHERE:
        if b.active[s]:
            return True
        s = b.pool_next[s]
    return False


@long_rule
def comes_before(b: Any, i: int, other: int) -> bool:
    """Return whether a party, foremost at its station, is called to a server of a pool before another one."""
    s, t = party_in(b, i).station, party_in(b, other).station
    if b.pool_passed[s] != b.pool_passed[t]:
        return b.pool_passed[s] < b.pool_passed[t]
    if b.pool_rank[s] != b.pool_rank[t]:
        return b.pool_rank[s] < b.pool_rank[t]
    return party_in(b, i).joined < party_in(b, other).joined
