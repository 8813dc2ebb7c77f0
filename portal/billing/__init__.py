"""The pure core of the money: no database, no clock, no framework, no float."""
