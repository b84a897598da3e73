"""The demonstration: templates loaded, a simulated run of real events taken, results shown."""
