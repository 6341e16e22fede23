"""A live link to a server, over SSH or local, and the FastCGI client that runs over either."""
