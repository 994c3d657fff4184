"""The database: engine, column types, the one place that commits, and migrations on command."""
