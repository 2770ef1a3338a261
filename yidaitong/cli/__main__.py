"""``python -m yidaitong.cli``."""

from yidaitong.cli.main import main

main()
