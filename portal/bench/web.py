"""The web process of a measurement: the product's own server, for the application that is named."""

from __future__ import annotations

import sys

from portal.server import ConnectionLimits, serve_web

if __name__ == "__main__":
    factory, host, port = sys.argv[1:]
    serve_web(host, int(port), 1, ConnectionLimits(), factory=factory)
