"""``make conformance``: a public CWL suite through upload, chain and jobs of a whole Penstock."""
