"""One thing breaks while a question is answered: what is read, in what time, what is left over."""
