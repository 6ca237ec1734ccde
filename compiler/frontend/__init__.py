"""Front end: from an unmodified Python program to graph IR and host IR."""
