"""``python -I -m penstock_core.sandbox HOUSE COMMAND …``: a command in a house of namespaces."""

from penstock_core.sandbox.enter import main

main()
