"""What t/bench/profile consists of: the paths and their loads (paths.py), what
perf saw meanwhile (perf.py), what it was spent on (costs.py), and how that is
told (report.py)."""
