"""How a scenario is played: plan, tape, records, and the engines that play them."""
