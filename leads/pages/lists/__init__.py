"""What stands around a list of leads: its state in the address, views, conditions, the board, changes of many."""
