"""Speed against peers: `python -m benchmarks` measures every row of the table in README.md in one run."""
