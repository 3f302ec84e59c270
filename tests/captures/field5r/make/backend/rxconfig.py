import reflex as rx
config = rx.Config(app_name="app1", telemetry_enabled=False, cors_allowed_origins=["*"])
