"""The register: takes messages from outside to the manager, and answers them."""
