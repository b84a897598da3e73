"""The manager: owner of datasets, files, runs and the closing ledger, behind REST."""
