"""What is described: the scenario file, read, checked and explained."""
