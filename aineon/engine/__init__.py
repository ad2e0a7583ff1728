"""The loop that joins feed, market, search, risk, execution and ledger."""
