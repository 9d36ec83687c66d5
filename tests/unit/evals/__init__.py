"""The evals themselves: the judge, the questions, and the offline planner's score."""
