"""Messages from outside: read, kept in the journal, applied, answered."""
