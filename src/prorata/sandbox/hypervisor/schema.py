"""What the sandbox hypervisor keeps. Values of components are JSON: a whole number or a word.

`pending` waits for a restart. `usage` is a decimal as text. An operation is remembered under its key only while it
runs or once it has had its effect: a refused one may be tried again.
"""

from __future__ import annotations

SCHEMA = """
CREATE TABLE IF NOT EXISTS host (
    id TEXT PRIMARY KEY, capacity TEXT NOT NULL, full INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS machine (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, host TEXT NOT NULL REFERENCES host,
    power TEXT NOT NULL CHECK (power IN ('running', 'stopped')),
    busy_with TEXT NOT NULL DEFAULT '', busy_until REAL NOT NULL DEFAULT 0,
    restart_seconds REAL, restarting_until REAL, restarts INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS component (
    machine TEXT NOT NULL REFERENCES machine, code TEXT NOT NULL,
    value TEXT NOT NULL, pending TEXT, usage TEXT,
    grow TEXT NOT NULL CHECK (grow IN ('live', 'restart')),
    shrink TEXT NOT NULL CHECK (shrink IN ('live', 'restart', 'never')),
    options TEXT, seconds REAL, refuses TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (machine, code)
);
CREATE TABLE IF NOT EXISTS stored_object (
    id TEXT PRIMARY KEY, machine TEXT NOT NULL REFERENCES machine, kind TEXT NOT NULL, name TEXT NOT NULL,
    size_gb TEXT NOT NULL, created_at REAL NOT NULL, deleted_at REAL
);
CREATE TABLE IF NOT EXISTS operation (
    key TEXT PRIMARY KEY, machine TEXT NOT NULL REFERENCES machine, component TEXT NOT NULL, target TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'restart_pending', 'done')),
    mode TEXT NOT NULL, finishes_at REAL
);
CREATE UNIQUE INDEX IF NOT EXISTS one_running ON operation (machine) WHERE state = 'running';
CREATE TABLE IF NOT EXISTS journal (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, machine TEXT NOT NULL, component TEXT NOT NULL, key TEXT NOT NULL,
    before TEXT NOT NULL, target TEXT NOT NULL, outcome TEXT NOT NULL, effect INTEGER NOT NULL, note TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS fence (machine TEXT PRIMARY KEY REFERENCES machine, highest INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS move (
    key TEXT PRIMARY KEY, machine TEXT NOT NULL REFERENCES machine, source TEXT NOT NULL, target TEXT NOT NULL
);
"""
