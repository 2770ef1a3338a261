"""The transparency log: leaves, tree, signed heads, proofs (RFC 9162, C2SP tlog)."""
