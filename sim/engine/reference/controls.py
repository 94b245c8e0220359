"""Controls: rules that act during a run on what they see. They know no clock; the calendar asks them."""

from __future__ import annotations

from sim.engine.plan import Plan


class Lightening:
    """Lightens the checks of a station while much waits, and restores them when little does."""

    def __init__(self, plan: Plan, station: int) -> None:
        self.reacts_to = int(plan.light_to[station])
        self.above, self.below = int(plan.light_above[station]), int(plan.light_below[station])
        self.least, self.every = int(plan.light_least[station]), int(plan.light_every[station])
        self.factor, self.intensity = int(plan.light_factor[station]), int(plan.light_intensity[station])
        self.in_force = False
        self.turned_at = plan.start - self.least

    def turn(self, level: int, now: int) -> bool:
        """Turn by what is seen, if the least time since the last turn has passed; return whether it did."""
        wanted = level >= self.below if self.in_force else level > self.above
        if wanted == self.in_force or now - self.turned_at < self.least:
            return False
        self.in_force, self.turned_at = wanted, now
        return True


class StaffingControl:
    """Adds servers to those of the plan while much waits, and takes them away while little does.

    While the plan has nobody at work the control rests, and starts afresh from the plan after that.
    """

    def __init__(self, plan: Plan, station: int) -> None:
        self.reacts_to = int(plan.reacts_to[station])
        self.open_above, self.close_below = int(plan.open_above[station]), int(plan.close_below[station])
        self.by = int(plan.opens_by[station])
        self.at_least, self.at_most = int(plan.at_least[station]), int(plan.at_most[station])
        self.delay, self.every = int(plan.reaction_delay[station]), int(plan.checked_every[station])
        self.planned = 0
        self.added = 0  # to the servers of the plan; in force
        self.decided = 0  # the same, once every decision has taken effect
        self.afresh_at = plan.start  # decisions from before this instant do not take effect

    def follow_plan(self, servers: int, now: int) -> None:
        """Take note of another number of servers in the plan."""
        self.planned = servers
        if servers == 0:
            self.added = self.decided = 0
            self.afresh_at = now

    def servers(self, added: int) -> int:
        """Return the servers at work if so many are added to the plan."""
        return min(max(self.planned + added, self.at_least), self.at_most) if self.planned else 0

    def decide(self, level: int) -> bool:
        """Decide by what is seen; return whether the number of servers is to change."""
        before = self.servers(self.decided)
        after = before
        if level > self.open_above:
            after = min(before + self.by, self.at_most)
        elif level < self.close_below:
            after = max(before - self.by, self.at_least)
        self.decided += 0 if after == before else after - self.planned - self.decided
        return after != before

    def take_effect(self, added: int, decided_at: int) -> bool:
        """Put a decision into force, unless the control has started afresh since; return whether it did."""
        if decided_at < self.afresh_at:
            return False
        self.added = added
        return True
