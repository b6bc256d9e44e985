//! A port at which nobody answers.

use tokio::net::TcpSocket;

/// Taken, so that nobody else gets it meanwhile, and closed: nothing listens there.
pub struct Closed(TcpSocket);

impl Closed {
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
        Self(socket)
    }

    /// Where nobody answers.
    pub fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().expect("an address"))
    }
}
