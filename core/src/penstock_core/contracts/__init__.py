"""What services say to each other over REST: frozen models, one module for each owner of facts."""
