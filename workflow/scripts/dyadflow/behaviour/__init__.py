"""What psychologists publish: rates, durations, latencies, transitions, lags, dyadic states and their regulation."""
