"""The database: its tables, its engines and the one transaction a request has."""
