"""Piccolo's configuration: the engine, and the one app whose tables and migrations it knows."""

from piccolo.conf.apps import AppRegistry

from portal.db import ENGINE

DB = ENGINE
APP_REGISTRY = AppRegistry(apps=["portal.piccolo_app"])
