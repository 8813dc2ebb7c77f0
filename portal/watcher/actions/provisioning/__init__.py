"""Writing to a Watcher what the books say: presets, a camera's preset, its switch; nothing else."""
