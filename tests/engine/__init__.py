"""The engine on real servers, held to an oracle."""
