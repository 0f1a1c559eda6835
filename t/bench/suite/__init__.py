"""What t/bench/run consists of: the parts (parts.py), what a row of figures is
(rows.py), and how they are told (report.py, plot.py)."""
