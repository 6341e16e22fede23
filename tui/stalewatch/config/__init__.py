"""stalewatch.toml and target arguments become the fleet to watch.

In: a file, arguments, and the ``Host`` aliases of ssh_config. Out: a :class:`stalewatch.model.inventory.Fleet`, or one line that says
what is wrong and where. Never: a connection to a server.
"""
