"""What is composed of widgets, and what keys do there. Screens are thin: they take States and hand values on."""
