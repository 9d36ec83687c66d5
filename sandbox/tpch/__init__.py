"""TPC-H over several sources at once: its data, where tables lie, its model and its queries."""
