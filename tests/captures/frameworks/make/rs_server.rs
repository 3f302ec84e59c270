//! A socketioxide server for the field test: PORT. `save` wants a number and a name; `slow` answers late; `boom` panics.
use serde::Deserialize;
use socketioxide::{extract::{AckSender, Data, SocketRef}, SocketIo};
use std::time::Duration;

#[derive(Deserialize)]
struct Item { name: String, count: u32 }

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let port: u16 = std::env::args().nth(1).unwrap().parse().unwrap();
    let (layer, io) = SocketIo::builder()
        .ping_interval(Duration::from_secs(4)).ping_timeout(Duration::from_secs(4)).build_layer();
    io.ns("/", async |socket: SocketRef| {
        socket.emit("welcome", &serde_json::json!({"n": 1})).ok();
        socket.on("ask", async |socket: SocketRef, Data::<serde_json::Value>(data)| { socket.emit("answer", &data).ok(); });
        socket.on("save", async |Data::<Item>(item), ack: AckSender| { ack.send(&format!("{} {}", item.count, item.name)).ok(); });
        socket.on("slow", async |ack: AckSender| { tokio::time::sleep(Duration::from_secs(6)).await; ack.send("late").ok(); });
        socket.on("boom", async |_ack: AckSender| { panic!("no such row") });
    });
    let app = axum::Router::new().layer(layer);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    axum::serve(listener, app).await.unwrap();
}
