import sys, uvicorn, os
sys.path.insert(0, os.getcwd())
import app1.app1 as m
a = m.app
try:
    asgi = a()
except TypeError as e:
    print("call", e); asgi = getattr(a, "api")
uvicorn.run(asgi, host="127.0.0.1", port=int(sys.argv[1]), log_level="info")
