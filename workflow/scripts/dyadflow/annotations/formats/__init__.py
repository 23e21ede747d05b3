"""One module a coding format; `registry` is the front door."""
