"""What daphne serves when nobody mounted Socket.IO."""
from py_servers import django_without_socketio
application = django_without_socketio()
