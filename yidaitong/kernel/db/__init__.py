"""Database basics: base class, column types, engine, row security, job outbox."""
