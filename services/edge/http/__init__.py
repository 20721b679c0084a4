"""HTTP as the edge speaks it: the server, what surrounds every request, and answering one."""
