"""What the bot listens to. A listener parses, acknowledges and hands over."""
