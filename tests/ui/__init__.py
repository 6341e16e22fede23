"""The dashboard, over a board that is fed by hand."""
