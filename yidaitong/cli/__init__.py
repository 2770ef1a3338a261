"""The command line: one command is one service call; the exit code is the result."""
