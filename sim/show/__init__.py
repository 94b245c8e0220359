"""For people: the tables of the terminal, the pictures and the poster."""
