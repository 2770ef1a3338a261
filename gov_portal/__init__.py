"""The government portal: overview, catalogue, ledger, audit."""
