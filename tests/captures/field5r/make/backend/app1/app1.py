import asyncio, reflex as rx

event = getattr(rx, "event", None)
background = (lambda f: rx.event(background=True)(f)) if callable(event) else rx.background

class State(rx.State):
    n: int = 0
    status: str = ""

    def add(self):
        self.n += 1

    def load(self):
        self.status = "loaded"

    def leave(self):
        self.n += 1
        return rx.redirect("/thanks")

    def report(self):
        return rx.download(url="/report.csv")

    def focus(self):
        return rx.set_focus("name")

    def cookie(self):
        return rx.remove_cookie("theme")

    def fails(self):
        return {}["no such key"]

    @background
    async def watch(self):
        for _ in range(4):
            async with self:
                self.n += 10
            await asyncio.sleep(1)

    @background
    async def immutable(self):
        async with self:
            self.status = "working"
        await asyncio.sleep(2)
        self.n = 7

def index():
    return rx.vstack(rx.text(State.n), rx.button("add", on_click=State.add))

app = rx.App()
app.add_page(index)
app.add_page(index, route="/shop", on_load=State.load)
