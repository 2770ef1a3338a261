"""Packets (数据包): what a bank gets of one pull, signed, sealed to its key, provable offline."""
