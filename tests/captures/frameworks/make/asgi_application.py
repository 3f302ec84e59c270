"""A healthy application, for servers that take no factory (daphne, hypercorn)."""
from py_servers import healthy
application = healthy()
