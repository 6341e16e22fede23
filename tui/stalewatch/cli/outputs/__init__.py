"""What stalewatch says without screens: values in, bytes or text out. No clock, no terminal: who calls decides about width and colour."""
