"""The command line behind `./firth`, and the local stack."""
