"""Loan products: closed-grammar policies, their versions, admission and explanation."""
