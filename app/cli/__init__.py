"""The command line. Here alone domain errors become exit codes (`main`)."""
