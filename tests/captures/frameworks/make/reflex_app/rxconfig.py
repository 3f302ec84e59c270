import os, reflex as rx
more = {"redis_url": os.environ["REDIS"], "redis_lock_expiration": 2000} if os.environ.get("REDIS") else {}
config = rx.Config(app_name="app1", telemetry_enabled=False, cors_allowed_origins=os.environ.get("ORIGINS", "*").split(","), **more)
