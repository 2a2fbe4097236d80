"""The command line `wayline`: one group of commands a file, loaded when it is called."""
