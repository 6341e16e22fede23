"""The pictures of README: ``python -m tests.screenshots [NAME…]`` draws the real dashboard over the demo's real servers.

Needs rsvg-convert, pngquant and two fonts; as root on Debian they are installed, else the packages are named.
"""
