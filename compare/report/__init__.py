"""From what can be said of a run to pages, tables and figures."""
