//! What a process needs of the server.

/// Connections over which a process reads and writes, unless it states another number.
const CONNECTIONS: u32 = 8;

/// What a process needs of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerNeeds {
    /// Over how many connections it reads and writes. The server has them for several processes.
    pub connections: u32,
    /// The port of 127.0.0.1 on which roles of BI tools log in with their passwords, and no others; without it the server
    /// listens on its socket only.
    pub analytics_port: Option<u16>,
}

impl Default for ServerNeeds {
    fn default() -> Self {
        Self { connections: CONNECTIONS, analytics_port: None }
    }
}
