"""Many runs: run, store, play again; where they execute."""
