// A Socket.IO server of Rust's: socketio PORT. It answers `echo` with `echoed` and an ack, as echo_server.py does; over TLS
// (rustls) where CERT and KEY in the environment name files.
use rmpv::Value;
use socketioxide::{
    extract::{AckSender, Data, SocketRef},
    SocketIo,
};

#[tokio::main]
async fn main() {
    let (layer, io) = SocketIo::new_layer();
    io.ns("/", async |client: SocketRef| {
        client.on("echo", async |client: SocketRef, Data::<Value>(data), ack: AckSender| {
            client.emit("echoed", &data).ok();
            ack.send("taken").ok();
        });
    });
    let app = axum::Router::new().layer(layer);
    let port: u16 = std::env::args().nth(1).unwrap().parse().unwrap();
    let at = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    match (std::env::var("CERT"), std::env::var("KEY")) {
        (Ok(cert), Ok(key)) if !cert.is_empty() => {
            let tls = axum_server::tls_rustls::RustlsConfig::from_pem_file(cert, key).await.unwrap();
            axum_server::bind_rustls(at, tls).serve(app.into_make_service()).await.unwrap();
        }
        _ => axum_server::bind(at).serve(app.into_make_service()).await.unwrap(),
    }
}
