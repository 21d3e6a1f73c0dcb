"""What all records of a file together say: its verdict, conflicts, and whether its master is gone."""
