"""PostgreSQL and Valkey for the demo and the tests: found, started, attached to, stopped."""
