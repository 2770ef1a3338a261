"""One file per department, each with its ``DEPARTMENT``: all that is special about it."""
