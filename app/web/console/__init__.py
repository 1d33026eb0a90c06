"""The officers' console: pages made on the server, usable without JavaScript."""
