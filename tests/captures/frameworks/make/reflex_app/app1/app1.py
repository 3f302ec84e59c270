import asyncio, reflex as rx

class State(rx.State):
    n: int = 0
    rows: list[str] = []

    @rx.event
    def tick(self):
        self.n += 1

    @rx.event
    async def slow(self):
        yield
        await asyncio.sleep(6)
        self.n += 100

    @rx.event
    def fails(self):
        self.rows.append({}["no such key"])

    @rx.event(background=True)
    async def job(self):
        for _ in range(5):
            async with self:
                self.n += 10
            await asyncio.sleep(1)

def index() -> rx.Component:
    return rx.vstack(rx.text(State.n), rx.button("tick", on_click=State.tick))

app = rx.App()
app.add_page(index)
