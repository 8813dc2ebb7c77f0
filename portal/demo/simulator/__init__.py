"""A simulated Watcher: API v2 and v3 over one state, with a clock, faults, and the truth."""

from portal.demo.simulator.app import create_simulator
from portal.demo.simulator.seed import Seed
from portal.demo.simulator.world import World

__all__ = ["Seed", "World", "create_simulator"]
