"""The tables and migrations that Piccolo manages."""

from pathlib import Path

from piccolo.conf.apps import AppConfig, table_finder

APP_CONFIG = AppConfig(
    app_name="portal",
    migrations_folder_path=str(Path(__file__).parent / "piccolo_migrations"),
    table_classes=table_finder(modules=["portal.tables"], exclude_imported=False),
    migration_dependencies=[],
    commands=[],
)
