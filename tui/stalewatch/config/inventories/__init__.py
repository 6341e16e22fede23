"""Inventories that others keep become servers of ours: the aliases of ssh_config, Ansible's, Deployer's.

In: files of theirs. Out: :class:`~stalewatch.config.inventories.listed.ListedHosts`, with one line for each thing that could not be read.
Never: a program of theirs is run (an inventory script, a plugin, PHP), a secret is decrypted, or a server is connected to.
"""
