"""`python -m portal.demo.simulator --port N [--now TIME] [--seed FILE] [--cameras N]`."""

import argparse
import sys
from datetime import datetime
from pathlib import Path

import msgspec
import uvicorn

from portal.demo.simulator.app import create_simulator
from portal.demo.simulator.seed import DEFAULT_SEED, Generate, Seed


def main(arguments: list[str] | None = None) -> int:
    """Serve a simulated Watcher on this machine until it is stopped."""
    parser = argparse.ArgumentParser("python -m portal.demo.simulator", description=main.__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--now", type=datetime.fromisoformat, help="let the time stand here")
    parser.add_argument("--seed", type=Path, help="a JSON file as for POST /_sim/seed")
    parser.add_argument("--cameras", type=int, help="make so many plain cameras")
    chosen = parser.parse_args(arguments)
    seed: Seed | None = None
    if chosen.seed is not None:
        seed = msgspec.json.decode(chosen.seed.read_bytes(), type=Seed)
    elif chosen.cameras is not None:
        seed = msgspec.structs.replace(DEFAULT_SEED, generate=Generate(chosen.cameras))
    app = create_simulator(seed, now=chosen.now)
    uvicorn.run(app, host=chosen.host, port=chosen.port, log_level="warning", access_log=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
