"""An incident -> the Markdown that is told of it afterwards, section by section. Pure.

Lists and blocks of code only: GitHub, Notion and Slack take both, and Slack draws no tables.
"""
