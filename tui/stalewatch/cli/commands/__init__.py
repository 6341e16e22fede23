"""One module per subcommand, imported only when it is called. Each holds ``command``.

In: parsed options. Out: an exit code. Never: formatting; that is :mod:`stalewatch.cli.outputs`.
"""
