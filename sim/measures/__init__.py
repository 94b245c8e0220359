"""What happened in a replication, what many replications tell, and what a reporter would have said."""
