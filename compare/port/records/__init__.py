"""What programs, layers, rules and results are: plain data, on which all else builds."""
