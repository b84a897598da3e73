"""The end of datasets: rules, evidence, ledger, and what goes on after it."""
