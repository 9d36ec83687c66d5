"""Files that people drop in a thread, as tables of the questions that are asked there."""
